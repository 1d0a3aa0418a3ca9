"""Outcomes on their way to the store: collected, recorded in groups off the event loop (edge)."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from newsletter.delivery.control import Control, Pace
from newsletter.delivery.journal import Journal
from newsletter.delivery.outcome import Event, Outcome
from newsletter.delivery.pushback import is_grave
from subscribers.errors import NewsletterError

ROOM = 20
"""Groups that may wait for the store before connections wait too."""
MANY = 50
"""Refusals and deferrals that are judged at once, whatever they say."""
JUDGING = 0.005
"""Seconds between two looks of who may not begin until they are."""


class Recorder:
    """Writes each outcome to the journal at once, and to the store with others.

    What may end the run or slow it is not kept for a group: it goes to be judged, and nobody begins until it was.
    """

    def __init__(
        self,
        control: Control,
        pace: Pace,
        journal: Journal,
        write: Callable[[Sequence[Outcome]], None],
        judged: Callable[[], None] = lambda: None,
    ) -> None:
        """`write` records and judges, on the store's thread; `judged` is told when that was about something grave."""
        self._control, self._pace, self._journal, self._write = control, pace, journal, write
        self._judged = judged
        self._bad = 0
        self._is_urgent = False  # something grave waits
        self._is_judging = False
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Outcome] = []
        self._is_noting = False
        self._has_any = asyncio.Event()
        self._has_group = asyncio.Event()
        self._is_closing = False

    def add(self, outcome: Outcome) -> None:
        """Take one outcome: the journal has it at the end of this turn of the event loop, or with the next dot."""
        self._journal.finish(outcome)
        self._waiting.append(outcome)
        if not self._is_noting:
            self._is_noting = True
            self._loop.call_soon(self._note)
        if len(self._waiting) == 1:
            self._has_any.set()
        if len(self._waiting) == self._pace.group:
            self._has_group.set()
        if outcome.event is not Event.ACCEPT:
            self._weigh(outcome)

    def _weigh(self, outcome: Outcome) -> None:
        self._bad += 1
        if self._bad >= MANY or is_grave(outcome):
            self._is_urgent = self._is_judging = True
            self._has_group.set()

    @property
    def is_behind(self) -> bool:
        """Whether connections wait for the store: it has much to write, or to judge."""
        return self._is_judging or len(self._waiting) > ROOM * self._pace.group

    async def room(self) -> None:
        """Wait while the store is far behind, or judges."""
        while self.is_behind and not self._control.is_stopping:
            await self._control.sleep(JUDGING if self._is_judging else self._pace.group_seconds)

    def _note(self) -> None:
        """Write to the journal what no dot took along. An unwritable journal ends the run, not the outcomes."""
        self._is_noting = False
        try:
            self._journal.flush()
        except NewsletterError as error:
            self._control.fail(error)

    async def run(self) -> None:
        """Record groups until closed; an error of the store ends the run, and the journal keeps what it missed."""
        while not self._is_closing or self._waiting:
            if not self._waiting:
                self._has_any.clear()
                await self._has_any.wait()
            if len(self._waiting) < self._pace.group and not (self._is_closing or self._is_urgent):
                await self._group()
            if not self._is_closing:
                await self._control.may_work()
            if not await self._flush():
                return

    def close(self) -> None:
        """No more outcomes will come: record the rest and end."""
        self._is_closing = True
        self._control.hold(is_held=False)
        self._has_any.set()
        self._has_group.set()

    async def _group(self) -> None:
        """Wait until a group is together, or for as long as one may take."""
        self._has_group.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._has_group.wait(), self._pace.group_seconds)

    async def _flush(self) -> bool:
        group, self._waiting = self._waiting, []
        self._bad, is_urgent, self._is_urgent = 0, self._is_urgent, False
        if not group:
            return True
        self._control.count_outcomes(group)
        try:
            await self._control.in_store(self._write, group)
        except (SQLAlchemyError, NewsletterError) as error:
            self._control.fail(error)
            return False
        if is_urgent:
            self._judged()
            self._is_judging = self._is_urgent
        self._control.tell()
        return True
