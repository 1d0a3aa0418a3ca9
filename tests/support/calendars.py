"""Events, and calendar files read by programs that other people wrote: icalendar, libical (C) and ical.js."""

import functools
import json
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import date, time
from pathlib import Path
from typing import Any

import icalendar
from hypothesis import strategies as st

from newsletter.compose.compiled import CalendarEvent, CompiledIssue
from newsletter.message.calendar import Organizer, calendar_file

HERE = Path(__file__).resolve().parent
ORGANIZER = Organizer(name="Programma Voorbeeld", address="nieuwsbrief@example.org")
ZONE = "Europe/Amsterdam"


def issue(day: date = date(2027, 6, 14), language: str = "nl", events: tuple[CalendarEvent, ...] = ()) -> CompiledIssue:
    return CompiledIssue(
        list_slug="nieuwsbrief",
        slug="zomer",
        language=language,
        date=day,
        title="Zomer",
        subject=("Zomer",),
        preheader=("Nieuws",),
        html=("<html><head><title>Zomer</title></head><body>Zomer</body></html>",),
        text=("Zomer",),
        events=events,
    )


def an_event(**changes: Any) -> CalendarEvent:
    values = {"uid_seed": "spreekuur", "title": "Spreekuur", "date": date(2027, 6, 21), "zone": ZONE}
    return CalendarEvent(**(values | {"start": time(9, 30), "end": time(11)} | changes))


def written(event: CalendarEvent, of: CompiledIssue | None = None, organizer: Organizer = ORGANIZER) -> bytes:
    return calendar_file(of or issue(), event, domain="example.org", organizer=organizer)


def parsed(file: bytes) -> icalendar.Calendar:
    """With icalendar, which raises for what it cannot read."""
    return icalendar.Calendar.from_ical(file)


def only_event(file: bytes) -> icalendar.Event:
    calendar = parsed(file)
    (event,) = calendar.walk("VEVENT")
    assert not calendar.errors
    assert not event.errors
    return event


@functools.cache
def _libical_reader() -> Path:
    """The C program, compiled once a process."""
    program = Path(tempfile.mkdtemp(prefix="libical-")) / "read_calendar"
    command = ["cc", "-Wall", "-Werror", "-o", str(program), str(HERE / "read_calendar.c"), "-lical"]
    subprocess.run(command, check=True, capture_output=True)
    return program


def by_libical(files: Sequence[Path]) -> list[dict[str, Any]]:
    """What libical makes of each file: `is_valid` says that it keeps to the tables of RFC 5546."""
    return _lines([str(_libical_reader()), *map(str, files)])


def by_ical_js(tools: Path, files: Sequence[Path]) -> list[dict[str, Any]]:
    """What ical.js makes of each file; it fails for what it cannot read."""
    return _lines(["node", str(HERE / "read_calendars.mjs"), str(tools), *map(str, files)])


def _lines(command: list[str]) -> list[dict[str, Any]]:
    finished = subprocess.run(command, check=True, capture_output=True, timeout=120)
    return [json.loads(line) for line in finished.stdout.decode().splitlines()]


# Line breaks come out as one kind, and control characters not at all: both are meant.
texts = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]) | st.sampled_from("\n\t,;:\\\"'^ëé“🎉"))
titles = texts.filter(lambda text: text.strip())
days = st.dates(date(1975, 1, 1), date(2390, 12, 31)) | st.sampled_from(
    [date(2027, 3, 28), date(2027, 10, 31), date(2028, 2, 29), date(2027, 12, 31), date(2027, 1, 1)]
)
times = st.times().map(lambda moment: moment.replace(microsecond=0))


@st.composite
def events(draw: st.DrawFn) -> CalendarEvent:
    start = draw(st.none() | times)
    later = st.times(start).map(lambda moment: moment.replace(microsecond=0)) if start else st.none()
    end = (
        draw(st.none() | later.filter(lambda end: end is not None and start is not None and end > start))
        if start
        else None
    )
    return an_event(
        uid_seed=draw(st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)),
        title=draw(titles),
        date=draw(days),
        zone=draw(st.sampled_from([ZONE, "UTC", "America/New_York", "Africa/Casablanca", "Asia/Kolkata"])),
        start=start,
        end=end,
        place=draw(texts),
        description=draw(texts),
        url=draw(st.just("") | st.from_regex(r"https://example\.org/[a-zA-Z0-9?&=;,%é-]{0,90}", fullmatch=True)),
        is_cancelled=draw(st.booleans()),
    )
