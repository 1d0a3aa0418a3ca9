"""One connection to a relay of some lists, and the notices that go through it, one after the other (edge)."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.exc import DBAPIError

from newsletter.config_relays import Relay
from newsletter.delivery.attempt import Attempt, Letter, Result, judge
from newsletter.delivery.failover import open_first
from newsletter.delivery.notice_letters import NoticeWriter
from newsletter.delivery.outcome import Event, Outcome
from newsletter.delivery.retry import Circumstances
from newsletter.delivery.session import Session
from newsletter.delivery.worker import Sending
from newsletter.store import notices
from newsletter.store.engine import explain
from newsletter.store.notices import TOO_LATE, DueNotice, Written
from subscribers.errors import ConfigurationError, InputError, NewsletterError
from subscribers.leaving import suppress
from subscribers.notice import NoticeState
from subscribers.subscription import Actor
from subscribers.suppression import SuppressionReason
from subscribers.transactions import writing

USEFUL = timedelta(hours=72)
"""Nobody waits longer than this for a link; the link's own end may come first."""
LOST_WAIT = timedelta(minutes=5)
"""After a relay that took a connection and ended it before it took anything."""
GRACE = 10.0
"""Seconds that a transaction under way may take when everything is to end."""
LOOK = 0.2
"""Seconds between two looks at whether everything is to end."""

_STATES = {
    Event.ACCEPT: NoticeState.SENT,
    Event.DEFER: NoticeState.QUEUED,
    Event.REFUSE: NoticeState.REFUSED,
    Event.EXPIRE: NoticeState.REFUSED,
    Event.LOSE: NoticeState.UNKNOWN,
}


class _GoneError(Exception):
    """The notice was erased while its mail was on its way: no dot is written."""


@dataclass(kw_only=True)
class Line:
    """The notices of lists with the same relays; `counts` says what became of them."""

    sending: Sending
    writer: NoticeWriter
    worker: str
    relays: Sequence[Relay]
    """The first that answers takes them."""
    lists: Sequence[str]
    counts: Counter[NoticeState] = field(default_factory=Counter)

    async def run(self) -> str:
        """Send all that is due; return "" or what stopped it."""
        try:
            while not self.sending.should_stop() and await self._one_session():
                pass
        except NewsletterError as problem:
            return str(problem)
        except DBAPIError as problem:
            return str(explain(problem))
        return ""

    async def _one_session(self) -> bool:
        """Whether another session is needed, because this one ended with notices left."""
        session, relay = await open_first(self.sending.configuration, self.relays)
        watching = asyncio.create_task(self._abort_when_stopping(session))
        try:
            return await self._through(session, relay.messages_per_second)
        finally:
            watching.cancel()
            await session.quit()

    async def _through(self, session: Session, speed: float | None) -> bool:
        while not self.sending.should_stop():
            if session.is_over:
                return True
            is_first = session.transactions == 0
            due = await asyncio.to_thread(self._claim)
            if due is None:
                return False
            await self._handle(session, due, is_first=is_first)
            await asyncio.sleep(1 / speed if speed else 0)
        return False

    def _claim(self) -> DueNotice | None:
        return notices.claim_next(self.sending.engine, self.lists, self.worker, self.sending.clock())

    async def _handle(self, session: Session, due: DueNotice, *, is_first: bool) -> None:
        """See one claimed notice through; whatever happens, it is not left claimed by us unless its dot was written."""
        engine = self.sending.engine
        try:
            written = await self._try(session, due, is_first=is_first)
        except BaseException:
            notices.release(engine, due.id, self.worker)
            raise
        if written is None:
            await asyncio.to_thread(notices.release, engine, due.id, self.worker)
            return
        await asyncio.to_thread(notices.write_down, engine, due.id, self.worker, written, self.sending.clock())
        self.counts[written.state] += 1

    async def _try(self, session: Session, due: DueNotice, *, is_first: bool) -> Written | None:
        """None if nothing was said about it and it is to be tried again at once, on another session."""
        try:
            letter = await asyncio.to_thread(self.writer.write, due)
        except ConfigurationError:  # a key, a template: the operator mends it, and the notice waits
            raise
        except (ValueError, InputError):  # a value of this person cannot stand in a message; the others get theirs
            return Written(state=NoticeState.REFUSED)
        attempt = await self._attempt(session, letter, due)
        if attempt is None:
            return Written(state=NoticeState.REFUSED)
        if attempt.result is Result.NOT_SENT:
            due_at = self.sending.clock() + LOST_WAIT
            return Written(state=NoticeState.QUEUED, due_at=due_at) if is_first else None
        outcome = judge(attempt, due.id, due.address, self._circumstances(due))
        return self._judged(outcome, due) if outcome else None

    async def _attempt(self, session: Session, letter: Letter, due: DueNotice) -> Attempt | None:
        def before_dot() -> None:
            if not notices.begin(self.sending.engine, due.id, self.worker, self.sending.clock()):
                raise _GoneError

        try:
            return await session.send(letter, before_dot)
        except _GoneError:
            return None

    def _circumstances(self, due: DueNotice) -> Circumstances:
        return Circumstances(
            now=self.sending.clock(),
            expires_at=min(due.created_at + USEFUL, due.erase_at - TOO_LATE),
            attempts=due.attempts,
            jitter=random.random(),  # noqa: S311 - spreads retries, guards nothing
        )

    def _judged(self, outcome: Outcome, due: DueNotice) -> Written:
        if outcome.is_hard and due.is_own_address:
            self._suppress(due)
        return Written(state=_STATES[outcome.event], code=outcome.code, due_at=outcome.due_at)

    def _suppress(self, due: DueNotice) -> None:
        """Stop mailing somebody on a list whose mailbox is gone; a sign-up for one that never was just runs out."""
        with writing(self.sending.engine) as connection:
            if notices.is_active(connection, due.subscriber_id):
                suppress(
                    connection,
                    due.subscriber_id,
                    reason=SuppressionReason.HARD_BOUNCE,
                    actor=Actor.SYSTEM,
                    policies=self.sending.configuration.policies,
                    now=self.sending.clock(),
                    record=self.sending.remember,
                )

    async def _abort_when_stopping(self, session: Session) -> None:
        while not self.sending.should_stop():  # noqa: ASYNC110 - asked of whoever runs us, in another thread
            await asyncio.sleep(LOOK)
        await asyncio.sleep(GRACE)
        session.abort()
