"""Claims batches ahead of the connections and hands out one delivery at a time (edge).

What lies claimed in memory grows old: people leave, and are erased. So the stock is no more than what the relay takes
in a few seconds, and before a message begins the store has said, less than `FRESH_SECONDS` ago, that it may be sent
(I2).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable
from itertools import islice

from sqlalchemy.exc import DBAPIError

from newsletter.delivery.control import Control, Pace
from newsletter.delivery.outcome import State
from newsletter.delivery.stock import BatchSize, Held
from newsletter.store.claims import Batch, Checked
from newsletter.store.engine import explain

FRESH_SECONDS = 0.25
"""How long the store's word holds; about as long as a message is in flight. The scrub waits longer than this."""
GROUP = 20
"""Deliveries looked at again together, so that a fast relay does not wait for the store for each."""


class Feeder:
    """A small stock of claimed deliveries; filled up when it is half empty, so that nobody waits for the store."""

    def __init__(
        self,
        control: Control,
        pace: Pace,
        claim: Callable[[int], Batch],
        check: Callable[[Collection[int]], Checked],
    ) -> None:
        """`claim` takes so many deliveries, `check` looks again at some; both run on the store's thread."""
        self._control, self._claim, self._check = control, claim, check
        self._size = BatchSize(fewest=pace.connections, most=pace.batch, limit=pace.messages_per_second)
        self._taken = 0
        self._stock: deque[Held] = deque()
        self._asking: list[Held] = []
        self._checking = asyncio.Lock()
        self._changed = asyncio.Condition()
        self._is_done = False
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
        self._control.count(State.QUEUED, State.SKIPPED, batch.skipped)
        async with self._changed:
            self._stock.extend(Held(item, now) for item in batch.claimed)
            self._changed.notify_all()
        return not batch.is_empty

    async def run(self) -> None:
        """Keep the stock filled until the job has nothing more to claim, or the run stops."""
        try:
            while await self.fill():
                async with self._changed:
                    await self._changed.wait_for(lambda: self._is_low or self._is_done)
                if self._is_done:
                    return
        finally:
            await self.end()

    @property
    def _is_low(self) -> bool:
        return len(self._stock) <= self._size.size // 2

    async def take(self) -> Held | None:
        """The next delivery; None when there is none left, or the run stops."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._stock or self._is_done)
            if self._control.is_stopping or not self._stock:
                return None
            taken = self._stock.popleft()
            self._taken += 1
            if self._is_low:
                self._changed.notify_all()
            return taken

    async def may_send(self, held: Held) -> bool:
        """Whether the message may begin now: to be asked right before, since the answer holds for a moment only."""
        if self._is_fresh(held) and not held.is_out and not self._control.is_stopping:
            return True
        self._asking.append(held)
        try:
            async with self._checking:
                while not held.is_out and not self._control.is_stopping and not self._is_fresh(held):
                    await self._control.may_work()
                    await self._look_again()
        finally:
            self._asking.remove(held)
        return not held.is_out and not self._control.is_stopping

    def _is_fresh(self, held: Held) -> bool:
        return self._control.is_free and self._now() - held.checked < FRESH_SECONDS

    async def _look_again(self) -> None:
        """Ask the store about all that wait to be sent, and some of those that come next."""
        group = {
            item.claimed.delivery: item for item in (*self._asking, *islice(self._stock, GROUP)) if not item.is_out
        }
        now = self._now()
        try:
            found = await self._control.in_store(self._check, list(group))
        except DBAPIError as error:
            self._control.fail(explain(error))
            return
        self._control.count(State.QUEUED, State.SKIPPED, found.skipped)
        for claimed in found.claimed:
            item = group.pop(claimed.delivery)
            item.claimed, item.checked = claimed, now
        await self._drop(group.values())

    async def _drop(self, out: Iterable[Held]) -> None:
        for item in out:
            item.is_out = True
        async with self._changed:
            self._stock = deque(item for item in self._stock if not item.is_out)
            self._changed.notify_all()

    async def end(self) -> None:
        """Nobody takes any more, or the run is stopping: let everyone who waits look again."""
        async with self._changed:
            self._is_done = True
            self._changed.notify_all()

    def put_back(self, held: Held) -> None:
        """A connection could not use it; another one may."""
        self._stock.appendleft(held)

    @property
    def has_stock(self) -> bool:
        """Whether deliveries are claimed and untouched."""
        return bool(self._stock)
