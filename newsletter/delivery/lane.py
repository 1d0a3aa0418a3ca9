"""One connection's work: take a delivery, fill its message, send it, say what became of it (edge)."""

import random
from collections.abc import Awaitable

from newsletter.delivery.attempt import Attempt, Letter, Result, accepted, give_up_connecting, judge
from newsletter.delivery.desk import Desk
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.outcome import Outcome
from newsletter.delivery.press import Item
from newsletter.delivery.relay_error import RelayError
from newsletter.delivery.retry import Circumstances, is_last
from newsletter.delivery.session import Session
from newsletter.delivery.smtp import open_session
from newsletter.store.claims import Claimed
from subscribers.errors import ConfigurationError, NewsletterError


class _WithdrawnError(Exception):
    """The person left after the message was announced: it is not sent."""


class _GivenUpError(Exception):
    """This connection is given up, for this reason."""

    def __init__(self, reason: NewsletterError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Lane:
    """One connection at a time; a new one after `messages_per_connection`, or after a failure and a wait."""

    def __init__(self, desk: Desk, session: Session | None = None) -> None:
        self._desk = desk
        self._session = session
        self._failures = 0
        self._item: Item | None = None
        self._next: Item | None = None
        if session:
            desk.control.sessions.add(session)

    async def run(self) -> NewsletterError | None:
        """Work until nothing is left or the run stops; the error if this connection was given up.

        That is a RelayError, or a ConfigurationError for a setting of this relay: the others of the job may go on.
        """
        try:
            while (item := self._next or await self._take()) is not None:
                self._item, self._next = item, None
                await self._deliver(item)
        except _GivenUpError as error:
            if self._next:
                self._desk.feeder.put_back(self._next.held)
            return error.reason
        except Exception as error:  # noqa: BLE001 - also a fault of ours ends the run in order, and is raised after it
            self._desk.control.fail(error)
        finally:
            await self._leave()
        return None

    async def _take(self) -> Item | None:
        """The next delivery; None if there is none left."""
        await self._desk.recorder.room()
        return await self._desk.press.take()

    def _look_ahead(self) -> Letter | None:
        """The letter to announce together with the body of this one, if nothing is in its way.

        What the store said of it may be old when its own turn comes; `_before_dot` asks again then (I2).
        """
        if self._next:  # announced in a session that is over
            return self._next.letter
        if self._may_look_ahead and (item := self._desk.press.take_now()):
            item.has_token = True
            self._next = item
            return item.letter
        return None

    @property
    def _may_look_ahead(self) -> bool:
        desk = self._desk
        if not self._session or self._session.transactions >= desk.pace.messages_per_connection:
            return False
        if not desk.control.is_free or desk.recorder.is_behind:
            return False
        # the last question takes a place in the rate
        return not desk.throttle.is_limited or (desk.press.has_any and desk.throttle.take_now())

    async def _deliver(self, item: Item) -> None:
        """See one delivery through; raises _GivenUpError after giving it back if no session can be had."""
        for _ in range(2):
            session = await self._session_for(item)
            if session is None:
                return  # stopping: it stays claimed and is released at the end; or it is not sent any more
            try:
                attempt = await session.send(item.letter, self._before_dot, self._look_ahead)
            except _WithdrawnError:
                return
            self._mark(session, attempt)
            if attempt.is_unasked and self._desk.feeder.pass_on(item.held):
                return
            if outcome := self._judged(item, attempt):
                self._desk.recorder.add(outcome)
                return
            self._unnote(item)
        claimed = item.held.claimed
        self._desk.recorder.add(give_up_connecting(claimed.delivery, self._circumstances(claimed)))

    async def _session_for(self, item: Item) -> Session | None:
        """The session for `item`: that in which it was announced, or one in which it may begin now; else None."""
        session = self._session
        if session and session.has_announced(item.letter):
            return session
        if not await self._be_ready(item):
            return None
        try:
            session = await self._ready_session()
        except (RelayError, ConfigurationError) as error:
            self._desk.feeder.put_back(item.held)
            raise _GivenUpError(error) from None
        if session is None or not await self._may_send(item):
            return None
        return session

    async def _may_send(self, item: Item) -> bool:
        """Whether the person may still be mailed, and is who the message was written for; else it is written anew."""
        if not await self._desk.feeder.may_send(item.held):
            return False
        if item.held.claimed == item.written_for:
            return True
        self._desk.feeder.put_back(item.held)
        return False

    async def _be_ready(self, item: Item) -> bool:
        await self._desk.control.may_work()
        seconds = 0.0 if item.has_token else self._desk.throttle.wait()
        item.has_token = False
        if seconds:
            await self._desk.control.sleep(seconds)
        return not self._desk.control.is_stopping

    def _before_dot(self) -> Awaitable[None] | None:
        """The last look before the dot: that the person is still there (I2), and that the journal knows (I3)."""
        item = self._item
        if item is None:
            raise _WithdrawnError
        if item.held.claimed is not item.written_for or not self._desk.feeder.is_fresh(item.held):
            return self._ask_and_note(item)
        return self._note(item)

    async def _ask_and_note(self, item: Item) -> None:
        if not await self._may_send(item):
            raise _WithdrawnError
        if (waiting := self._note(item)) is not None:
            await waiting

    def _note(self, item: Item) -> Awaitable[None] | None:
        self._desk.control.check()
        waiting = self._desk.journal.start(item.held.claimed.delivery)
        item.is_noted = True
        return waiting

    def _unnote(self, item: Item) -> None:
        """The session ended between the note and the dot."""
        if item.is_noted:
            item.is_noted = False
            self._desk.journal.withdraw(item.held.claimed.delivery)

    def _judged(self, item: Item, attempt: Attempt) -> Outcome | None:
        claimed = item.held.claimed
        if attempt.result is Result.ACCEPTED:
            return accepted(claimed.delivery, attempt.reply, item.letter.recipient)
        return judge(attempt, claimed.delivery, item.letter.recipient, self._circumstances(claimed))

    def _mark(self, session: Session, attempt: Attempt) -> None:
        """Count failures in a row: a transaction that ended in order, whatever the answer, starts afresh."""
        if session.is_over and attempt.result is not Result.ACCEPTED:
            self._failures += 1
        else:
            self._failures = 0

    def _circumstances(self, claimed: Claimed) -> Circumstances:
        return Circumstances(
            now=self._desk.clock(),
            attempts=claimed.attempts,
            jitter=random.random(),  # noqa: S311 - spreads retries, guards nothing
            is_last=is_last(claimed.attempts, self._desk.expire_after),
        )

    async def _ready_session(self) -> Session | None:
        """The session to use, a new one if need be; None when stopping.

        Raises RelayError when giving up, ConfigurationError for what cannot be used.
        """
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
