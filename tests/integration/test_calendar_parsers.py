"""Calendar files read by libical (C) and ical.js: what they understand is what was meant (A33, A34)."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from newsletter.compose.compiled import CalendarEvent
from tests.support.calendars import ZONE, an_event, by_ical_js, by_libical, events, issue, written

DATES = [
    date(2027, 1, 15),
    date(2027, 3, 27),
    date(2027, 3, 28),
    date(2027, 6, 21),
    date(2027, 10, 31),
    date(2027, 11, 1),
]
HARD_TEXT = 'Eén; twee, drie\\vier: "vijf"\nzes 🎉 ' + "ë" * 90


def sample() -> Iterator[CalendarEvent]:
    for day in DATES:
        yield an_event(date=day, start=time(4, 30), end=time(23, 59))
        yield an_event(date=day, start=None, end=None)
        yield an_event(date=day, end=None, is_cancelled=True, title=HARD_TEXT, place=HARD_TEXT, description=HARD_TEXT)
    for zone in ("UTC", "America/New_York", "Africa/Casablanca", "Asia/Kolkata"):
        yield an_event(zone=zone)


def in_utc(event: CalendarEvent, moment: time | None) -> datetime | None:
    return moment and datetime.combine(event.date, moment, ZoneInfo(event.zone)).astimezone(UTC)


def files(folder: Path, found: list[CalendarEvent]) -> list[Path]:
    paths = [folder / f"{number}.ics" for number in range(len(found))]
    for path, event in zip(paths, found, strict=True):
        path.write_bytes(written(event).replace(event.zone.encode(), b"Hier/Ergens"))
    return paths


@pytest.mark.system("libical")
def test_libical_reads_every_file_as_it_was_meant_and_finds_no_fault(tmp_path: Path) -> None:
    found = list(sample())
    for event, read in zip(found, by_libical(files(tmp_path, found)), strict=True):
        assert (read["errors"], read["is_valid"], read["events"], read["method"]) == (0, True, 1, "PUBLISH")
        assert read["uid"] == "spreekuur@nieuwsbrief.example.org"
        assert read["summary"] == ("Geannuleerd: " if event.is_cancelled else "") + event.title
        assert (read["location"], read["description"]) == (event.place, event.description)
        assert read["status"] == ("CANCELLED" if event.is_cancelled else "CONFIRMED")
        start = in_utc(event, event.start)
        assert read["start"] == (start.isoformat() if start else event.date.isoformat())
        assert read["has_end"] == (event.end is not None)
        if end := in_utc(event, event.end):
            assert read["end"] == end.isoformat()


@pytest.mark.system("node")
def test_ical_js_reads_every_file_as_it_was_meant(tmp_path: Path, node_tools: Path) -> None:
    found = list(sample())
    for event, read in zip(found, by_ical_js(node_tools, files(tmp_path, found)), strict=True):
        assert (read["method"], read["others"]) == ("PUBLISH", 0)
        assert read["uid"] == "spreekuur@nieuwsbrief.example.org"
        assert read["summary"] == ("Geannuleerd: " if event.is_cancelled else "") + event.title
        assert (read["location"], read["description"]) == (event.place, event.description)
        start = in_utc(event, event.start)
        assert read["start"] == (start.strftime("%Y-%m-%dT%H:%M:%S.000Z") if start else event.date.isoformat())
        end = in_utc(event, event.end)
        assert read["end"] == (end.strftime("%Y-%m-%dT%H:%M:%S.000Z") if end else "")


@pytest.mark.system("libical", "node")
def test_a33_all_parsers_see_a_moved_meeting_as_a_newer_revision_of_the_same(tmp_path: Path, node_tools: Path) -> None:
    before, after = tmp_path / "before.ics", tmp_path / "after.ics"
    before.write_bytes(written(an_event()))
    after.write_bytes(written(an_event(date=date(2027, 6, 28)), issue(date(2027, 6, 15))))
    for read in (by_libical([before, after]), by_ical_js(node_tools, [before, after])):
        assert read[0]["uid"] == read[1]["uid"]
        assert read[0]["sequence"] < read[1]["sequence"]
        assert read[0]["start"] < read[1]["start"]


def _without_ends_of_lines(text: str) -> str:
    """libical 3.0.16 drops spaces at both ends of a text and before a line break within it."""
    return re.sub(r"[^\S\n]+(?=\n|\Z)", "", text).lstrip()


@pytest.mark.system("libical", "node")
@given(st.lists(events(), min_size=40, max_size=40))
@settings(max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_any_event_means_the_same_to_both(tmp_path_factory, node_tools: Path, found: list[CalendarEvent]) -> None:
    paths = files(tmp_path_factory.mktemp("any"), found)
    for event, one, two in zip(found, by_libical(paths), by_ical_js(node_tools, paths), strict=True):
        assert (one["errors"], one["is_valid"]) == (0, True)
        for key in ("method", "uid", "sequence"):
            assert one[key] == two[key]
        for key, text in (("location", event.place), ("description", event.description)):
            meant = text if text.strip() else ""  # a property without words is left out
            assert two[key] == meant
            assert _without_ends_of_lines(one[key]) == _without_ends_of_lines(meant)


@pytest.mark.system("libical")
def test_libical_finds_no_fault_in_a_meeting_whose_texts_are_only_spaces(tmp_path: Path) -> None:
    path = tmp_path / "spaces.ics"
    path.write_bytes(written(an_event(description="\t", place=" ")))
    assert by_libical([path])[0]["errors"] == 0


@pytest.mark.system("libical")
def test_libical_knows_the_zone_by_its_name_too(tmp_path: Path) -> None:
    path = tmp_path / "zone.ics"
    path.write_bytes(written(an_event(zone=ZONE)))
    assert by_libical([path])[0]["start"] == "2027-06-21T07:30:00+00:00"
