"""How long a job will take under its limits, by group of receivers: a simulation with the pacer itself. Pure.

No message is counted alone: as many as have room begin at the same instant, and the clock jumps to the next instant at
which one may. Where that would take too many steps, a limit is looked at over a longer period, which changes the result
by no more than that period.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from math import ceil
from typing import TypeAlias

from newsletter.delivery.forecast_limits import Steady, windows_of
from newsletter.delivery.lines import Line
from newsletter.delivery.pacing import UNLIMITED, Window, first, microseconds, moment
from newsletter.delivery.receivers import Receivers
from newsletter.delivery.windows import Hours

SHARES = 200
"""A group takes no more than this part of its mail at one instant, so that all share what they have in common."""
TURNS = 100_000
"""So many turns are taken, at most about, for what all lines have in common."""
LEAST_STEPS = 100
"""Unless that would count more than a hundredth at once."""
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
    ahead: Mapping[str, int] = field(default_factory=dict)
    """Domain → how many were set aside before: they go first."""


Meters: TypeAlias = Sequence[Window | Steady]


def forecast(plan: Plan) -> Forecast:
    """Send all in thought."""
    counts = _by_line(plan, plan.mix)
    ahead = {name: number for name, number in _by_line(plan, plan.ahead).items() if name in counts}
    total = sum(counts.values()) + sum(ahead.values())
    common: Meters = [Steady(plan.speed, _at_once(total, len(counts))), *windows_of(plan.receivers.relay, total)]
    lines = {name: None if name == OTHERS else plan.receivers.line_named(name) for name in counts}
    counted = {name: counts[name] + ahead.get(name, 0) for name in counts}
    own = {name: windows_of(lines[name], counted[name]) for name in counts}
    windows: dict[str, Meters] = {name: [*own[name], *common] for name in counts}
    begins = plan.hours.opens(plan.start) or plan.start
    ends = _Clock(plan, begins).run(counted, windows, lines)
    shares = [Share(name=name, count=counts[name], ends=at, is_limited=bool(own[name])) for name, at in ends.items()]
    return Forecast(
        begins=begins,
        ends=max((share.ends for share in shares), default=begins),
        shares=tuple(sorted(shares, key=lambda share: (share.ends, share.count), reverse=True)),
        is_complete=len(shares) == len(counts),
    )


OTHERS = "others"
"""All domains without a group and without limits of their own."""


def _by_line(plan: Plan, mix: Mapping[str, int]) -> dict[str, int]:
    """Those that no line can slow are counted together: also domains with no more mail than their limits let."""
    receivers, counts = plan.receivers, dict[str, int]()
    named = {*receivers.groups.values(), *receivers.lines}
    enough = min((rate.count for rate in receivers.per_domain), default=UNLIMITED)
    for domain, count in mix.items():
        name = receivers.name_of(domain)
        if name not in named and plan.mix.get(domain, 0) + plan.ahead.get(domain, 0) <= enough:
            name = OTHERS
        if count:
            counts[name] = counts.get(name, 0) + count
    return counts


def _at_once(total: int, lines: int) -> int:
    """How many messages of all make one step: each costs a turn of every line."""
    return ceil(min(total * lines / TURNS, total / LEAST_STEPS)) or 1


class _Clock:
    """Jumps from one instant at which something may begin to the next."""

    def __init__(self, plan: Plan, begins: datetime) -> None:
        self._hours, self._relay = plan.hours, plan.receivers.relay
        self._begins = microseconds(begins)
        self._latest = microseconds(begins + LONGEST)
        self._open_until = 0

    def run(
        self, counts: Mapping[str, int], windows: Mapping[str, Meters], lines: Mapping[str, Line | None]
    ) -> dict[str, datetime]:
        """When the last message of each begins; those that would take too long are left out."""
        left = dict(counts)
        most = {name: max(1, count // SHARES) for name, count in counts.items()}
        waiting = [(self._from(lines[name]), 0, name) for name in counts]
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

    def _from(self, line: Line | None) -> int:
        """When the first one of a group may begin: not while it, or the relay, is closed after a pushback."""
        return max([self._begins, *(each.closed_until for each in (line, self._relay) if each)])

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
