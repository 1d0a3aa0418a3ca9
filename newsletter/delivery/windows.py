"""When a list may send: days and hours on the clock of its readers. Pure.

Windows are written in local time and hold in summer and winter alike: what the clock on the wall shows decides. An hour
that it skips is not there; one that it repeats is there twice. `24:00` is the end of the day; a window that ends before
it begins goes on after midnight.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES = 24 * 60
_LOOK_DAYS = 9
"""Further than a window of one day per week, whatever the clock does."""
_WINDOW = re.compile(
    r"(?:(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?\s+)?(?P<from>\d{1,2}:\d{2})-(?P<to>\d{1,2}:\d{2})", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes of the day, from and to, on these days of the week (0 is Monday)."""

    days: frozenset[int]
    begin: int
    end: int
    """More than a day's minutes if it ends on the next day."""

    @classmethod
    def parse(cls, text: str) -> "Window":
        """Read `mon-fri 08:00-18:00`, `sat 10:00-12:00` or `08:00-18:00`; raises ValueError."""
        found = _WINDOW.fullmatch(text.strip())
        if not found:
            msg = f"{text[:40]!r} is not a window such as mon-fri 08:00-18:00"
            raise ValueError(msg)
        begin, end = _minutes(found["from"]), _minutes(found["to"])
        if begin in {end, MINUTES}:
            msg = f"{text[:40]!r} is an empty window"
            raise ValueError(msg)
        return cls(_days(found["first"], found["last"]), begin, end if end > begin else end + MINUTES)

    def covers(self, weekday: int, minute: int) -> bool:
        """Whether it holds when the clock shows this minute of the day on this day of the week."""
        if weekday in self.days and self.begin <= minute < self.end:
            return True
        return (weekday - 1) % 7 in self.days and minute + MINUTES < self.end

    def ends_on(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        """The instants at which the clock shows its begin or its end, counted from this day: each once or twice."""
        return (_instant(day, minutes, zone, fold) for minutes in (self.begin, self.end) for fold in (0, 1))


def _minutes(text: str) -> int:
    hours, minutes = map(int, text.split(":"))
    if hours * 60 + minutes > MINUTES or minutes > 59:  # noqa: PLR2004 - of an hour
        msg = f"{text!r} is no time of a day"
        raise ValueError(msg)
    return hours * 60 + minutes


def _days(first: str | None, last: str | None) -> frozenset[int]:
    if first is None:
        return frozenset(range(7))
    names = [name.lower() for name in (first, last or first)]
    if unknown := [name for name in names if name not in DAYS]:
        msg = f"{unknown[0]!r} is not one of {', '.join(DAYS)}"
        raise ValueError(msg)
    begin, end = map(DAYS.index, names)
    return frozenset((begin + step) % 7 for step in range((end - begin) % 7 + 1))


def _instant(day: date, minutes: int, zone: ZoneInfo, fold: int) -> datetime:
    local = datetime.combine(day + timedelta(days=minutes // MINUTES), time(minutes % MINUTES // 60, minutes % 60))
    return local.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _jump(day: date, zone: ZoneInfo) -> datetime | None:
    """When the clock is moved on this day, if it is."""
    begin, end = (_instant(day, minutes, zone, 0) for minutes in (0, MINUTES))
    before, after = (at.astimezone(zone).utcoffset() for at in (begin, end))
    if before == after:
        return None
    while end - begin > timedelta(seconds=1):
        middle = begin + (end - begin) // 2
        begin, end = (begin, middle) if middle.astimezone(zone).utcoffset() != before else (middle, end)
    return end.replace(microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When sending is allowed: within one of `windows` (always, if there are none) and not in `quiet` ones."""

    zone: ZoneInfo
    windows: Sequence[Window] = ()
    quiet: Sequence[Window] = ()

    @property
    def is_always(self) -> bool:
        """Whether there is nothing to wait for."""
        return not self.windows and not self.quiet

    def is_open(self, now: datetime) -> bool:
        """Whether a message may begin at this instant."""
        local = now.astimezone(self.zone)
        day, minute = local.weekday(), local.hour * 60 + local.minute
        if self.windows and not any(window.covers(day, minute) for window in self.windows):
            return False
        return not any(window.covers(day, minute) for window in self.quiet)

    def opens(self, now: datetime) -> datetime | None:
        """The first instant from `now` on at which one may; None if that never comes."""
        if self.is_open(now):
            return now
        return next((at for at in self._changes(now) if self.is_open(at)), None)

    def closes(self, now: datetime) -> datetime | None:
        """The first instant from `now` on at which none may; None if that never comes."""
        if not self.is_open(now):
            return now
        return next((at for at in self._changes(now) if not self.is_open(at)), None)

    def _changes(self, now: datetime) -> list[datetime]:
        """Instants after `now` at which something may begin or end."""
        today = now.astimezone(self.zone).date()
        found: set[datetime | None] = set()
        for day in (today + timedelta(days=offset) for offset in range(-1, _LOOK_DAYS)):
            found.add(_jump(day, self.zone))
            for window in (*self.windows, *self.quiet):
                found.update(window.ends_on(day, self.zone))
        return sorted(at for at in found if at is not None and at > now)


class Opening:
    """Whether this is an hour to send in: asked for every batch, and worked out anew when that may have changed."""

    def __init__(self, hours: Hours) -> None:
        self._hours = hours
        self._known: tuple[datetime, datetime] | None = None  # open from the one on and before the other

    def is_open(self, now: datetime) -> bool:
        """Whether a message may begin now; also right after the clock was put back."""
        if self._hours.is_always:
            return True
        if not self._known or not self._known[0] <= now < self._known[1]:
            is_open = self._hours.is_open(now)
            self._known = (now, self._hours.closes(now) or now + timedelta(days=1)) if is_open else None
        return self._known is not None
