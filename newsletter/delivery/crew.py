"""The connections of one relay, and the relays of one job at work together (edge)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from newsletter.delivery.control import Control
from newsletter.delivery.desk import Desk
from newsletter.delivery.feeder import Feeder
from newsletter.delivery.gate import Doorway, Gate
from newsletter.delivery.lane import Lane
from newsletter.delivery.portions import Portion
from newsletter.delivery.relays import Limits, enough
from newsletter.delivery.session import Session
from newsletter.delivery.shares import Shares
from newsletter.delivery.smtp import open_session
from subscribers.errors import NewsletterError

LOOK = 0.2
"""Seconds between two looks whether a place may be used, and whether those in flight are through."""
GRACE = 1.0
"""Seconds for goodbyes once the run stops and nothing is in flight."""


class End(Enum):
    """How a place ended that gave up no connection."""

    THROUGH = "through"
    """It had one until nothing was left, or the run stopped: the relay is alive."""
    WAITED = "waited"
    """It had none, and says nothing of the relay."""


@dataclass(kw_only=True, eq=False)
class Crew:
    """One relay: its desk, and a place for each connection that it may have."""

    desk: Desk
    whole: Feeder
    """The stock of all relays."""
    shares: Shares
    name: str
    limits: Limits | None = None
    """What the relay takes from all jobs together; None if it is not shared."""
    first: Session | None = None
    has_given_up: bool = False
    """A connection was given up: who waits for a place does not try."""

    def __post_init__(self) -> None:
        own = self.desk.pace.connections
        self.gate = Gate(own)
        self.use(Portion(connections=0 if self.limits else own))

    def use(self, mine: Portion) -> None:
        """Keep to this part of the relay from now on."""
        self._portion = mine
        self.adjust()

    def adjust(self) -> None:
        """Keep to what the relay takes, to this run's portion of it, and to its part of a spread job."""
        if self.is_lost:
            return
        own, mine = self.desk.pace, self._portion
        spread = own.spread * self.shares.part(self.name) if own.spread else None
        whole = self.limits.messages_per_second if self.limits else None
        speed = min([one for one in (own.messages_per_second, mine.speed(whole), spread) if one], default=None)
        connections = min(own.connections, mine.connections)
        self.gate.allow(enough(connections, speed) if spread and speed else connections)
        self.desk.throttle.limit(speed)

    async def run(self, number: int) -> list[NewsletterError]:
        """Work with `number` connections; the errors of those given up. If all were, the others take what lies here."""
        self.shares.come(self.name)
        places = [asyncio.create_task(self._place(place)) for place in range(number)]
        ending = asyncio.create_task(self._end_those_without_connection(places))
        await asyncio.wait(places)
        ending.cancel()
        ends = [End.THROUGH if place.cancelled() else place.result() for place in places]
        errors = [end for end in ends if isinstance(end, NewsletterError)]
        self.desk.press.give_back()
        self.shares.leave(self.name)
        if errors and End.THROUGH not in ends:
            self.shares.lose(self.name)
            self.whole.wake()
        return errors

    @property
    def is_lost(self) -> bool:
        """Whether every connection that it had was given up."""
        return self.name in self.shares.dead

    async def _place(self, place: int) -> NewsletterError | End:
        """One connection after the other, while there is something to send and the place is open."""
        desk = replace(self.desk, press=Doorway(self.desk.press, self.gate, place))
        while await self._opens(place):
            self.gate.busy.add(place)
            first, self.first = self.first, None
            try:
                error = await Lane(desk, first).run()
            finally:
                self.gate.busy.discard(place)
            if error:
                self.has_given_up = True
                return error
            if self._is_through:
                return End.THROUGH
        return End.WAITED

    async def _opens(self, place: int) -> bool:
        """Wait until the place may be used; False if nobody needs it any more."""
        while not self.gate.is_open(place):
            if self._is_through or self.has_given_up:
                return False
            await self.desk.control.sleep(LOOK)
        return True

    @property
    def _is_through(self) -> bool:
        return self.desk.feeder.is_over or self.desk.control.is_stopping

    async def _end_those_without_connection(self, places: Sequence[asyncio.Task[NewsletterError | End]]) -> None:
        """When the run stops, what is past its dot is finished; a message that is not is dropped and stays queued."""
        control = self.desk.control
        await control.stopped()
        connected = set(control.sessions)
        await asyncio.sleep(GRACE)
        while control.sessions:
            for session in [one for one in control.sessions if not one.awaits_verdict]:
                session.abort()
            await asyncio.sleep(LOOK)
        for session in connected:
            session.abort()  # it said goodbye, and nobody answers
        await asyncio.sleep(LOOK)
        for place in places:
            place.cancel()


async def first_session(control: Control, crews: Sequence[Crew]) -> bool:
    """Whether a relay can be reached at all: to be known at once, not after minutes of trying. The first begins."""
    errors: list[NewsletterError] = []
    for crew in crews:
        if not crew.gate.allowed:
            continue
        opening = asyncio.create_task(open_session(crew.desk.endpoint, crew.desk.pace.timeouts))
        if not await _ended(opening, control):
            return False
        try:
            crew.first = opening.result()
        except NewsletterError as error:
            errors.append(error)
        else:
            return True
    control.fail(errors[0])
    return False


async def _ended(task: asyncio.Task[Session], control: Control) -> bool:
    """Whether it came to an end before the run was stopped; else it is given up."""
    stopping = asyncio.create_task(control.stopped())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if task.done():
        return True
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return False


async def work_together(crews: Sequence[Crew]) -> list[NewsletterError]:
    """Let all relays work until nothing is left; the errors of connections that were given up.

    What a relay puts back or passes on after the others had ended is taken by one that is alive, who stands by last; it
    may be passed on once by each of them.
    """

    async def work(crew: Crew, number: int) -> list[NewsletterError]:
        errors = await crew.run(number)
        if crew.is_lost:
            for other in crews:
                other.adjust()
        return errors

    given_up = await asyncio.gather(*(work(crew, crew.desk.pace.connections) for crew in crews))
    errors = [error for ends in given_up for error in ends]
    for crew in sorted(crews, key=lambda crew: crew.shares.weights[crew.name] == 0) * len(crews):
        if crew.desk.feeder.has_stock and not crew.is_lost:
            errors += await work(crew, 1)
    return errors


async def end_feeding_when_stopping(desk: Desk) -> None:
    """As soon as the run is stopping nobody waits for more."""
    await desk.control.stopped()
    desk.feeder.end()


def judge_relay(desk: Desk, errors: list[NewsletterError]) -> None:
    """Some connections may be given up; if work is left and nobody is left to do it, the relay is the reason."""
    if errors and desk.feeder.has_stock and not desk.control.is_stopping:
        desk.control.fail(errors[0])
