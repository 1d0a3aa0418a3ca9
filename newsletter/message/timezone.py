"""VTIMEZONE components from the zone database (RFC 5545 section 3.6.5): a meeting keeps its hour in any calendar. Pure.

Each onset is written in the local time that was in force before it, as the standard asks. Where the zone changes by a
yearly rule (the last Sunday of March) the rule is written, which old calendars expect; otherwise every onset is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

YEARS = range(1972, 2400)
"""Years whose changes are looked up; a meeting in any other gets those of the nearest."""
_DAY = timedelta(days=1)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_LAST_WEEK = 5
_AROUND = (-2, -1, 0, 1, 2)
"""The years that a rule must hold in, counted from the meeting's."""


@dataclass(frozen=True, slots=True)
class Onset:
    """A change of the zone's offset."""

    local: datetime
    """When it happens, in the time that is in force until then; naive, since it belongs to no zone of ours."""
    before: timedelta
    after: timedelta
    name: str
    is_daylight: bool

    @property
    def kind(self) -> tuple[timedelta, timedelta, str, bool]:
        """What is equal for the changes of one yearly rule."""
        return self.before, self.after, self.name, self.is_daylight


@lru_cache(maxsize=256)
def timezone_lines(name: str, year: int) -> tuple[str, ...]:
    """The content lines of the VTIMEZONE `name`, right for meetings in `year` and the years beside it."""
    return tuple(_lines(name, year))


def _lines(name: str, year: int) -> Iterator[str]:
    year = min(max(year, YEARS[2]), YEARS[-3])
    found = list(onsets(ZoneInfo(name), year + _AROUND[0], year + _AROUND[-1]))
    yield "BEGIN:VTIMEZONE"
    yield f"TZID:{name}"
    if not found:
        yield from _component(_constant(ZoneInfo(name), year), "")
    for kind in dict.fromkeys(onset.kind for onset in found):
        yield from _yearly([onset for onset in found if onset.kind == kind])
    yield "END:VTIMEZONE"


def onsets(zone: ZoneInfo, first: int, last: int) -> Iterator[Onset]:
    """Every change from the beginning of the year `first` to the end of `last`, in order."""
    moment, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    while moment < end:
        following = moment + _DAY
        if _state(zone, moment) != _state(zone, following):
            yield _onset(zone, moment, following)
        moment = following


def _onset(zone: ZoneInfo, low: datetime, high: datetime) -> Onset:
    """The change between two moments, to the second."""
    before = _state(zone, low)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if _state(zone, middle) == before else (low, middle)
    after = _state(zone, high)
    return Onset((high + before[0]).replace(tzinfo=None), before[0], after[0], after[2], bool(after[1]))


def _state(zone: ZoneInfo, moment: datetime) -> tuple[timedelta, timedelta, str]:
    local = moment.astimezone(zone)
    return local.utcoffset() or timedelta(), local.dst() or timedelta(), local.tzname() or ""


def _constant(zone: ZoneInfo, year: int) -> Onset:
    offset, daylight, name = _state(zone, datetime(year, 1, 1, tzinfo=UTC))
    return Onset(datetime(year, 1, 1), offset, offset, name, bool(daylight))  # noqa: DTZ001 - local by definition


def _yearly(same: list[Onset]) -> Iterator[str]:
    """One component by rule if the changes keep to one, else a component for each."""
    first = same[0]
    if len(same) == len(_AROUND) and (rule := _rule(same)):
        yield from _component(first, rule)
    else:
        for onset in same:
            yield from _component(onset, "")


def _rule(same: list[Onset]) -> str:
    """`FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU` if every year has its change on that day and hour; "" if not."""
    weeks = {_LAST_WEEK if _is_last_week(onset.local) else (onset.local.day + 6) // 7 for onset in same}
    places = {(onset.local.year, onset.local.month, onset.local.weekday(), onset.local.time()) for onset in same}
    rules = {place[1:] for place in places}
    if len(places) != len(same) or len(rules) != 1 or len(weeks) != 1:
        return ""
    week = -1 if weeks == {_LAST_WEEK} else weeks.pop()
    return f"FREQ=YEARLY;BYMONTH={same[0].local.month};BYDAY={week}{_WEEKDAYS[same[0].local.weekday()]}"


def _is_last_week(moment: datetime) -> bool:
    return (moment + 7 * _DAY).month != moment.month


def _component(onset: Onset, rule: str) -> Iterator[str]:
    kind = "DAYLIGHT" if onset.is_daylight else "STANDARD"
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{onset.local:%Y%m%dT%H%M%S}"
    if rule:
        yield f"RRULE:{rule}"
    yield f"TZOFFSETFROM:{_offset(onset.before)}"
    yield f"TZOFFSETTO:{_offset(onset.after)}"
    yield f"TZNAME:{onset.name}"
    yield f"END:{kind}"


def _offset(offset: timedelta) -> str:
    """`+0100`; with seconds only where there are any (RFC 5545 section 3.3.14)."""
    seconds = round(offset.total_seconds())
    sign, seconds = ("-" if seconds < 0 else "+"), abs(seconds)
    text = f"{sign}{seconds // 3600:02}{seconds // 60 % 60:02}"
    return f"{text}{seconds % 60:02}" if seconds % 60 else text
