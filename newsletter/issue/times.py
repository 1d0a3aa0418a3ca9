"""Dates and times as editors write them in blocks. Pure; raises ValueError with what is wrong."""

import re
from datetime import date, time

DAY_REMEDY = "write year, month and day: 2027-06-21"
TIMES_REMEDY = "write 09:30-11:00, 9.30-11 uur or 14.00"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CLOCK = r"(\d{1,2})(?:[.:](\d{2}))?"
_TIMES = re.compile(
    rf"(?:van\s+|vanaf\s+|from\s+)?{_CLOCK}(?:\s*(?:[-\u2013\u2014]|tot|to|until|t/m)\s*{_CLOCK})?\s*(uur|u\.?|h)?",
    re.ASCII | re.IGNORECASE,
)


def read_day(text: str) -> date:
    """`2027-06-21`; nothing else, since 6-7 is two different days in two countries."""
    if not _DAY.fullmatch(text):
        msg = f"{text!r} is not a date"
        raise ValueError(msg)
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f"there is no day {text}"
        raise ValueError(msg) from None


def read_times(text: str) -> tuple[time, time | None]:
    """Start and, where given, end: `09:30-11:00`, `9.30-11 uur`, `09:30`, `14.00-16.30`."""
    found = _TIMES.fullmatch(text.strip())
    if not found or not (found[2] or found[3] or found[5]):
        msg = f"{text!r} is not a time"
        raise ValueError(msg)
    start = _clock(found[1], found[2])
    end = _clock(found[3], found[4]) if found[3] else None
    if end is not None and end <= start:
        msg = f"{text!r} ends before it begins"
        raise ValueError(msg)
    return start, end


def _clock(hours: str, minutes: str | None) -> time:
    try:
        return time(int(hours), int(minutes or 0))
    except ValueError:
        msg = f"there is no time {hours}:{minutes or '00'}"
        raise ValueError(msg) from None
