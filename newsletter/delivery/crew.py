"""The connections of one relay, and the relays of one job at work together (edge)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from newsletter.delivery.control import Control
from newsletter.delivery.desk import Desk
from newsletter.delivery.feeder import Feeder
from newsletter.delivery.lane import Lane
from newsletter.delivery.session import Session
from newsletter.delivery.shares import Shares
from newsletter.delivery.smtp import RelayError, open_session
from subscribers.errors import NewsletterError


@dataclass(kw_only=True, eq=False)
class Crew:
    """One relay: its desk, and as many lanes as it may have connections."""

    desk: Desk
    whole: Feeder
    """The stock of all relays."""
    shares: Shares
    name: str
    lanes: list[Lane] = field(default_factory=list)

    def begin(self, session: Session) -> None:
        """The first connection stands already."""
        self.lanes = [Lane(self.desk, session)]

    async def run(self, number: int) -> list[RelayError | None]:
        """Work with `number` connections; when all of them were given up, the others take what lies here."""
        lanes = [*self.lanes, *(Lane(self.desk) for _ in range(number - len(self.lanes)))]
        self.lanes = []
        given_up = await asyncio.gather(*(lane.run() for lane in lanes))
        self.desk.press.give_back()
        if None not in given_up:
            self.shares.lose(self.name)
        return given_up


async def first_session(control: Control, crews: Sequence[Crew]) -> bool:
    """Whether a relay can be reached at all: to be known at once, not after minutes of trying. The first begins."""
    errors: list[NewsletterError] = []
    for crew in crews:
        try:
            first = await open_session(crew.desk.endpoint, crew.desk.pace.timeouts)
        except NewsletterError as error:
            errors.append(error)
        else:
            crew.begin(first)
            return True
    control.fail(errors[0])
    return False


async def work_together(crews: Sequence[Crew]) -> list[RelayError]:
    """Let all relays work until nothing is left; the errors of connections that were given up.

    What a relay puts back after the others had ended is taken by one that is alive.
    """
    given_up = await asyncio.gather(*(crew.run(crew.desk.pace.connections) for crew in crews))
    errors = [error for ends in given_up for error in ends if error]
    for crew, ends in zip(crews, given_up, strict=True):
        if crew.whole.has_stock and None in ends:
            again = await crew.run(1)
            errors += [error for error in again if error]
    return errors


async def end_feeding_when_stopping(desk: Desk) -> None:
    """As soon as the run is stopping nobody waits for more."""
    await desk.control.stopped()
    desk.feeder.end()


def judge_relay(desk: Desk, errors: list[RelayError]) -> None:
    """Some connections may be given up; if work is left and nobody is left to do it, the relay is the reason."""
    if errors and desk.feeder.has_stock and not desk.control.is_stopping:
        desk.control.fail(errors[0])
