"""Several relays for one job: each has connections and takes its share; when one is gone the others go on (edge)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from newsletter.delivery.control import Control, Pace
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.feeder import Feeder
from newsletter.delivery.shares import Shares
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

    Those that stand by get nothing beside one with a weight, and all of it together when none is left.
    """
    if spread is None:
        return tuple(vias)
    total, spare = sum(via.weight for via in vias), sum(not via.weight for via in vias)
    return tuple(_at_most(via, spread * via.weight / total if via.weight else spread / spare) for via in vias)


def _at_most(via: Via, speed: float) -> Via:
    """A slow relay needs no more connections than it can keep busy."""
    limit = min(via.pace.messages_per_second or speed, speed)
    connections = min(via.pace.connections, max(1, int(limit * 10)))
    return replace(via, pace=replace(via.pace, messages_per_second=limit, connections=connections))


def pace_of_all(vias: Sequence[Via]) -> Pace:
    """What all relays take together: how much to have in stock."""
    speeds = [via.pace.messages_per_second for via in vias]
    known = [speed for speed in speeds if speed is not None]
    return replace(
        vias[0].pace,
        connections=sum(via.pace.connections for via in vias),
        messages_per_second=sum(known) if len(known) == len(speeds) else None,
    )


class ShareOfStock(Feeder):
    """The stock as one relay sees it: it takes no more than its share while others are there to take theirs."""

    def __init__(self, whole: Feeder, control: Control, shares: Shares, name: str) -> None:
        # not the parent's constructor: there is one stock, and this is a view of it
        self._whole, self._the_control, self._shares, self._name = whole, control, shares, name

    async def take(self) -> Held | None:
        """The next delivery; None when there is none left, or the run stops."""
        waited = 0.0
        while not self._shares.may_take(self._name):
            if self._the_control.is_stopping or self._whole.is_over:
                return None
            await asyncio.sleep(LOOK)
            waited += LOOK if self._whole.has_stock else 0.0
            if waited >= ENOUGH:
                self._shares.wait_no_longer(self._name)
                waited = 0.0
        return self._took(await self._whole.take())

    def take_now(self) -> Held | None:
        """The next delivery, if it is this relay's turn and there is one in stock."""
        return self._took(self._whole.take_now()) if self._shares.may_take(self._name) else None

    def _took(self, held: Held | None) -> Held | None:
        if held is not None:
            self._shares.take(self._name)
        return held

    def put_back(self, held: Held) -> None:
        """This relay could not use it."""
        self._shares.give_back(self._name)
        self._whole.put_back(held)

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
        """As the whole says."""
        return self._whole.has_stock

    @property
    def is_over(self) -> bool:
        """As the whole says."""
        return self._whole.is_over

    def end(self) -> None:
        """As for the whole."""
        self._whole.end()
