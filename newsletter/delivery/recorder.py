"""Outcomes on their way to the store: collected, recorded in groups off the event loop (edge)."""

import asyncio
from collections.abc import Callable, Sequence

from sqlalchemy.exc import DBAPIError

from newsletter.delivery.control import Control, Pace
from newsletter.delivery.journal import Journal
from newsletter.delivery.outcome import Outcome
from newsletter.store.engine import explain
from subscribers.errors import NewsletterError

ROOM = 20
"""Groups that may wait for the store before connections wait too."""


class Recorder:
    """Writes each outcome to the journal at once, and to the store with others."""

    def __init__(
        self, control: Control, pace: Pace, journal: Journal, write: Callable[[Sequence[Outcome]], None]
    ) -> None:
        self._control, self._pace, self._journal, self._write = control, pace, journal, write
        self._waiting: list[Outcome] = []
        self._changed = asyncio.Event()
        self._is_closing = False

    async def add(self, outcome: Outcome) -> None:
        """Take one outcome; waits if the store is far behind. An unwritable journal ends the run, not the outcome."""
        try:
            self._journal.finish(outcome)
        except NewsletterError as error:
            self._control.fail(error)
        self._waiting.append(outcome)
        self._control.count_outcome(outcome)
        self._changed.set()
        while len(self._waiting) > ROOM * self._pace.group and not self._control.is_stopping:
            await self._control.sleep(self._pace.group_seconds)

    async def run(self) -> None:
        """Record groups until closed; an error of the store ends the run, and the journal keeps what it missed."""
        while not self._is_closing or self._waiting:
            if not self._waiting:
                self._changed.clear()
                await self._changed.wait()
            if len(self._waiting) < self._pace.group and not self._is_closing:
                await self._control.sleep(self._pace.group_seconds)
            if not self._is_closing:
                await self._control.may_work()
            if not await self._flush():
                return

    def close(self) -> None:
        """No more outcomes will come: record the rest and end."""
        self._is_closing = True
        self._control.hold(is_held=False)
        self._changed.set()

    async def _flush(self) -> bool:
        group, self._waiting = self._waiting, []
        if not group:
            return True
        try:
            await self._control.in_store(self._write, group)
        except DBAPIError as error:
            self._control.fail(explain(error))
            return False
        except NewsletterError as error:
            self._control.fail(error)
            return False
        self._control.tell()
        return True
