"""Messages written ahead of the connections, some at a time: in a row that takes half as long as one by one (edge)."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from newsletter.delivery.attempt import Letter
from newsletter.delivery.feeder import Feeder
from newsletter.delivery.outcome import Event, Outcome
from newsletter.delivery.retry import Reason
from newsletter.delivery.signing import GROUP, SigningPool
from newsletter.delivery.stock import Held
from newsletter.store.claims import Claimed
from subscribers.errors import InputError

MOST = 32
"""Messages written ahead, over all connections."""
OCTETS = 1024 * 1024
"""And no more than this, as far as the last one tells."""

LOOK = 0.25
"""Seconds between two looks whether the run still goes on, while signatures are waited for."""


@dataclass(slots=True, eq=False)
class Item:
    """A delivery and its message, on the way to a connection or in its hands."""

    held: Held
    letter: Letter
    written_for: Claimed
    """What the message was written from; what is known of the person may have changed since."""
    has_token: bool = False
    """The throttle let it go already."""
    is_noted: bool = False
    """The journal says that its dot is about to be written."""


class Press:
    """Takes from the feeder, writes, and hands out in the same order, or as the signatures come."""

    def __init__(
        self,
        feeder: Feeder,
        write: Callable[[Claimed], Letter],
        refuse: Callable[[Outcome], None],
        pool: SigningPool | None = None,
    ) -> None:
        """`refuse` is told of deliveries for which no message can be written; `pool` signs what `write` did not."""
        self._feeder, self._write, self._refuse, self._pool = feeder, write, refuse, pool
        self._ready: deque[Item] = deque()
        self._ahead = 1
        self._signing: dict[asyncio.Task[None], list[Item]] = {}
        self._is_signed = asyncio.Event()
        self._failure: BaseException | None = None

    async def take(self) -> Item | None:
        """The next message; None if there is none left, or the run stops."""
        while (item := self.take_now()) is None:
            if self._failure:
                raise self._failure
            if self._signing and self._feeder.may_take:
                await self._next_signed()
            elif (held := await self._feeder.take()) is not None:
                self._put([held])
            else:
                return None
        return item

    @property
    def has_any(self) -> bool:
        """Whether there may be a message without waiting."""
        return bool(self._ready) or self._feeder.has_stock

    def take_now(self) -> Item | None:
        """The next message, if it can be had without waiting for the store or a signature."""
        if not self._ready or self._pool:
            self._write_ahead()
        while self._ready and self._feeder.may_take:
            item = self._ready.popleft()
            if not item.held.is_out:
                return item
        return None

    def give_back(self) -> None:
        """Put what nobody took back into the stock, in its order."""
        unsigned = [item for group in self._signing.values() for item in group]
        for task in self._signing:
            task.cancel()
        self._signing.clear()
        for item in (*reversed(unsigned), *reversed(self._ready)):
            self._feeder.put_back(item.held)
        self._ready.clear()

    def _write_ahead(self) -> None:
        if self._pool is None:
            self._put(self._taken(self._ahead))
            return
        room = self._pool.room
        while len(self._signing) < room and len(self._ready) < room * GROUP and (group := self._taken(GROUP)):
            self._put(group)

    def _taken(self, number: int) -> list[Held]:
        """Up to so many deliveries from the stock."""
        taken: list[Held] = []
        while len(taken) < number and (held := self._feeder.take_now()) is not None:
            taken.append(held)
        return taken

    def _put(self, group: Sequence[Held]) -> None:
        """Write each and have it signed; a value that cannot stand in a message refuses that one only."""
        written = [item for held in group if (item := self._written(held))]
        if self._pool is None:
            self._ready.extend(written)
        elif written:
            task = asyncio.create_task(self._sign(self._pool, written))
            self._signing[task] = written
            task.add_done_callback(self._end_signing)

    def _written(self, held: Held) -> Item | None:
        try:
            letter = self._write(held.claimed)
        except (ValueError, InputError):
            self._refuse(Outcome(delivery=held.claimed.delivery, event=Event.REFUSE, reason=Reason.UNWRITABLE))
            return None
        self._ahead = max(1, min(MOST, OCTETS // max(1, len(letter.message))))
        return Item(held, letter, held.claimed)

    def _end_signing(self, task: asyncio.Task[None]) -> None:
        self._signing.pop(task, None)
        if not task.cancelled():
            self._failure = self._failure or task.exception()
        self._is_signed.set()

    async def _next_signed(self) -> None:
        """Wait a moment for the next group."""
        self._is_signed.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK):
                await self._is_signed.wait()

    async def _sign(self, pool: SigningPool, group: list[Item]) -> None:
        signatures = await pool.signatures([item.letter.message for item in group])
        for item, signature in zip(group, signatures, strict=True):
            item.letter = item.letter._replace(message=signature + item.letter.message)
        self._ready.extend(group)
