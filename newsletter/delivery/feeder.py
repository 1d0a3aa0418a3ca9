"""Claims batches ahead of the connections and hands out one delivery at a time (edge)."""

import asyncio
from collections import deque
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from newsletter.delivery.control import Control
from newsletter.delivery.outcome import State
from newsletter.store.claims import Batch, Claimed
from newsletter.store.engine import explain


class Feeder:
    """A small stock of claimed deliveries; filled up when it is half empty, so that nobody waits for the store."""

    def __init__(self, control: Control, claim: Callable[[], Batch], size: int) -> None:
        self._control = control
        self._claim = claim
        self._low = size // 2
        self._stock: deque[Claimed] = deque()
        self._changed = asyncio.Condition()
        self._is_done = False

    async def fill(self) -> bool:
        """Claim one batch; False if nothing is left to claim now."""
        await self._control.may_work()
        if self._control.is_stopping:
            return False
        try:
            batch = await self._control.in_store(self._claim)
        except DBAPIError as error:
            self._control.fail(explain(error))
            return False
        self._control.count(State.QUEUED, State.SKIPPED, batch.skipped)
        async with self._changed:
            self._stock.extend(batch.claimed)
            self._changed.notify_all()
        return not batch.is_empty

    async def run(self) -> None:
        """Keep the stock filled until the job has nothing more to claim, or the run stops."""
        try:
            while await self.fill():
                async with self._changed:
                    await self._changed.wait_for(lambda: len(self._stock) <= self._low or self._is_done)
                if self._is_done:
                    return
        finally:
            async with self._changed:
                self._is_done = True
                self._changed.notify_all()

    async def take(self) -> Claimed | None:
        """The next delivery; None when there is none left, or the run stops."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._stock or self._is_done)
            if self._control.is_stopping or not self._stock:
                return None
            taken = self._stock.popleft()
            if len(self._stock) <= self._low:
                self._changed.notify_all()
            return taken

    async def end(self) -> None:
        """Nobody takes any more, or the run is stopping: let everyone who waits look again."""
        async with self._changed:
            self._is_done = True
            self._changed.notify_all()

    def put_back(self, claimed: Claimed) -> None:
        """A connection could not use it; another one may."""
        self._stock.appendleft(claimed)

    @property
    def has_stock(self) -> bool:
        """Whether deliveries are claimed and untouched."""
        return bool(self._stock)
