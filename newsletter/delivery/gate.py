"""How many of a relay's connections one run may have open now: a gate before each, which others can close (edge)."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from newsletter.delivery.press import Item, Press

T = TypeVar("T")


class Gate:
    """The places of one crew, numbered from 0; those from `allowed` on are closed."""

    def __init__(self, allowed: int) -> None:
        self.allowed = allowed
        self.busy: set[int] = set()
        """Places with a connection, or about to have one."""
        self._changed = asyncio.Event()

    def is_open(self, place: int) -> bool:
        """Whether a connection may stand in this place."""
        return place < self.allowed

    def allow(self, number: int) -> None:
        """So many may be open from now on; those that are more end after their message."""
        if number != self.allowed:
            self.allowed = number
            self._changed.set()
            self._changed = asyncio.Event()

    async def while_open(self, place: int, waiting: Coroutine[None, None, T]) -> T | None:
        """What is waited for, or None as soon as the place is closed."""
        task = asyncio.ensure_future(waiting)
        try:
            while not task.done() and self.is_open(place):
                changed = asyncio.ensure_future(self._changed.wait())
                await asyncio.wait({task, changed}, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
            if task.done():
                return task.result()
        finally:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return None


class Doorway(Press):
    """The press as one place sees it: nothing comes out of it while the place is closed."""

    def __init__(self, press: Press, gate: Gate, place: int) -> None:
        # not the parent's constructor: there is one press, and this is a view of it
        self._whole, self._gate, self._place = press, gate, place

    async def take(self) -> Item | None:
        """The next message; None if there is none left, the run stops, or the place is closed."""
        if (item := self.take_now()) is not None or not self._gate.is_open(self._place):
            return item
        return await self._gate.while_open(self._place, self._whole.take())

    def take_now(self) -> Item | None:
        """The next message, if it can be had at once."""
        return self._whole.take_now() if self._gate.is_open(self._place) else None

    @property
    def has_any(self) -> bool:
        """As of the whole."""
        return self._whole.has_any

    def give_back(self) -> None:
        """As for the whole."""
        self._whole.give_back()
