"""A line: all that is to be sent to one group of receivers, its limits, its speed after pushback, its queue. Pure.

A message that finds no room is set aside with a slot at the end of the queue, so that others overtake it meanwhile. It
is asked again when its slot has come: what was promised there is a place in the queue, not room.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from newsletter.delivery.pacing import HORIZON, SECOND, Limit, Rate, Slot, Window, first, slots

FIRST_SPEED = 1.0
"""Messages per second to a group without a limit of its own after its first pushback."""
SLOWEST = 1 / 60
FASTEST = 64.0
"""A group without a limit of its own that came back to this speed is not slowed any more."""
REACTION = 10 * SECOND
"""What was in flight at a pushback comes back with it: it counts once in this time."""
COOLING = 60 * SECOND
"""After a pushback nothing begins for this long."""
RISE_AFTER = 60 * SECOND
"""All is well for this long: faster."""
RISE = 1.5
LOOK_AGAIN = 900 * SECOND
"""The slots of a slowed group are no further away: it may be fast again by then."""


@dataclass(slots=True, kw_only=True, eq=False)
class Line:
    """The limits of one group and what was taken of them."""

    name: str
    limits: Sequence[Limit] = ()
    is_public: bool = True
    """Its name may stand in logs and in the store: a group, or a domain that the configuration names (I7)."""
    speed: float | None = None
    """Messages per second after pushback; None if nothing slows it."""
    ceiling: float | None = None
    """The speed it had before it was slowed, where no limit says it."""
    changed: int = 0
    """When the speed changed."""
    closed_until: int = 0
    tail: int = 0
    """Slot of the last one in the queue."""
    sent: list[Window] = field(default_factory=list)
    planned: list[Window] = field(default_factory=list)
    slow: list[Window] = field(default_factory=list)
    """The window of the speed, if there is one."""
    of_others: list[Any] = field(default_factory=list)
    """What was taken of periods that this configuration does not limit: a process with another one counts on."""

    def __post_init__(self) -> None:
        if not self.sent:
            self.sent = [Window(limit) for limit in self.limits]

    @property
    def windows(self) -> list[Window]:
        """All that a message must find room in."""
        return [*self.sent, *self.slow]

    @property
    def is_free(self) -> bool:
        """Whether there is nothing to ask."""
        return not self.limits and self.speed is None

    def is_settled(self, now: int) -> bool:
        """Whether it holds nothing that a new line would not."""
        is_waiting = self.has_queue(now) or self.closed_until > now
        return self.speed is None and not is_waiting and all(window.is_empty(now) for window in self.sent)

    def has_queue(self, now: int) -> bool:
        """Whether some were set aside whose slots are still to come."""
        return self.tail > now + HORIZON

    def queue(self, wanted: int, now: int) -> list[Slot]:
        """Places at the end of the queue."""
        if not self.has_queue(now):
            self.planned = [Window(window.limit, window.state) for window in self.windows]
        begin = max(self.tail, now + HORIZON + 1, self.closed_until)
        latest = None if self.speed is None else max(begin, now + LOOK_AGAIN)
        found = list(slots(self.planned, wanted, begin, latest))
        left = wanted - sum(count for _, count in found)
        if left and latest is not None:
            found.append((latest, left))
        self.tail = found[-1][0]
        return found

    def stand_behind(self, slot: int, now: int) -> None:
        """Who comes new stands behind one that has this slot."""
        if not self.has_queue(now):
            self.planned = [Window(window.limit, window.state) for window in self.windows]
        self.tail = max(self.tail, slot)

    def end_queue(self, last: int) -> None:
        """Nobody is set aside after the instant `last`: those who stood there were cancelled, paused or erased."""
        if self.tail > last:
            self.tail = last
            self.planned = [Window(window.limit) for window in self.windows]

    # ---------------------------------------------------------------- adapting

    @property
    def own_speed(self) -> float | None:
        """Messages per second that the limits allow on the long run."""
        return min((limit.speed for limit in self.limits if isinstance(limit, Rate)), default=None)

    def push_back(self, now: int) -> bool:
        """The receivers ask for less: half of what it was. False if this belongs to the pushback before."""
        if self.speed is not None and now - self.changed < REACTION:
            return False
        before = self.speed or self.own_speed or self.ceiling
        self._change(max(SLOWEST, before / 2) if before else FIRST_SPEED, now)
        self.closed_until = now + COOLING
        return True

    def rise(self, now: int) -> bool:
        """Faster if all was well for a while; whether anything changed."""
        if self.speed is None or now - max(self.changed, self.closed_until) < RISE_AFTER:
            return False
        faster = self.speed * RISE
        self._change(None if faster >= (self.own_speed or self.ceiling or FASTEST) else faster, now)
        return True

    def come_near(self, now: int) -> None:
        """Forget what a clock that was wrong promised: a pause of years, a change in the future."""
        self.closed_until = min(self.closed_until, now + COOLING)
        self.changed = min(self.changed, now)
        for window in self.windows:
            window.come_near(now)

    def _change(self, speed: float | None, now: int) -> None:
        self.changed = now
        self._keep_to(speed)
        self.tail = 0

    def _keep_to(self, speed: float | None, taken: Sequence[Sequence[Any]] = ()) -> None:
        """Go at this speed, after what was taken of it; nothing was if its period was another one."""
        self.speed = speed
        self.slow = _windows([] if speed is None else [Rate.of_speed(speed)], taken)

    # ---------------------------------------------------------------- keeping

    @property
    def state(self) -> dict[str, Any]:
        """What the next run must know, for JSON."""
        return {
            "sent": [*([window.limit.seconds, window.state] for window in self.sent), *self.of_others],
            "slow": [[window.limit.seconds, window.state] for window in self.slow],
            "speed": self.speed,
            "ceiling": self.ceiling,
            "changed": self.changed,
            "closed_until": self.closed_until,
            "tail": self.tail,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what another run wrote; windows whose period the configuration changed begin anew."""
        self.sent = _windows(self.limits, state["sent"])
        own = {limit.seconds for limit in self.limits}
        self.of_others = [taken for taken in state["sent"] if taken[0] not in own]
        if state["tail"] != self.tail:  # another run set some aside: behind those
            self.planned = [Window(window.limit) for window in self.windows]
        self._keep_to(state["speed"], state.get("slow", ()))
        self.tail, self.closed_until, self.changed = state["tail"], state["closed_until"], state["changed"]
        self.ceiling = state["ceiling"]

    def join(self, state: Mapping[str, Any]) -> None:
        """Count together with another line of the same limits: what holds for either holds for both."""
        known = {seconds: taken for seconds, taken in state["sent"]}  # noqa: C416 - pairs out of JSON are lists
        for window in self.sent:
            window.join(known.get(window.limit.seconds, ()))
        speeds = [speed for speed in (self.speed, state["speed"]) if speed is not None]
        self.speed, self.ceiling = min(speeds, default=None), self.ceiling or state["ceiling"]
        self.tail, self.changed = max(self.tail, state["tail"]), max(self.changed, state["changed"])
        self.closed_until = max(self.closed_until, state["closed_until"])

    def forget(self, now: int) -> None:
        """Drop what no period holds any more."""
        for window in self.windows:
            window.forget(now)


def _windows(limits: Iterable[Limit], taken: Sequence[Sequence[Any]]) -> list[Window]:
    """A window for each limit, with what was taken of one with the same period."""
    known = {seconds: parts for seconds, parts in taken}  # noqa: C416 - pairs out of JSON are lists
    return [Window(limit, known.get(limit.seconds, ())) for limit in limits]


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What became of some messages of one group."""

    begin: tuple[Slot, ...] = ()
    """Within the horizon."""
    aside: tuple[Slot, ...] = ()
    """Later."""


def admit(lines: Sequence[Line], wanted: int, now: int, *, is_due: bool = False) -> Admitted:
    """Let `wanted` messages that belong to all of `lines` begin, or give them a place in the queue of the tightest.

    Those that were set aside and are due go first; who comes new stands behind the queue, if there is one.
    """
    if not is_due and (queueing := next((line for line in lines if line.has_queue(now)), None)):
        return Admitted(aside=tuple(queueing.queue(wanted, now)))
    windows = [window for line in lines for window in line.windows]
    start = max((line.closed_until for line in lines), default=now)
    begin = tuple(slots(windows, wanted, max(now, start), now + HORIZON))
    left = wanted - sum(count for _, count in begin)
    if not left:
        return Admitted(begin=begin)
    return Admitted(begin=begin, aside=tuple(tightest(lines, now).queue(left, now)))


def admit_again(lines: Sequence[Line], wanted: int, now: int) -> Admitted:
    """Let messages begin that were let begin before and came late, or put them at the head of the queue."""
    windows = [window for line in lines for window in line.windows]
    start = max(now, *(line.closed_until for line in lines))
    begin = tuple(slots(windows, wanted, start, now))
    left = wanted - sum(count for _, count in begin)
    if not left:
        return Admitted(begin=begin)
    ahead = [Window(window.limit, window.state) for window in windows]
    latest = max(start, now + LOOK_AGAIN) if any(line.speed is not None for line in lines) else None
    aside = list(slots(ahead, left, start, latest))
    if rest := left - sum(count for _, count in aside):
        aside.append((latest or start, rest))
    tightest(lines, now).stand_behind(aside[-1][0], now)
    return Admitted(begin=begin, aside=tuple(aside))


def tightest(lines: Sequence[Line], now: int) -> Line:
    """The line in which one has to wait the longest."""
    return max(lines, key=lambda line: max(line.closed_until, first(line.windows, now)))
