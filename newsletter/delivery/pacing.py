"""The pacer: when a message to a group of receivers may begin, and the place of each in the queue of its group. Pure.

Time is whole microseconds since 1970, so that sums are exact and a state that was stored means the same afterwards. A
window is cut into parts and counts them whole: never more than the limit in any period, wherever it begins, at the
price of a twentieth of the rate.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Protocol, TypeAlias

SECOND = 1_000_000
"""Microseconds."""
PARTS = 20
"""Parts of a window."""
HORIZON = SECOND
"""Who may begin within this time waits in memory; the others are set aside in the store."""
UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
UNLIMITED = 10**12
FINE = 20
"""Messages per second below which a tenth matters."""

_RATE = re.compile(r"\s*([1-9][0-9]{0,8})\s*/\s*(second|minute|hour|day)\s*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Slot: TypeAlias = tuple[int, int]
"""An instant, and how many may begin then."""


def microseconds(moment: datetime) -> int:
    """An aware moment in the pacer's time."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """The pacer's time as an aware moment."""
    return _EPOCH + timedelta(microseconds=at)


class Limit(Protocol):
    """How many messages may begin in any period of so many seconds."""

    @property
    def seconds(self) -> int:
        """The period."""
        ...  # pragma: no cover - a signature

    def count_at(self, at: int) -> int:
        """How many, for the period that ends at `at`."""
        ...  # pragma: no cover - a signature

    def change_after(self, at: int) -> int | None:
        """The first instant after `at` at which the number is another one."""
        ...  # pragma: no cover - a signature


@dataclass(frozen=True, slots=True)
class Rate:
    """The same number always: `20/second`, `5000/day`."""

    count: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """Read a rate; raises ValueError."""
        found = _RATE.fullmatch(text)
        if not found:
            msg = f"{text[:40]!r} is not a rate such as 20/second, 600/minute, 1000/hour or 5000/day"
            raise ValueError(msg)
        return cls(int(found[1]), UNITS[found[2]])

    @classmethod
    def of_speed(cls, speed: float) -> "Rate":
        """About `speed` messages per second (more than 0), and never more."""
        if speed < 1:
            return cls(1, ceil(1 / speed))
        seconds = 10 if speed < FINE else 1
        return cls(int(speed * seconds), seconds)

    @property
    def speed(self) -> float:
        """Messages per second."""
        return self.count / self.seconds

    def __str__(self) -> str:
        unit = next((name for name, seconds in UNITS.items() if seconds == self.seconds), f"{self.seconds} seconds")
        return f"{self.count}/{unit}"

    def count_at(self, at: int) -> int:  # noqa: ARG002 - the protocol's signature
        """The number."""
        return self.count

    def change_after(self, at: int) -> None:
        """It never changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """A warm-up plan: so many on each day since `start`; no limit after the last one."""

    start: int
    counts: tuple[int, ...]
    date: int = 0
    """Ordinal of the day on which it begins: the same for lists in all time zones."""

    @property
    def seconds(self) -> int:
        """A day."""
        return UNITS["day"]

    def __str__(self) -> str:
        return "its warm-up plan"

    def _day(self, at: int) -> int:
        return max(0, (at - self.start) // (self.seconds * SECOND))

    def count_at(self, at: int) -> int:
        """The number of that day."""
        day = self._day(at)
        return self.counts[day] if day < len(self.counts) else UNLIMITED

    def change_after(self, at: int) -> int | None:
        """The beginning of the next day of the plan."""
        day = self._day(at) + 1
        return self.start + day * self.seconds * SECOND if day <= len(self.counts) else None


class Window:
    """What was taken of one limit, by part of the period; asked in the order of time, give or take a period."""

    def __init__(self, limit: Limit, taken: Iterable[Sequence[int]] = ()) -> None:
        """`taken` is the `state` of an earlier window with the same period."""
        self.limit = limit
        self._width = limit.seconds * SECOND // PARTS
        self._taken: dict[int, int] = {int(part): int(count) for part, count in taken}

    @property
    def state(self) -> list[list[int]]:
        """What to store: pairs of part and count."""
        return [[part, count] for part, count in sorted(self._taken.items())]

    def over(self, limit: Limit) -> "Window":
        """What was taken, as another limit counts it."""
        found = Window(limit)
        for part, count in sorted(self._taken.items()):
            found.take(part * self._width, count)
        return found

    def room(self, at: int) -> int:
        """How many may begin at `at`, whatever was taken before or after it: any window around it stays in bounds."""
        return max(0, self.limit.count_at(at) - sum(count for _, count in self._near(at // self._width)))

    def first(self, at: int) -> int:
        """The earliest instant from `at` on at which one may begin."""
        while not self.room(at):
            oldest = min(part for part, _ in self._near(at // self._width))
            leaves = (oldest + PARTS + 1) * self._width
            change = self.limit.change_after(at)
            at = leaves if change is None else min(leaves, change)
        return at

    def take(self, at: int, count: int) -> None:
        """So many begin at `at`."""
        part = at // self._width
        self._taken[part] = self._taken.get(part, 0) + count
        if len(self._taken) > 5 * PARTS:
            self.forget(at)

    def give_back(self, at: int) -> None:
        """One that was to begin at `at` did not."""
        part = at // self._width
        if (count := self._taken.pop(part, 0)) > 1:
            self._taken[part] = count - 1

    def forget(self, at: int) -> None:
        """Keep two periods before `at`, and the last of what was before: needed again if the clock is ahead."""
        self.come_near(at)
        oldest = at // self._width - 2 * PARTS
        far = sorted(part for part in self._taken if part < oldest)
        for part in far[: -PARTS - 1]:
            del self._taken[part]

    def is_empty(self, at: int) -> bool:
        """Whether nothing holds back who begins at `at` or later."""
        return not self._taken or max(self._taken) < at // self._width - PARTS

    def come_near(self, at: int) -> None:
        """What is later than a period from now was taken by a clock that was ahead: it began about now."""
        now = at // self._width
        for part in [part for part in self._taken if part > now + PARTS]:
            self._taken[now] = self._taken.get(now, 0) + self._taken.pop(part)

    def join(self, taken: Iterable[Sequence[int]]) -> None:
        """Count what another one took too, as if both had taken the same: never less than either."""
        for part, count in taken:
            self._taken[part] = max(count, self._taken.get(part, 0))

    def _near(self, part: int) -> Iterator[Slot]:
        return ((other, count) for other, count in self._taken.items() if abs(other - part) <= PARTS)


class Meter(Protocol):
    """What says when messages may begin: a window, or an even speed."""

    def first(self, at: int) -> int:
        """The earliest instant from `at` on at which one may begin."""
        ...  # pragma: no cover - a signature


def first(windows: Sequence[Meter], at: int) -> int:
    """The earliest instant from `at` on at which all of `windows` have room."""
    while True:
        latest = max((window.first(at) for window in windows), default=at)
        if latest == at:
            return at
        at = latest


def slots(windows: Sequence[Window], wanted: int, at: int, until: int | None = None) -> Iterator[Slot]:
    """Take `wanted` places from `at` on, the earliest ones, and none after `until`."""
    while wanted:
        at = first(windows, at)
        if until is not None and at > until:
            return
        count = min(wanted, min((window.room(at) for window in windows), default=wanted))
        for window in windows:
            window.take(at, count)
        wanted -= count
        yield at, count
