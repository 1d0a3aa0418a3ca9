"""When a mailbox says that a mail arrived: a server that says nonsense stops nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.feedback.imap import _moment


def test_a_moment_is_read_with_its_offset() -> None:
    assert _moment("17-Jul-2027 02:44:25 -0700") == datetime(2027, 7, 17, 9, 44, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "31-Feb-2026 10:00:00 +0000",
        "01-Jan-2026 25:61:00 +0000",
        " 1-Jan-0001 00:00:00 +1400",
        "31-Dec-9999 23:59:59 -1400",
        "01-Jan-0000 10:00:00 +0000",
        "01-Jan-2026 10:00:00 +9999",
        "",
    ],
)
def test_what_is_no_moment_is_now(text: str) -> None:
    assert abs(_moment(text) - datetime.now(UTC)) < timedelta(minutes=1)
