"""The part of its relays that one run may use beside the runs of other jobs, kept up to date while it lasts (edge)."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from newsletter.delivery import relay_uses
from newsletter.delivery.control import Control
from newsletter.delivery.crew import Crew
from newsletter.delivery.hold import HeldError
from newsletter.delivery.portions import Portion
from newsletter.delivery.relay_uses import Asking
from newsletter.store.engine import explain
from subscribers import leases


class Sharing:
    """Looks every so many seconds who else uses the relays; relays without a name are this run's alone."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], crews: Sequence[Crew]) -> None:
        self._engine, self._clock = engine, clock
        self._holder = leases.new_holder()
        self._crews = [crew for crew in crews if crew.limits]
        self._first = [crew for crew in crews if crew.shares.weights[crew.name]] or crews  # others only stand by
        self._portions = {crew.name: Portion(connections=0) for crew in self._crews}
        for crew in self._crews:
            crew.gate.allow(0)

    async def look(self, control: Control) -> None:
        """Learn what may be used now; raises SQLAlchemyError."""
        for crew in self._crews:
            if crew.limits is None:
                continue
            asking = Asking(
                relay=crew.name,
                holder=self._holder,
                most=crew.limits.connections,
                mine=self._portions[crew.name],
                is_open=len(crew.gate.busy),
            )
            mine = await control.in_store(relay_uses.look, self._engine, asking, self._clock())
            self._portions[crew.name] = mine
            crew.use(mine)
        control.shared = tuple(words for crew in self._crews if (words := _note(crew, self._portions[crew.name])))

    async def run(self, control: Control, seconds: float) -> None:
        """Look until the run stops. A store that cannot be read is for Watch to judge."""
        while not control.is_stopping:
            await control.sleep(seconds)
            with suppress(SQLAlchemyError):
                await self.look(control)

    async def has_room(self, control: Control, seconds: float, patience: float) -> bool:
        """Wait until one of the relays can be used, other than those that stand by.

        False if the run stops, or that takes longer than `patience`.
        """
        try:
            await self.look(control)
        except SQLAlchemyError as error:
            control.fail(explain(error))
        ends = asyncio.get_running_loop().time() + patience
        while not any(crew.gate.allowed for crew in self._first):
            if control.is_stopping:
                return False
            if asyncio.get_running_loop().time() >= ends:
                control.fail(_busy(self._first[0].name))
                return False
            await control.sleep(seconds)
            with suppress(SQLAlchemyError):
                await self.look(control)
        return not control.is_stopping

    def leave(self) -> None:
        """The others may use what was ours; a store that is gone forgets us in a minute."""
        for crew in self._crews:
            with suppress(SQLAlchemyError):
                relay_uses.leave(self._engine, crew.name, self._holder)


def _note(crew: Crew, mine: Portion) -> str:
    if mine.runs == 1:
        return ""
    if not mine.connections:
        return f"waits for relay {crew.name}, which other jobs use"
    return f"shares relay {crew.name} with {mine.runs - 1} more: {mine.connections} of its connections"


def _busy(relay: str) -> HeldError:
    return HeldError(
        "other jobs use all its connections",
        where=f"relay {relay}",
        remedy="wait until one of them is done, or pause one (`newsletter jobs` lists them)",
    )
