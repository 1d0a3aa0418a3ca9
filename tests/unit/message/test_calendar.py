"""Calendar files as RFC 5545 and 5546 want them (A33, A34), read back by icalendar."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.compose.compiled import CalendarEvent
from newsletter.message.calendar import LINE_OCTETS, Organizer, fold, sequence
from newsletter.message.timezone import timezone_lines
from tests.support.calendars import (
    ZONE,
    an_event,
    days,
    events,
    issue,
    only_event,
    parsed,
    texts,
    times,
    titles,
    written,
)


@given(events())
@settings(max_examples=150, deadline=None)
def test_any_event_reads_back_identically(event: CalendarEvent) -> None:
    found = only_event(written(event))
    mark = "Geannuleerd: " if event.is_cancelled else ""
    assert found["SUMMARY"] == mark + event.title
    for key, text in (("LOCATION", event.place), ("DESCRIPTION", event.description)):
        assert found.get(key, "") == (text if text.strip() else "")
    assert found["UID"] == f"{event.uid_seed}@nieuwsbrief.example.org"
    if event.start is None:
        assert found["DTSTART"].dt == event.date
        assert type(found["DTSTART"].dt) is date
    else:
        assert found["DTSTART"].dt.replace(tzinfo=None) == datetime.combine(event.date, event.start)
        assert found["DTSTART"].params["TZID"] == event.zone
    if event.end:
        assert found["DTEND"].dt.replace(tzinfo=None) == datetime.combine(event.date, event.end)


@given(events())
@settings(max_examples=150, deadline=None)
def test_a33_lines_end_in_crlf_are_75_octets_at_most_and_cut_no_character(event: CalendarEvent) -> None:
    file = written(event)
    assert file.endswith(b"\r\n")
    assert b"\r" not in file.replace(b"\r\n", b"")
    assert b"\n" not in file.replace(b"\r\n", b"")
    for line in file.removesuffix(b"\r\n").split(b"\r\n"):
        assert len(line) <= LINE_OCTETS
        line.decode()  # no character is split


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=400))
def test_a33_unfolding_gives_the_line_back(line: str) -> None:
    assert fold(line).replace("\r\n ", "") == line + "\r\n"


@given(events(), titles, texts)
@settings(max_examples=60, deadline=None)
def test_a34_a_file_is_published_by_an_organizer_and_names_no_attendee(
    event: CalendarEvent, name: str, place: str
) -> None:
    file = written(replace(event, place=place), organizer=Organizer(name=name, address="a+b@example.org"))
    calendar = parsed(file)
    assert calendar["METHOD"] == "PUBLISH"
    assert b"ATTENDEE" not in re.sub(rb"(?m)^(SUMMARY|LOCATION|DESCRIPTION|ORGANIZER|URL)[;:](.|\r\n )*", b"", file)
    (found,) = calendar.walk("VEVENT")
    assert "ATTENDEE" not in found
    assert str(found["ORGANIZER"]) == "mailto:a%2Bb@example.org"


@pytest.mark.parametrize("character", ["\r", "\x00", "\x1b", "\x85", "\u2028", "\r\n", "\x7f"])
def test_a_line_break_or_control_character_in_a_text_begins_no_property(character: str) -> None:
    text = f"een{character}ATTENDEE:mailto:a@example.org{character}BEGIN:VEVENT"
    event = an_event(title=text, place=text, description=text, url=f"https://example.org/{text}")
    file = written(event, organizer=Organizer(name=text, address="x@example.org"))
    assert [line for line in file.split(b"\r\n") if line.startswith((b"ATTENDEE", b"BEGIN:VEVENT"))] == [
        b"BEGIN:VEVENT"
    ]
    only_event(file)


def test_a33_a_moved_meeting_keeps_its_uid_and_gets_a_higher_sequence() -> None:
    first = only_event(written(an_event(), issue(date(2027, 6, 1))))
    moved = an_event(date=date(2027, 6, 28), was=date(2027, 6, 21))
    second = only_event(written(moved, issue(date(2027, 6, 14))))
    assert first["UID"] == second["UID"] == "spreekuur@nieuwsbrief.example.org"
    assert second["SEQUENCE"] == first["SEQUENCE"] + 13
    assert second["DTSTAMP"].dt > first["DTSTAMP"].dt


@given(st.lists(st.dates(date(2020, 1, 1), date(2100, 1, 1)), min_size=2, max_size=2, unique=True).map(sorted))
def test_a33_a_later_issue_has_a_higher_sequence(found: list[date]) -> None:
    assert 0 <= sequence(found[0]) < sequence(found[1])


def test_an_issue_from_before_the_count_has_sequence_zero() -> None:
    assert sequence(date(1999, 1, 1)) == 0


def test_a33_a_cancelled_meeting_is_published_as_cancelled_and_blocks_no_time() -> None:
    event = only_event(written(an_event(is_cancelled=True)))
    assert event["STATUS"] == "CANCELLED"
    assert event["TRANSP"] == "TRANSPARENT"
    assert event["SUMMARY"] == "Geannuleerd: Spreekuur"
    assert event["UID"] == only_event(written(an_event()))["UID"]
    assert only_event(written(an_event(is_cancelled=True), issue(language="en")))["SUMMARY"] == "Cancelled: Spreekuur"


def test_a33_the_stamp_comes_from_the_issue_and_equal_issues_give_equal_bytes() -> None:
    assert only_event(written(an_event()))["DTSTAMP"].dt == datetime(2027, 6, 14, tzinfo=UTC)
    assert written(an_event()) == written(an_event())


def test_a_whole_day_has_no_time_zone_and_blocks_no_time() -> None:
    file = written(an_event(start=None, end=None))
    event = only_event(file)
    assert event["DTSTART"].dt == date(2027, 6, 21)
    assert "DTEND" not in event
    assert event["TRANSP"] == "TRANSPARENT"
    assert b"VTIMEZONE" not in file


def test_without_an_end_none_is_invented() -> None:
    assert "DTEND" not in only_event(written(an_event(end=None)))


def test_an_end_before_the_start_is_on_the_next_day() -> None:
    event = only_event(written(an_event(start=time(22), end=time(1))))
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=3)


def test_language_url_place_and_summary_are_there() -> None:
    event = only_event(written(an_event(place="Den Haag", url="https://example.org/a b?c=é,1;2")))
    assert event["SUMMARY"].params["LANGUAGE"] == "nl"
    assert event["LOCATION"].params["LANGUAGE"] == "nl"
    assert event["URL"] == "https://example.org/a%20b?c=%C3%A9,1;2"


@given(days, times)
@settings(max_examples=200, deadline=None)
def test_a33_the_written_zone_means_what_the_zone_database_says(day: date, moment: time) -> None:
    """icalendar reads the VTIMEZONE alone, without its name: what a calendar does that knows no Europe/Amsterdam."""
    file = written(an_event(date=day, start=moment, end=None)).replace(ZONE.encode(), b"Hier/Ergens")
    (zone,) = parsed(file).walk("VTIMEZONE")
    local = datetime.combine(day, moment)
    ours = local.replace(tzinfo=ZoneInfo(ZONE))
    if _is_unambiguous(ours):
        assert local.replace(tzinfo=zone.to_tz(lookup_tzid=False)).utcoffset() == ours.utcoffset()


def _is_unambiguous(moment: datetime) -> bool:
    exists = moment.astimezone(UTC).astimezone(moment.tzinfo).replace(tzinfo=None) == moment.replace(tzinfo=None)
    return exists and moment.utcoffset() == moment.replace(fold=1).utcoffset()


def test_a33_amsterdam_is_written_by_its_yearly_rules() -> None:
    assert timezone_lines(ZONE, 2027) == (
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Amsterdam",
        "BEGIN:DAYLIGHT",
        "DTSTART:20250330T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "TZNAME:CEST",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20251026T030000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "TZNAME:CET",
        "END:STANDARD",
        "END:VTIMEZONE",
    )


def test_a_zone_without_a_yearly_rule_gets_every_change_by_itself() -> None:
    lines = timezone_lines("Africa/Casablanca", 2027)
    assert not [line for line in lines if line.startswith("RRULE")]
    assert "DTSTART:20270207T030000" in lines
    assert "DTSTART:20270314T020000" in lines


def test_a_zone_that_never_changes_has_one_component() -> None:
    assert [line for line in timezone_lines("Asia/Kolkata", 2027) if line.startswith("BEGIN")] == [
        "BEGIN:VTIMEZONE",
        "BEGIN:STANDARD",
    ]


@pytest.mark.parametrize("name", sorted(available_timezones())[::40])
@pytest.mark.parametrize("year", [1, 1999, 2027, 9999])
def test_every_zone_and_year_can_be_written(name: str, year: int) -> None:
    assert timezone_lines(name, year)[-1] == "END:VTIMEZONE"
