"""Limits as a forecast sees them: an even speed, a group that recovers, a limit over a longer period. Pure."""

from dataclasses import dataclass
from math import ceil

from newsletter.delivery.lines import FASTEST, RISE, RISE_AFTER, Line
from newsletter.delivery.pacing import SECOND, UNLIMITED, Limit, Rate, Window

STEPS = 5000
"""Periods of one limit that are simulated, at most about."""
_MOST_RISES = 64
"""By then even the slowest group is as fast as any."""


class Steady:
    """So many messages per second, evenly and exactly: what the throttle of a relay lets through.

    `at_once` of them count as one step, so that millions are counted in moments.
    """

    def __init__(self, speed: float, at_once: int = 1) -> None:
        self._gap, self._at_once = SECOND / speed, at_once
        self._taken = 0  # of the step that is going on
        self._until = 0.0  # when that step is through

    def room(self, at: int) -> int:
        """How many may begin at `at`."""
        return self._at_once if at >= self._until else max(0, self._at_once - self._taken)

    def first(self, at: int) -> int:
        """The earliest instant from `at` on at which one may begin."""
        return at if self.room(at) else ceil(self._until)

    def take(self, at: int, count: int) -> None:
        """So many begin at `at`."""
        if at >= self._until:
            late = at - self._until
            self._taken, self._until = (
                0,
                self._until if late < 1 else float(at),
            )  # the rounding of `first` adds up to nothing
        self._taken += count
        self._until += count * self._gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovering:
    """The speed of a group that pushed back, if it takes all mail from now on: faster with each quiet minute."""

    speed: float
    """Messages per second until the first rise."""
    most: float
    """At this speed nothing slows it any more."""
    since: int

    @property
    def seconds(self) -> int:
        """The period."""
        return RISE_AFTER // SECOND

    def _rises(self, at: int) -> int:
        return min(_MOST_RISES, max(0, (at - self.since) // RISE_AFTER))

    def count_at(self, at: int) -> int:
        """How many in that minute."""
        speed = self.speed * RISE ** self._rises(at)
        return UNLIMITED if speed >= self.most else max(1, int(speed * self.seconds))

    def change_after(self, at: int) -> int | None:
        """The next rise."""
        return None if self.count_at(at) == UNLIMITED else self.since + (self._rises(at) + 1) * RISE_AFTER


def windows_of(line: Line | None, total: int) -> list[Window]:
    """Windows to count `total` messages to a group with, from what was taken of its limits before."""
    if line is None or line.is_free:
        return []
    found = [window.over(coarse(window.limit, total)) for window in line.sent]
    if line.speed is not None:
        most = line.own_speed or line.ceiling or FASTEST
        since = max(line.changed, line.closed_until)
        found.append(Window(Recovering(speed=line.speed, most=most, since=since)))
    return found


def coarse(limit: Limit, total: int) -> Limit:
    """The limit over a longer period if `total` would take too many short ones."""
    if not isinstance(limit, Rate):
        return limit
    factor = ceil(total / limit.count / STEPS)
    return Rate(limit.count * factor, limit.seconds * factor) if factor > 1 else limit
