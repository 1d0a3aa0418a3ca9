"""What all parts of a running worker share: when to stop, when to wait, how far it is (edge)."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from newsletter.delivery.outcome import Outcome, State, move
from newsletter.delivery.session import Session
from newsletter.delivery.slowest import Waiting
from newsletter.delivery.time_left import Ahead, Recent, seconds_left
from newsletter.delivery.timeouts import Timeouts
from newsletter.store.engine import explain
from subscribers.errors import ServiceError

LOG = logging.getLogger("newsletter.delivery")
P = ParamSpec("P")
T = TypeVar("T")


class Stop(StrEnum):
    """Why a worker ended before its job was done."""

    INTERRUPTED = "interrupted"
    """SIGINT or SIGTERM."""
    PAUSED = "paused"
    """The operator paused the job."""
    CANCELLED = "cancelled"
    """The operator cancelled the job."""
    HALTED = "halted"
    """The job paused itself: refused for what is about us, or refused too often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a worker works; tests make it impatient."""

    connections: int = 4
    messages_per_connection: int = 1000
    messages_per_second: float | None = None
    spread: float | None = None
    """Messages per second of a job that is spread over hours, over all its relays: each takes its part of that."""
    batch: int = 2000
    """Deliveries claimed at once, at most: fewer at a slow relay (newsletter/delivery/stock.py)."""
    group: int = 1000
    """Outcomes recorded in one transaction, or fewer after `group_seconds`."""
    group_seconds: float = 0.25
    reconnect_waits: tuple[float, ...] = (1, 5, 15)
    """Seconds before each further session after one that failed; then the connection is given up."""
    look_seconds: float = 1
    """How often to look whether the job was paused or the store is being scrubbed."""
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is."""

    audience: int
    counts: dict[State, int]
    """Deliveries by state, of the whole job."""
    done: int
    """Deliveries that will not be tried again, or not before the receivers' wait is over: all but what is to go."""
    handled: int
    """Outcomes of this run."""
    notes: tuple[str, ...] = field(default=(), kw_only=True)
    """What is waited for, and who is slowed."""
    slowest: tuple[Waiting, ...] = field(default=(), kw_only=True)
    """Whose mail waits the most."""
    seconds: float
    """Since this run began."""
    aside: int = 0
    """How many of the deferred ones we set aside ourselves: they wait for their turn, and are to go."""
    slots_end: float = 0.0
    """Seconds until the turn of the last of these."""
    speed: float | None = None
    """Outcomes per second lately; None if nothing was measured."""

    @property
    def rate(self) -> float:
        """Outcomes per second of this run."""
        return self.handled / self.seconds if self.seconds > 0 else 0.0

    @property
    def to_go(self) -> int:
        """Deliveries that wait for nothing but us."""
        return self.audience - self.done

    @property
    def seconds_left(self) -> float | None:
        """Until nothing is to go; None while nobody knows."""
        speed = self.rate if self.speed is None else self.speed
        ready, aside = max(0, self.to_go - self.aside), self.aside
        slow = sum(one.count for one in self.slowest if one.is_slowed)
        return seconds_left(
            Ahead(audience=self.audience, ready=ready, aside=aside, slots_end=self.slots_end, speed=speed, slowed=slow)
        )


class Control:
    """Stops and pauses a run, keeps its counts, and does its work in the store on one thread of its own."""

    def __init__(self, audience: int, counts: dict[State, int], report: Callable[[Progress], None] | None) -> None:
        self._audience, self._counts, self._report = audience, Counter(counts), report
        self._began = asyncio.get_running_loop().time()
        self._aside, self._slots_end, self._recent = 0, self._began, Recent()
        self._stopping, self._may_work = asyncio.Event(), asyncio.Event()
        self._may_work.set()
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="newsletter-store")
        self.is_stopping = False
        """Whether nothing new may be begun. Asked for every message, so no question to an event."""
        self.is_free = True
        """Whether nobody scrubs the store."""
        self.stop: Stop | None = None
        self.error: Exception | None = None
        self.handled = 0
        self.notes: tuple[str, ...] = ()
        self.shared: tuple[str, ...] = ()
        """Which relays are shared with other jobs, in words."""
        self.slowest: tuple[Waiting, ...] = ()
        self.sessions: set[Session] = set()

    def stop_for(self, why: Stop) -> None:
        """Finish what is in flight and end; asked a second time, drop the connections too."""
        if self.stop is Stop.INTERRUPTED and why is Stop.INTERRUPTED:
            for session in self.sessions:
                session.abort()
        self.stop = self.stop or why
        self._end()

    def fail(self, error: Exception) -> None:
        """End the run with this error, the first one counting; what is in flight is finished."""
        self.error = self.error or (explain(error) if isinstance(error, SQLAlchemyError) else error)
        self._end()

    async def guarded(self, part: Callable[P, Awaitable[object]], *args: P.args, **kwargs: P.kwargs) -> None:
        """Do one part of the run: an error in it ends the whole in order and is raised after it, never a part alone."""
        try:
            await part(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - also a fault of ours; the rest of the run would wait for this part
            self.fail(error)

    def _end(self) -> None:
        self.is_stopping = True
        self._stopping.set()
        self._set_free(is_free=True)

    def _set_free(self, *, is_free: bool) -> None:
        self.is_free = is_free
        (self._may_work.set if is_free else self._may_work.clear)()

    def check(self) -> None:
        """Raise the error that ends this run, if there is one: the last look before a dot is written."""
        if self.error:
            raise ServiceError("the run is ending, nothing more is sent")

    def hold(self, *, is_held: bool) -> None:
        """Yield to the scrub, or go on after it."""
        self._set_free(is_free=self.is_stopping or not is_held)

    @property
    def is_any_deferred(self) -> bool:
        """Whether some deliveries of the job wait in the store."""
        return self._counts[State.DEFERRED] > 0

    async def may_work(self) -> None:
        """Wait while the store is being scrubbed."""
        await self._may_work.wait()

    async def stopped(self) -> None:
        """Wait until the run is stopping."""
        await self._stopping.wait()

    async def sleep(self, seconds: float) -> None:
        """Wait, but not when stopping."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def in_store(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` on the store's thread: one statement at a time, none on the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: function(*args, **kwargs))

    def close(self) -> Progress:
        """End the store's thread; the last progress."""
        self._threads.shutdown(wait=True)
        return self.progress()

    def count(self, before: State, event_state: State, number: int = 1) -> None:
        """Move `number` deliveries from one state to another in the counts."""
        self._counts[before] -= number
        self._counts[event_state] += number

    def know_aside(self, number: int, seconds: float) -> None:
        """`number` of the deferred ones wait for their turn, the last of them for so many seconds."""
        self._aside += number
        if number:
            self._slots_end = max(self._slots_end, asyncio.get_running_loop().time() + seconds)

    def set_aside(self, number: int, seconds: float) -> None:
        """`number` claimed deliveries wait in the store for their turn, the last of them for so many seconds."""
        self.count(State.QUEUED, State.DEFERRED, number)
        self.know_aside(number, seconds)

    def take_back(self, number: int, aside: int) -> None:
        """`number` deferred deliveries are claimed again; `aside` of them had been set aside by ourselves."""
        self.count(State.DEFERRED, State.QUEUED, number)
        self._aside -= aside

    def count_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """These claimed deliveries have their outcomes."""
        for event, number in Counter([outcome.event for outcome in outcomes]).items():
            self.count(State.QUEUED, move(State.CLAIMED, event), number)
        self.handled += len(outcomes)

    def progress(self) -> Progress:
        """How far the run is now; claimed deliveries count as queued, and what waits for its turn is to go."""
        counts = {state: max(0, self._counts[state]) for state in State}
        aside = min(max(0, self._aside), counts[State.DEFERRED])
        now = asyncio.get_running_loop().time()
        self._recent.note(now - self._began, self.handled)
        return Progress(
            audience=self._audience,
            counts=counts,
            done=self._audience - counts[State.QUEUED] - counts[State.CLAIMED] - aside,
            handled=self.handled,
            seconds=now - self._began,
            aside=aside,
            slots_end=max(0.0, self._slots_end - now),
            speed=self._recent.speed,
            notes=self.notes + self.shared,
            slowest=self.slowest,
        )

    def tell(self) -> None:
        """Report the progress to whoever watches; who cannot be told is not told again, and sending goes on."""
        if self._report is None:
            return
        try:
            self._report(self.progress())
        except Exception as error:  # noqa: BLE001 - whatever it is: a mailing does not end because nobody watches
            self._report = None
            LOG.warning("nobody is told any more how far sending is: %s", type(error).__name__)
