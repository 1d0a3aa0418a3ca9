"""Moments in files of people: when somebody consented, when they left. As other systems write them. Pure.

Understood: ISO 8601 (2027-06-14, 2027-06-14 09:30:00, 2027-06-14T09:30:00+02:00, ...Z), Go's form of it
(2027-06-14 09:30:00.5 +0200 CEST), and days as people here write them (14-06-2027 9:30, 14.6.2027). With slashes only
where day and month cannot be confused: 31/12/2027. A moment without a zone is in that of the file, a day without an
hour is its first instant: for evidence of consent that is the careful side.
"""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

LONGEST = 80
_GO = re.compile(r"(.+?) ([+-]\d{4}) [A-Z]{2,5}(?: m=.*)?|(.+?) ([+-]\d{4}) [+-]\d{2,4}")
_OURS = re.compile(r"(\d{1,2})([-./])(\d{1,2})\2(\d{4})(?:[ T,]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?: uur)?)?")
_FRACTION = re.compile(r"(\.\d{6})\d+")
_MONTHS = 12


def parse_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """The moment that `text` says, in UTC; None for what is not understood, or is no moment of any calendar."""
    stripped = text.strip().strip("'\"")
    if not stripped or len(stripped) > LONGEST:
        return None
    try:
        moment = _in_our_form(stripped) or _in_iso(stripped)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _in_our_form(text: str) -> datetime | None:
    found = _OURS.fullmatch(text)
    if not found:
        return None
    day, month = int(found[1]), int(found[3])
    if found[2] == "/" and month <= _MONTHS and day <= _MONTHS and day != month:
        raise ValueError("day and month may be either way round")
    if found[2] == "/" and month > _MONTHS:
        day, month = month, day
    hour, minute, second = (int(part or 0) for part in found.groups()[4:])
    return datetime.combine(date(int(found[4]), month, day), time(hour, minute, second))


def _in_iso(text: str) -> datetime:
    if found := _GO.fullmatch(text):
        text = f"{found[1] or found[3]}{found[2] or found[4]}"
    return datetime.fromisoformat(_FRACTION.sub(r"\1", text))
