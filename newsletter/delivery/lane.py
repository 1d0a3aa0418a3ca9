"""One connection's work: take a delivery, fill its message, send it, say what became of it (edge)."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from newsletter.delivery.attempt import Attempt, Letter, Result, give_up_connecting, judge
from newsletter.delivery.control import Control, Pace
from newsletter.delivery.feeder import Feeder
from newsletter.delivery.journal import Journal
from newsletter.delivery.outcome import Event, Outcome
from newsletter.delivery.recorder import Recorder
from newsletter.delivery.retry import Circumstances, Reason
from newsletter.delivery.session import Session
from newsletter.delivery.smtp import Endpoint, RelayError, open_session
from newsletter.delivery.stock import Held
from newsletter.delivery.throttle import Bucket
from newsletter.store.claims import Claimed
from subscribers.clock import Clock
from subscribers.errors import InputError


class Throttle:
    """At most so many messages per second over all connections of a relay."""

    def __init__(self, rate: float | None) -> None:
        self._bucket = Bucket.full(rate, asyncio.get_running_loop().time()) if rate else None

    def wait(self) -> float:
        """Seconds to wait before the next message, which is taken by asking."""
        if self._bucket is None:
            return 0.0
        self._bucket, seconds = self._bucket.take(asyncio.get_running_loop().time())
        return seconds


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the connections of one run share."""

    control: Control
    feeder: Feeder
    recorder: Recorder
    journal: Journal
    throttle: Throttle
    endpoint: Endpoint
    pace: Pace
    write: Callable[[Claimed], Letter]
    clock: Clock
    expires_at: datetime


class Lane:
    """One connection at a time; a new one after `messages_per_connection`, or after a failure and a wait."""

    def __init__(self, desk: Desk, session: Session | None = None) -> None:
        self._desk = desk
        self._session = session
        self._failures = 0
        if session:
            desk.control.sessions.add(session)

    async def run(self) -> RelayError | None:
        """Work until nothing is left or the run stops; the error if this connection was given up."""
        try:
            while (held := await self._desk.feeder.take()) is not None:
                await self._deliver(held)
        except RelayError as error:
            return error
        except Exception as error:  # noqa: BLE001 - also a fault of ours ends the run in order, and is raised after it
            self._desk.control.fail(error)
        finally:
            await self._leave()
        return None

    async def _deliver(self, held: Held) -> None:
        """See one delivery through; raises RelayError after giving it back if no session can be had.

        Throttle and reconnecting can take long, so the store is asked after both, right before the message begins.
        """
        outcome = None
        for _ in range(2):
            if not await self._be_ready():
                return  # stopping: the delivery stays claimed and is released at the end
            try:
                session = await self._ready_session()
            except RelayError:
                self._desk.feeder.put_back(held)
                raise
            if session is None or not await self._desk.feeder.may_send(held):
                return
            outcome = await self._try(session, held.claimed)
            if outcome:
                break
        claimed = held.claimed
        await self._desk.recorder.add(outcome or give_up_connecting(claimed.delivery, self._circumstances(claimed)))

    async def _be_ready(self) -> bool:
        await self._desk.control.may_work()
        seconds = self._desk.throttle.wait()
        if seconds:
            await self._desk.control.sleep(seconds)
        return not self._desk.control.is_stopping

    async def _try(self, session: Session, claimed: Claimed) -> Outcome | None:
        identity = claimed.delivery
        try:
            letter = self._desk.write(claimed)
        except (ValueError, InputError):  # a value of this person cannot stand in a message; the others get theirs
            return Outcome(delivery=identity, event=Event.REFUSE, reason=Reason.UNWRITABLE)

        def before_dot() -> None:
            self._desk.control.check()
            self._desk.journal.start(identity)

        attempt = await session.send(letter, before_dot)
        self._mark(session, attempt)
        return judge(attempt, identity, letter.recipient, self._circumstances(claimed))

    def _mark(self, session: Session, attempt: Attempt) -> None:
        """Count failures in a row: a transaction that ended in order, whatever the answer, starts afresh."""
        if session.is_over and attempt.result is not Result.ACCEPTED:
            self._failures += 1
        else:
            self._failures = 0

    def _circumstances(self, claimed: Claimed) -> Circumstances:
        return Circumstances(
            now=self._desk.clock(),
            expires_at=self._desk.expires_at,
            attempts=claimed.attempts,
            jitter=random.random(),  # noqa: S311 - spreads retries, guards nothing
        )

    async def _ready_session(self) -> Session | None:
        """The session to use, a new one if need be; None when stopping. Raises RelayError when giving up."""
        pace = self._desk.pace
        if self._session and self._session.transactions >= pace.messages_per_connection:
            await self._leave()
        if self._session and self._session.is_over:
            await self._leave()
        while self._session is None:
            if self._failures > len(pace.reconnect_waits):
                raise _unsteady(self._desk.endpoint)
            if self._failures:
                await self._desk.control.sleep(pace.reconnect_waits[self._failures - 1])
            if self._desk.control.is_stopping:
                return None
            await self._open()
        return self._session

    async def _open(self) -> None:
        try:
            self._session = await open_session(self._desk.endpoint, self._desk.pace.timeouts)
        except RelayError as error:
            self._failures += 1
            if error.is_lasting or self._failures > len(self._desk.pace.reconnect_waits):
                raise
        else:
            self._desk.control.sessions.add(self._session)

    async def _leave(self) -> None:
        if self._session:
            self._desk.control.sessions.discard(self._session)
            await self._session.quit()
            self._session = None


def _unsteady(endpoint: Endpoint) -> RelayError:
    return RelayError(
        "it ends every session before a message is through",
        where=str(endpoint),
        remedy="see the relay's log, then run the command again: what it has not taken is queued",
        is_lasting=False,
    )
