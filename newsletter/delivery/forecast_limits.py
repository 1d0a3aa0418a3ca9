"""Limits as a forecast sees them: an even speed, a group that recovers, a longer period, remembered hours. Pure."""

from bisect import bisect, insort
from dataclasses import dataclass
from math import ceil

from newsletter.delivery.lines import FASTEST, LOOK_AGAIN, RISE, RISE_AFTER, Line
from newsletter.delivery.pacing import SECOND, UNLIMITED, Limit, Rate, Window, microseconds, moment
from newsletter.delivery.windows import Hours

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
    """The speed of a group that pushed back: faster with each quiet minute, but not for who has a slot.

    All its mail gets slots when it is claimed, at the speed of that moment; who finds none in a quarter of an hour asks
    again then, at the speed of then.
    """

    speed: float
    """Messages per second at first."""
    most: float
    """At this speed nothing slows it any more."""
    claimed: int
    """When slots are given for the first time."""
    since: int
    """Quiet minutes count from here."""

    @property
    def seconds(self) -> int:
        """The period: that of the first speed."""
        return Rate.of_speed(self.speed).seconds

    def _looks(self, at: int) -> int:
        return max(0, (at - self.claimed) // LOOK_AGAIN)

    def count_at(self, at: int) -> int:
        """How many in a period, of those who got their slots last before `at`."""
        quiet = (self.claimed + self._looks(at) * LOOK_AGAIN - self.since) // RISE_AFTER
        if quiet <= 0:
            return Rate.of_speed(self.speed).count
        speed = self.speed * RISE ** min(_MOST_RISES, quiet)
        return UNLIMITED if speed >= self.most else max(1, int(speed * self.seconds))

    def change_after(self, at: int) -> int | None:
        """When those who found no slot ask again."""
        return None if self.count_at(at) == UNLIMITED else self.claimed + (self._looks(at) + 1) * LOOK_AGAIN


def windows_of(line: Line | None, total: int, claimed: int) -> list[Window]:
    """Windows to count `total` messages to a group with, from what was taken of its limits before.

    `claimed`: when they ask for room for the first time.
    """
    if line is None or line.is_free:
        return []
    found = [window.over(coarse(window.limit, total)) for window in line.sent]
    if line.speed is not None:
        found += _slow(line, line.speed, claimed)
    return found


def _slow(line: Line, speed: float, claimed: int) -> list[Window]:
    most = line.own_speed or line.ceiling or FASTEST
    since = max(line.changed, line.closed_until)
    if claimed - since >= RISE_AFTER:  # however long nothing was sent: one step, and the next one after a minute
        since, speed = claimed, speed * RISE
        if speed >= most:
            return []
    return [Window(Recovering(speed=speed, most=most, claimed=claimed, since=since))]


def coarse(limit: Limit, total: int) -> Limit:
    """The limit over a longer period if `total` would take too many short ones."""
    if not isinstance(limit, Rate):
        return limit
    factor = ceil(total / limit.count / STEPS)
    return Rate(limit.count * factor, limit.seconds * factor) if factor > 1 else limit


class Openings:
    """When one may send, of hours that are looked up once: thousands of messages ask about the same day."""

    def __init__(self, hours: Hours, latest: int) -> None:
        """`latest` is as good as never."""
        self._hours, self._never = hours, latest + 1
        self._known: list[tuple[int, int, int]] = []
        """From when to when it is known when they open next, and that; in the order of time."""

    def first(self, at: int) -> int:
        """The earliest instant from `at` on; later than the latest one if that never comes."""
        if self._hours.is_always:
            return at
        place = bisect(self._known, at, key=lambda known: known[0]) - 1
        if place >= 0 and at < self._known[place][1]:
            return max(at, self._known[place][2])
        known = (at, *self._look(at))
        insort(self._known, known)
        return known[2]

    def _look(self, at: int) -> tuple[int, int]:
        """Until when the hours that come next go on, and when they begin."""
        opens = self._hours.opens(moment(at))
        if opens is None:
            return self._never, self._never
        closes = self._hours.closes(opens)
        return microseconds(closes) if closes else self._never, microseconds(opens)
