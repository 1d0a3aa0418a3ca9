"""How long a job will take under its limits, by group of receivers: a simulation with the pacer itself. Pure.

No message is counted alone: as many as have room begin at the same instant, and the clock jumps to the next instant at
which one may. Where that would take too many steps, a limit is looked at over a longer period, which changes the result
by no more than that period.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from math import ceil

from newsletter.delivery.lines import Line
from newsletter.delivery.pacing import Limit, Rate, Window, first, microseconds, moment
from newsletter.delivery.receivers import Receivers
from newsletter.delivery.windows import Hours

STEPS = 5000
"""Periods of one limit that are simulated, at most about."""
SHARES = 200
"""A group takes no more than this part of its mail at one instant, so that all share what they have in common."""
LONGEST = timedelta(days=3660)
"""A job that would take longer is not simulated to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What becomes of the mail to one group."""

    name: str
    count: int
    ends: datetime
    """When its last message begins."""
    is_limited: bool
    """By limits of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What becomes of a job."""

    begins: datetime
    ends: datetime
    shares: tuple[Share, ...]
    """The slowest first."""
    is_complete: bool = True
    """Whether all would be sent within ten years."""

    @property
    def lasts(self) -> timedelta:
        """From the first message to the last."""
        return self.ends - self.begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be simulated."""

    mix: Mapping[str, int]
    """Domain → recipients."""
    receivers: Receivers
    hours: Hours
    speed: float
    """Messages per second that the relay takes in all."""
    start: datetime


def forecast(plan: Plan) -> Forecast:
    """Send all in thought."""
    counts = _by_line(plan)
    total = sum(counts.values())
    common = [Window(_coarse(Rate.of_speed(plan.speed), total)), *_of(plan.receivers.relay, total)]
    windows = {name: [*_of(plan.receivers.line_of(name), counts[name]), *common] for name in counts}
    begins = plan.hours.opens(plan.start) or plan.start
    ends = _Clock(plan, begins).run(counts, windows)
    shares = [
        Share(name=name, count=counts[name], ends=at, is_limited=len(windows[name]) > len(common))
        for name, at in ends.items()
    ]
    return Forecast(
        begins=begins,
        ends=max((share.ends for share in shares), default=begins),
        shares=tuple(sorted(shares, key=lambda share: (share.ends, share.count), reverse=True)),
        is_complete=len(shares) == len(counts),
    )


OTHERS = "others"
"""All domains without a group and without limits of their own."""


def _by_line(plan: Plan) -> dict[str, int]:
    counts: dict[str, int] = {}
    groups = set(plan.receivers.groups.values())
    for domain, count in plan.mix.items():
        name = plan.receivers.name_of(domain)
        if plan.receivers.line_of(domain) is None and name not in groups:
            name = OTHERS
        if count:
            counts[name] = counts.get(name, 0) + count
    return counts


def _of(line: Line | None, total: int) -> Iterator[Window]:
    if line is None or line.is_free:
        return
    for window in line.windows:
        limit = _coarse(window.limit, total)
        yield Window(limit, window.state if limit == window.limit else ())


def _coarse(limit: Limit, total: int) -> Limit:
    """The limit over a longer period if `total` would take too many short ones."""
    if not isinstance(limit, Rate):
        return limit
    factor = ceil(total / limit.count / STEPS)
    return Rate(limit.count * factor, limit.seconds * factor) if factor > 1 else limit


class _Clock:
    """Jumps from one instant at which something may begin to the next."""

    def __init__(self, plan: Plan, begins: datetime) -> None:
        self._hours = plan.hours
        self._begins = microseconds(begins)
        self._latest = microseconds(begins + LONGEST)
        self._open_until = 0

    def run(self, counts: Mapping[str, int], windows: Mapping[str, Sequence[Window]]) -> dict[str, datetime]:
        """When the last message of each begins; those that would take too long are left out."""
        left = dict(counts)
        most = {name: max(1, count // SHARES) for name, count in counts.items()}
        waiting = [(self._begins, 0, name) for name in counts]
        heapify(waiting)
        turns = 0
        ends: dict[str, datetime] = {}
        while waiting:
            at, _, name = heappop(waiting)
            may = self._open(first(windows[name], at))
            turns += 1
            if may > self._latest:
                continue
            if may == at:
                taken = min(left[name], most[name], *(window.room(at) for window in windows[name]))
                for window in windows[name]:
                    window.take(at, taken)
                left[name] -= taken
            if left[name]:
                heappush(waiting, (may, turns, name))
            else:
                ends[name] = moment(at)
        return ends

    def _open(self, at: int) -> int:
        """`at`, or when the next hours for sending begin."""
        if self._hours.is_always or at < self._open_until:
            return at
        now = moment(at)
        opens = self._hours.opens(now)
        if opens is None:
            return self._latest + 1
        self._open_until = microseconds(self._hours.closes(opens) or opens + LONGEST)
        return microseconds(opens)


def spread_speed(count: int, spread: timedelta | None) -> float | None:
    """Messages per second that spread a job of `count` over this time."""
    return max(count, 1) / max(spread.total_seconds(), 1) if spread else None
