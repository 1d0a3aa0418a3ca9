"""Claims batches ahead of the connections and hands out one delivery at a time (edge).

What lies claimed in memory grows old: people leave, and are erased. So the stock is no more than what the relay takes
in a few seconds, and before a message begins the store has said, less than `FRESH_SECONDS` ago, that it may be sent
(I2).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from itertools import islice
from math import inf

from sqlalchemy.exc import DBAPIError

from newsletter.delivery.control import Control, Pace
from newsletter.delivery.outcome import State
from newsletter.delivery.stock import BatchSize, Held
from newsletter.store.claims import Batch, Checked
from newsletter.store.engine import explain

FRESH_SECONDS = 0.25
"""How long the store's word holds; about as long as a message is in flight. The scrub waits longer than this."""
NEVER = -inf
"""When the store said it of something that it is being asked about."""
PENDING_SECONDS = 0.05
"""Between two looks while nothing is left to claim and the last slots are about to come."""
GROUP = 200
"""Deliveries looked at again together, so that a fast relay does not wait for the store for each."""


class Feeder:
    """A small stock of claimed deliveries; filled up when it is half empty, so that nobody waits for the store."""

    def __init__(
        self,
        control: Control,
        pace: Pace,
        claim: Callable[[int], Batch],
        check: Callable[[Collection[int]], Checked],
        next_slot: Callable[[], float | None] = lambda: None,
    ) -> None:
        """`claim` takes so many deliveries, `check` looks again at some; all three run on the store's thread.

        `next_slot` says in how many seconds something may be claimed again, when nothing could be now; None for never.
        """
        self._next_slot = next_slot
        self._pending = 0  # claimed, and to come into stock within a second
        self._is_over = asyncio.Event()
        self._control, self._claim, self._check = control, claim, check
        self._size = BatchSize(fewest=pace.connections, most=pace.batch, limit=pace.messages_per_second)
        self._taken = 0
        self._stock: deque[Held] = deque()
        self._asking: list[Held] = []
        self._checking = asyncio.Lock()
        self._is_wanted = asyncio.Event()
        self._is_changed = asyncio.Event()
        self._is_done = False
        self._doubted = NEVER
        self._now = asyncio.get_running_loop().time

    async def fill(self) -> bool:
        """Claim one batch; False if nothing is left to claim now."""
        await self._control.may_work()
        if self._control.is_stopping:
            return False
        now = self._now()
        self._size = self._size.next(self._taken, now)
        try:
            batch = await self._control.in_store(self._claim, self._size.size)
        except DBAPIError as error:
            self._control.fail(explain(error))
            return False
        self._control.take_back(batch.returned, batch.returned_aside)
        self._control.count(State.QUEUED, State.SKIPPED, batch.skipped)
        self._control.set_aside(batch.aside, batch.aside_for)
        self._taken += batch.aside
        since = self._known_since(now)
        self._stock.extend([Held(item, since) for item in batch.claimed])
        for seconds, item in batch.later:
            self._pending += 1
            asyncio.get_running_loop().call_later(seconds, self._arrive, Held(item, NEVER))  # looked at when it begins
        self._is_changed.set()
        return not batch.is_empty

    def _arrive(self, held: Held) -> None:
        """Its slot has come."""
        self._pending -= 1
        self._stock.append(held)
        self._is_changed.set()

    async def wait(self) -> bool:
        """Wait until something may be claimed again; False if that is not worth waiting for, or the run stops."""
        try:
            seconds = await self._control.in_store(self._next_slot)
        except DBAPIError as error:
            self._control.fail(explain(error))
            return False
        if seconds is None:
            if not self._pending:
                return False
            seconds = PENDING_SECONDS
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_over.wait(), seconds)
        return not self._is_done and not self._control.is_stopping

    async def run(self) -> None:
        """Keep the stock filled until the job has nothing more to claim, or the run stops."""
        try:
            while await self.fill() or await self.wait():
                while not self._is_low and not self._is_done:
                    self._is_wanted.clear()
                    await self._is_wanted.wait()
                if self._is_done:
                    return
        finally:
            self.end()

    @property
    def _is_low(self) -> bool:
        return len(self._stock) <= self._size.size // 2

    async def take(self) -> Held | None:
        """The next delivery; None when there is none left, or the run stops."""
        while not self._stock and not self._is_done:
            await self.changed()
        return self.take_now()

    async def changed(self) -> None:
        """Wait until something came into stock, or whoever waits is to look again."""
        self._is_changed.clear()
        await self._is_changed.wait()

    def wake(self) -> None:
        """Let everyone who waits look again."""
        self._is_changed.set()

    def take_now(self) -> Held | None:
        """The next delivery, if there is one in stock and the run goes on; nobody waits for the store."""
        if not self._stock or self._control.is_stopping:
            return None
        self._taken += 1
        taken = self._stock.popleft()
        if self._is_low:
            self._is_wanted.set()
        return taken

    @property
    def may_take(self) -> bool:
        """Whether the run goes on."""
        return not self._control.is_stopping

    def is_fresh(self, held: Held) -> bool:
        """Whether the store's word that it may be sent still holds."""
        is_known = held.checked > self._doubted and self._now() - held.checked < FRESH_SECONDS
        return is_known and not held.is_out and self._control.is_free

    def doubt(self) -> None:
        """What the store said so far does not hold any more: a group may have been closed, or slowed."""
        self._doubted = self._now()

    async def may_send(self, held: Held) -> bool:
        """Whether the message may begin now: to be asked right before, since the answer holds for a moment only."""
        if self.is_fresh(held) and not self._control.is_stopping:
            return True
        self._asking.append(held)
        try:
            async with self._checking:
                while not held.is_out and not self._control.is_stopping and not self.is_fresh(held):
                    await self._control.may_work()
                    await self._look_again()
        finally:
            self._asking.remove(held)
        return not held.is_out and not self._control.is_stopping

    async def _look_again(self) -> None:
        """Ask the store about all that wait to be sent, and some of those that come next.

        While the question is open none of them is fresh: the store may just be taking it out of our hands, and a dot
        written meanwhile would be a mail that nobody recorded (I3).
        """
        group = {
            item.claimed.delivery: item for item in (*self._asking, *islice(self._stock, GROUP)) if not item.is_out
        }
        for item in group.values():
            item.checked = NEVER
        asked = self._now()
        try:
            found = await self._control.in_store(self._check, list(group))
        except DBAPIError as error:
            self._control.fail(explain(error))
            return
        self._control.count(State.QUEUED, State.SKIPPED, found.skipped)
        self._control.set_aside(found.aside, found.aside_for)
        since = self._known_since(asked)
        for claimed in found.claimed:
            item = group.pop(claimed.delivery)
            item.claimed, item.checked = claimed, since
        self._drop(group.values())

    def _known_since(self, asked: float) -> float:
        """From when the store's word counts: from the question, but also from a slow store it holds for a moment.

        Otherwise nothing would ever be fresh at a store that takes longer to answer than its word holds.
        """
        return max(asked, self._now() - FRESH_SECONDS / 2)

    def _drop(self, out: Collection[Held]) -> None:
        if not out:
            return
        for item in out:
            item.is_out = True
        self._stock = deque(item for item in self._stock if not item.is_out)
        self._is_wanted.set()

    def end(self) -> None:
        """Nobody takes any more, or the run is stopping: let everyone who waits look again."""
        self._is_done = True
        self._is_over.set()
        self._is_changed.set()
        self._is_wanted.set()

    def put_back(self, held: Held) -> None:
        """A connection could not use it; another one may, also one that waits for the next slot."""
        self._stock.appendleft(held)
        self._is_changed.set()

    def pass_on(self, held: Held) -> bool:  # noqa: ARG002 - what a relay alone does not take, nobody does
        """Give it to another relay, since this one does not take it; False if there is none."""
        return False

    @property
    def is_over(self) -> bool:
        """Whether nothing will come any more."""
        return self._is_done and not self._stock

    @property
    def has_stock(self) -> bool:
        """Whether deliveries are claimed and untouched."""
        return bool(self._stock)
