"""A calendar file (RFC 5545, RFC 5546): one meeting, published for whoever wants it in their calendar. Pure.

METHOD:PUBLISH, an ORGANIZER and never an ATTENDEE (A34). A cancelled meeting is published again with
STATUS:CANCELLED; a moved one with the same UID. SEQUENCE and DTSTAMP come from the issue's date, not from a clock:
a later issue is a later revision, and equal issues give equal bytes (docs/decisions/0010-calendar-files.md).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import quote

from newsletter.compose.compiled import CalendarEvent, CompiledIssue
from newsletter.message.timezone import timezone_lines

MEDIA_TYPE = "text/calendar; charset=utf-8; method=PUBLISH"
LINE_OCTETS = 75
"""Of a content line, without its CRLF (RFC 5545 section 3.1)."""
FIRST_DAY = date(2020, 1, 1)
"""SEQUENCE counts days from here."""
_CANCELLED = {"nl": "Geannuleerd: ", "en": "Cancelled: "}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_BREAK = re.compile(r"\r\n?|\n|\x85|\u2028|\u2029")


@dataclass(frozen=True, slots=True, kw_only=True)
class Organizer:
    """Who publishes: the list's sender, at an address that is read."""

    name: str
    address: str


def calendar_file(issue: CompiledIssue, event: CalendarEvent, *, domain: str, organizer: Organizer) -> bytes:
    """The file of `event`; `domain` is that of the list's List-Id and makes the UID, so both stay the same for ever."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//newsletter//calendar//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        *(timezone_lines(event.zone, event.date.year) if event.start else ()),
        "BEGIN:VEVENT",
        *_identity(issue, event, domain),
        *_when(event),
        *_what(issue, event, organizer),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(map(fold, lines)).encode()


def sequence(day: date) -> int:
    """The revision that an issue of this date is: a later issue has a higher one."""
    return max(0, (day - FIRST_DAY).days)


def _identity(issue: CompiledIssue, event: CalendarEvent, domain: str) -> Iterator[str]:
    yield f"UID:{_text(f'{event.uid_seed}@{issue.list_slug}.{domain}')}"
    yield f"DTSTAMP:{_day(issue.date)}T000000Z"
    yield f"SEQUENCE:{sequence(issue.date)}"


def _when(event: CalendarEvent) -> Iterator[str]:
    """Local times with their zone, or whole days. Without an end the meeting has none (RFC 5545 section 3.6.1)."""
    if event.start is None:
        yield f"DTSTART;VALUE=DATE:{_day(event.date)}"
        yield "TRANSP:TRANSPARENT"
        return
    begins = datetime.combine(event.date, event.start)
    yield f"DTSTART;TZID={event.zone}:{_moment(begins)}"
    if event.end is not None:
        ends = datetime.combine(event.date, event.end)
        yield f"DTEND;TZID={event.zone}:{_moment(ends if ends > begins else ends + timedelta(days=1))}"
    if event.is_cancelled:
        yield "TRANSP:TRANSPARENT"


def _what(issue: CompiledIssue, event: CalendarEvent, organizer: Organizer) -> Iterator[str]:
    language = f"LANGUAGE={issue.language}"
    mark = _CANCELLED[issue.language] if event.is_cancelled else ""
    yield f"SUMMARY;{language}:{_text(mark + event.title)}"
    if event.place.strip():
        yield f"LOCATION;{language}:{_text(event.place)}"
    if event.description.strip():
        yield f"DESCRIPTION;{language}:{_text(event.description)}"
    if event.url:
        yield f"URL:{_uri(event.url)}"
    yield f"STATUS:{'CANCELLED' if event.is_cancelled else 'CONFIRMED'}"
    yield "CLASS:PUBLIC"
    yield f"ORGANIZER;CN={_parameter(organizer.name or organizer.address)}:mailto:{quote(organizer.address, safe='@')}"


def fold(line: str) -> str:
    """A content line with its CRLF, cut at 75 octets and never inside a character (A33)."""
    parts, size = [""], 0
    for character in line:
        width = len(character.encode())
        if size + width > LINE_OCTETS:
            parts.append(" ")
            size = 1
        parts[-1] += character
        size += width
    return "\r\n".join(parts) + "\r\n"


def _text(value: str) -> str:
    """A TEXT value (RFC 5545 section 3.3.11): no control character, breaks and separators escaped."""
    value = _CONTROL.sub("", _BREAK.sub("\n", value))
    for character in "\\;,":
        value = value.replace(character, f"\\{character}")
    return value.replace("\n", "\\n")


def _parameter(value: str) -> str:
    """A quoted parameter value, its quotation marks and breaks as RFC 6868 writes them."""
    value = _CONTROL.sub("", _BREAK.sub("\n", value))
    return '"' + value.replace("^", "^^").replace("\n", "^n").replace('"', "^'") + '"'


def _uri(value: str) -> str:
    """A URI of ASCII without spaces; what is percent-encoded stays as it is."""
    return quote(value, safe="%/:?#[]@!$&'()*+,;=~-._")


def _day(day: date) -> str:
    return f"{day.year:04}{day.month:02}{day.day:02}"


def _moment(moment: datetime) -> str:
    return f"{_day(moment)}T{moment.hour:02}{moment.minute:02}{moment.second:02}"
