"""Several relays for one job: each has connections and takes its share; when one is gone the others go on (edge)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from newsletter.delivery.control import Control, Pace
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.feeder import Feeder
from newsletter.delivery.passing import Passed
from newsletter.delivery.stock import Held

LOOK = 0.02
"""Seconds between two looks whether the others caught up."""
ENOUGH = 1.0
"""Seconds that a relay waits for others before it takes what was their share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a relay takes in all, from every job of the store together."""

    connections: int
    messages_per_second: float | None = None


@dataclass(frozen=True, kw_only=True)
class Via:
    """One relay of a job."""

    name: str
    endpoint: Endpoint
    pace: Pace
    weight: int = 1
    limits: Limits | None = None
    """None: this job has it for itself."""


def together(vias: Sequence[Via], spread: float | None = None) -> tuple[Via, ...]:
    """The relays of a job that is spread at so many messages per second in all; each gets its part of it.

    Which part that is changes when one dies (newsletter/delivery/shares.py).
    """
    return tuple(replace(via, pace=replace(via.pace, spread=spread)) for via in vias)


def enough(connections: int, speed: float) -> int:
    """A slow relay needs no more connections than it can keep busy."""
    return min(connections, max(1, int(speed * 10)))


def pace_of_all(vias: Sequence[Via]) -> Pace:
    """What all relays take together: how much to have in stock."""
    first, speeds = vias[0].pace, [via.pace.messages_per_second for via in vias]
    known = [speed for speed in speeds if speed is not None]
    whole = sum(known) if len(known) == len(speeds) else None
    connections = sum(via.pace.connections for via in vias)
    if first.spread is not None:
        whole = first.spread if whole is None else min(whole, first.spread)
        connections = enough(connections, whole)
    return replace(first, connections=connections, messages_per_second=whole)


class ShareOfStock(Feeder):
    """The stock as one relay sees it: it takes no more than its share while others are there to take theirs.

    What others passed on to it comes before its share, and while much of that waits for others it takes nothing else.
    """

    def __init__(self, whole: Feeder, control: Control, passed: Passed, name: str) -> None:
        # not the parent's constructor: there is one stock, and this is a view of it
        self._whole, self._the_control, self._passed, self._name = whole, control, passed, name
        self._shares = passed.shares

    async def take(self) -> Held | None:
        """The next delivery; None when there is none left, or the run stops."""
        waited = 0.0
        while (held := self.take_now()) is None:
            if self._the_control.is_stopping or self.is_over:
                return None
            if self._has_turn:
                await self._whole.changed()
                continue
            await asyncio.sleep(LOOK)
            waited += LOOK if self._whole.has_stock else 0.0
            if waited >= ENOUGH:
                self._shares.wait_no_longer(self._name)
                waited = 0.0
        return held

    def take_now(self) -> Held | None:
        """The next delivery, if there is one passed on to this relay, or it is its turn and there is one in stock."""
        if self._the_control.is_stopping:
            return None
        held = self._passed.take(self._name)
        if held is None and self._has_turn:
            held = self._whole.take_now()
        return self._took(held)

    @property
    def _has_turn(self) -> bool:
        return not self._passed.is_full and self._shares.may_take(self._name)

    def _took(self, held: Held | None) -> Held | None:
        if held is not None:
            self._shares.take(self._name)
        return held

    def put_back(self, held: Held) -> None:
        """This relay could not use it."""
        self._shares.give_back(self._name)
        if held.refused_by:
            self._passed.put_back(held)
            self._whole.wake()
        else:
            self._whole.put_back(held)

    def pass_on(self, held: Held) -> bool:
        """Give what this relay does not take to one that may; False if no other one is alive."""
        if not self._passed.pass_on(held, self._name):
            return False
        self._whole.wake()
        return True

    @property
    def may_take(self) -> bool:
        """Whether the run goes on."""
        return self._whole.may_take

    def is_fresh(self, held: Held) -> bool:
        """As the whole says."""
        return self._whole.is_fresh(held)

    async def may_send(self, held: Held) -> bool:
        """As the whole says."""
        return await self._whole.may_send(held)

    @property
    def has_stock(self) -> bool:
        """Whether deliveries are claimed and untouched, or wait for one of the relays."""
        return self._whole.has_stock or self._passed.has_any

    @property
    def is_over(self) -> bool:
        """Whether nothing will come any more, and nothing waits for this relay.

        So it is, too, if its turn comes only when one that ended is called again (newsletter/delivery/crew.py).
        """
        is_over = self._whole.is_over or self._shares.waits_in_vain(self._name) or self._is_blocked
        return is_over and not self._passed.has_for(self._name)

    @property
    def _is_blocked(self) -> bool:
        """Whether so much waits for others that it may pass on no more, and none of them is at work."""
        return self._passed.is_full and not any(map(self._passed.has_for, self._shares.at_work))

    def end(self) -> None:
        """As for the whole."""
        self._whole.end()
