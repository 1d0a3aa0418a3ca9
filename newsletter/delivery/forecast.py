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

from newsletter.delivery.forecast_limits import Openings, Steady, windows_of
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
    elsewhere: Mapping[str, int] = field(default_factory=dict)
    """The same of those that go over other relays: they take of the limits of their groups only."""
    now: datetime | None = None
    """Since when those that were set aside before go on, if that is earlier than `start`."""


Meters: TypeAlias = Sequence[Window | Steady]


@dataclass(slots=True, kw_only=True, eq=False)
class _Stream:
    """Mail to one group that goes one after another."""

    name: str
    count: int
    begins: int
    own: Meters
    """Its limits."""
    common: Meters = ()
    """What it shares with others."""
    is_of_job: bool = False
    """Else it was set aside before."""
    is_behind: bool = False
    """Others of these limits, or of the relay's, were set aside before: they go first."""
    left: int = field(init=False)
    _most: int = field(init=False)

    def __post_init__(self) -> None:
        self.left, self._most = self.count, max(1, self.count // SHARES)

    @property
    def part(self) -> float:
        """Of who may begin at the same instant the least part goes first: as if all stood mixed in one row."""
        return (self.count - self.left + 1) / (self.count + 1)

    def first(self, at: int) -> int:
        """When the next one may begin, from `at` on."""
        return first([*self.own, *self.common], at)

    def take(self, at: int) -> None:
        """As many begin as have room and leave some for others."""
        meters = [*self.own, *self.common]
        taken = min(self.left, self._most, *(meter.room(at) for meter in meters))
        for meter in meters:
            meter.take(at, taken)
        self.left -= taken


def forecast(plan: Plan) -> Forecast:
    """Send all in thought."""
    begins = plan.hours.opens(plan.start) or plan.start
    streams = _Scene(plan, microseconds(begins)).streams()
    ends = _Clock(plan.hours, microseconds(begins + LONGEST)).run(streams)
    job = [stream for stream in streams if stream.is_of_job]
    shares = [
        Share(name=stream.name, count=stream.count, ends=ends[stream.name], is_limited=bool(stream.own))
        for stream in job
        if stream.name in ends
    ]
    return Forecast(
        begins=begins,
        ends=max((share.ends for share in shares), default=begins),
        shares=tuple(sorted(shares, key=lambda share: (share.ends, share.count), reverse=True)),
        is_complete=len(shares) == len(job),
    )


OTHERS = "others"
"""All domains without a group and without limits of their own."""


class _Scene:
    """All that is sent in thought, by line: the job, and what was set aside before."""

    def __init__(self, plan: Plan, begins: int) -> None:
        self._job, self._ahead, self._elsewhere = (
            _of_job(plan),
            _by_line(plan, plan.ahead),
            _by_line(plan, plan.elsewhere),
        )
        self._begins, self._since = begins, min(begins, microseconds(plan.now or plan.start))
        self._receivers, self._speed = plan.receivers, plan.speed

    def streams(self) -> list[_Stream]:
        """Each with its limits, which count for all of the same line."""
        lines = {**self._job, **self._ahead, **self._elsewhere}
        own, (speed, relay) = {name: self._own(name) for name in lines}, self._common()
        aside = {name for name in own if own[name] and (name in self._ahead or name in self._elsewhere)}

        def stream(name: str, count: int, begins: int, common: Meters, *, is_of_job: bool = False) -> _Stream:
            line, is_behind = self._line(name), is_of_job and (bool(relay) or name in aside)
            closed = [each.closed_until for each in (line, self._receivers.relay if common else None) if each]
            return _Stream(
                name=name,
                count=count,
                begins=max([begins, *closed]),
                own=own[name],
                common=common,
                is_of_job=is_of_job,
                is_behind=is_behind,
            )

        common = [speed, *relay]
        job = [stream(name, count, self._begins, common, is_of_job=True) for name, count in self._job.items()]
        ahead = [stream(name, count, self._since, common) for name, count in self._ahead.items()]
        return job + ahead + [stream(*item, self._since, ()) for item in self._elsewhere.items() if own[item[0]]]

    def _line(self, name: str) -> Line | None:
        return None if name == OTHERS else self._receivers.line_named(name)

    def _own(self, name: str) -> Meters:
        counts = [some.get(name, 0) for some in (self._job, self._ahead, self._elsewhere)]
        return windows_of(self._line(name), sum(counts), self._since if any(counts[1:]) else self._begins)

    def _common(self) -> tuple[Steady, Meters]:
        total = sum(self._job.values()) + sum(self._ahead.values())
        speed = Steady(self._speed, _at_once(total, len(self._job) + len(self._ahead)))
        return speed, windows_of(self._receivers.relay, total, self._since if self._ahead else self._begins)


def _of_job(plan: Plan) -> dict[str, int]:
    """The job by line. Domains with no more mail than their limits let are counted with those that nothing slows."""
    enough = min((rate.count for rate in plan.receivers.per_domain), default=UNLIMITED)
    return _by_line(plan, plan.mix, enough)


def _by_line(plan: Plan, mix: Mapping[str, int], enough: int = UNLIMITED) -> dict[str, int]:
    """How many by line; single domains with no more than `enough`, and what has no line, are counted together.

    Of single domains without a name each run counts for itself, so what was set aside before takes nothing of theirs.
    """
    receivers, counts = plan.receivers, dict[str, int]()
    named = {*receivers.groups.values(), *receivers.lines}
    for domain, count in mix.items():
        name = receivers.name_of(domain)
        if name not in named and count <= enough:
            name = OTHERS
        if count:
            counts[name] = counts.get(name, 0) + count
    return counts


def _at_once(total: int, streams: int) -> int:
    """How many messages of all make one step: each costs a turn of every stream."""
    return ceil(min(total * streams / TURNS, total / LEAST_STEPS)) or 1


class _Clock:
    """Jumps from one instant at which something may begin to the next."""

    def __init__(self, hours: Hours, latest: int) -> None:
        self._openings, self._latest = Openings(hours, latest), latest

    def run(self, streams: Sequence[_Stream]) -> dict[str, datetime]:
        """When the last message of each group of the job begins; those that would take too long are left out."""
        waiting = [(each.begins, each.is_behind, each.part, number, each) for number, each in enumerate(streams)]
        heapify(waiting)
        to_come = sum(stream.is_of_job for stream in streams)
        ends: dict[str, datetime] = {}
        while waiting and to_come:
            at, is_behind, _, number, stream = heappop(waiting)
            may = self._openings.first(stream.first(at))
            if may == at:
                stream.take(at)
            if stream.left and may <= self._latest:
                heappush(waiting, (may, is_behind, stream.part, number, stream))
                continue
            to_come -= stream.is_of_job
            if stream.is_of_job and not stream.left:
                ends[stream.name] = moment(at)
        return ends


def spread_speed(count: int, spread: timedelta | None) -> float | None:
    """Messages per second that spread a job of `count` over this time."""
    return max(count, 1) / max(spread.total_seconds(), 1) if spread else None
