"""Moments as other systems write them: understood, or not believed."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.import_moments import parse_moment

ZONE = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-06-14", datetime(2027, 6, 13, 22, tzinfo=UTC)),
        ("2027-06-14 09:30:00", datetime(2027, 6, 14, 7, 30, tzinfo=UTC)),
        ("2027-06-14T09:30:00Z", datetime(2027, 6, 14, 9, 30, tzinfo=UTC)),
        ("2027-06-14 09:30:00.123456789 +0200 CEST", datetime(2027, 6, 14, 7, 30, 0, 123456, tzinfo=UTC)),
        ("2027-01-14 09:30:00 +0000 UTC", datetime(2027, 1, 14, 9, 30, tzinfo=UTC)),
        ("2027-01-14 09:30:00 +0000 +0000", datetime(2027, 1, 14, 9, 30, tzinfo=UTC)),
        ("14-6-2027 9:30", datetime(2027, 6, 14, 7, 30, tzinfo=UTC)),
        ("14.06.2027, 9.30 uur", datetime(2027, 6, 14, 7, 30, tzinfo=UTC)),
        ("31/12/2027", datetime(2027, 12, 30, 23, tzinfo=UTC)),
        ("12/31/2027", datetime(2027, 12, 30, 23, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_as_it_is_written(text: str, moment: datetime) -> None:
    assert parse_moment(text, ZONE) == moment


@pytest.mark.parametrize("text", ["", "03/04/2027", "2027-02-30", "gisteren", "0001-01-01", "x" * 100, "32-1-2027"])
def test_what_may_be_another_day_is_no_moment(text: str) -> None:
    assert parse_moment(text, ZONE) is None


@given(st.text(alphabet="0123456789-/.: TZ+UTCuur", max_size=40))
def test_any_text_is_a_moment_in_utc_or_none(text: str) -> None:
    found = parse_moment(text, ZONE)
    assert found is None or found.tzinfo is UTC


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_what_our_export_writes_is_read_back(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    assert parse_moment(whole.isoformat(timespec="seconds"), ZONE) == whole
