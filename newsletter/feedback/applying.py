"""What mail that came back does to the store: one transaction per mail, and the same mail again changes nothing (edge).

The ledger is written inside the transaction, as everywhere (I11). Whoever was erased is not found by any evidence, and
nothing brings them back (B9). Nothing here answers a mail: a robot never answers a robot (A16, decision 0016).
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, DBAPIError

from newsletter.config import Configuration
from newsletter.feedback.bounces import handle_bounce
from newsletter.feedback.case import Case, Handled, Means, unchanged, without_contradiction
from newsletter.feedback.departures import handle_complaint, handle_leaving
from newsletter.feedback.mailboxes import Mailboxes
from newsletter.feedback.model import Kind, Outcome, ReturnedMail
from newsletter.feedback.naming import addresses_in
from newsletter.feedback.parse import parse_returned_mail
from newsletter.store import feedback as store
from subscribers.errors import NewsletterError
from subscribers.ledger_entry import Record
from subscribers.tokens import Keyring
from subscribers.transactions import reading, writing


@dataclass(frozen=True, kw_only=True)
class Applier:
    """Applies mails to the store of one project; an `Applies` of newsletter/feedback/model.py."""

    configuration: Configuration
    engine: Engine
    keyring: Keyring
    record: Record

    def __call__(self, mail: ReturnedMail, raw: bytes, *, now: datetime, envelope_to: Sequence[str] = ()) -> Outcome:
        """Apply `mail`, parsed from `raw`, that arrived at `now`; durable when it returns."""
        return self.handle(mail, raw, now=now, envelope_to=envelope_to).outcome

    def read(
        self, raw: bytes, *, now: datetime, arrived_at: datetime | None = None, envelope_to: Sequence[str] = ()
    ) -> Handled:
        """Understand and apply one mail."""
        try:
            mail = self.understand(raw, envelope_to)
        except Exception as error:  # noqa: BLE001 - one mail that we cannot read must not stop all that come after it
            mail = ReturnedMail(kind=Kind.OTHER, problem=f"this program failed to read it: {type(error).__name__}")
        return self.handle(mail, raw, now=now, arrived_at=arrived_at, envelope_to=envelope_to)

    def understand(self, raw: bytes, envelope_to: Sequence[str] = ()) -> ReturnedMail:
        """What one mail says, by this project's keys and the titles of its lists."""
        titles = [item.title for item in self.configuration.lists.values()]
        return parse_returned_mail(raw, keyring=self.keyring, envelope_to=envelope_to, titles=titles)

    def handle(
        self,
        mail: ReturnedMail,
        raw: bytes,
        *,
        now: datetime,
        arrived_at: datetime | None = None,
        envelope_to: Sequence[str] = (),
    ) -> Handled:
        """Apply `mail` in one transaction. The clock of a deadline starts when it arrived (I4).

        A mail whose words the store cannot hold goes to a person and changes nothing; raises DBAPIError for a store
        that fails otherwise.
        """
        try:
            return self._transact(mail, raw, now, arrived_at, envelope_to)
        except (NewsletterError, OSError):
            raise
        except Exception as error:  # one mail must not stop all that come after it
            if isinstance(error, DBAPIError) and not isinstance(error, DataError):
                raise
            why = "it holds what the store cannot take"
            return Handled(outcome=Outcome.HUMAN, why=why, is_ours=False, people=self.named(raw))

    def _transact(
        self, mail: ReturnedMail, raw: bytes, now: datetime, arrived_at: datetime | None, envelope_to: Sequence[str]
    ) -> Handled:
        with writing(self.engine) as connection:
            case = Case(
                means=self._means,
                connection=connection,
                mail=without_contradiction(connection, mail),
                raw=raw,
                now=now,
                arrived_at=min(arrived_at or now, now),
                envelope_to=tuple(envelope_to),
            )
            people = store.refs_of(connection, addresses_in(raw))
            return replace(_by_kind(case), people=tuple(sorted(people)))

    def named(self, raw: bytes) -> tuple[bytes, ...]:
        """Refs of whom the mail names, as far as that can be found out: an erasure must find it (I5)."""
        with suppress(Exception), reading(self.engine) as connection:
            return tuple(sorted(store.refs_of(connection, addresses_in(raw))))
        return ()

    @cached_property
    def _means(self) -> Means:
        return Means(
            configuration=self.configuration, keyring=self.keyring, record=self.record, mailboxes=self.mailboxes
        )

    @cached_property
    def mailboxes(self) -> Mailboxes:
        """The addresses of the project's lists."""
        return Mailboxes.of(self.configuration, self.keyring)


def _by_kind(case: Case) -> Handled:
    mail = case.mail
    if mail.kind is Kind.AUTO_REPLY:
        return Handled(outcome=Outcome.DROPPED, why="an automatic reply", is_ours=case.has_evidence)
    is_named = mail.kind is Kind.BOUNCE and mail.evidence.envelope is not None  # by the address it was sent to
    if mail.problem and not is_named:
        return case.for_a_person(mail.problem)
    if case.was_counted():
        return unchanged("counted before")
    if mail.kind is Kind.UNSUBSCRIBE or mail.asks_to_leave:
        return handle_leaving(case)
    handle = {Kind.BOUNCE: handle_bounce, Kind.COMPLAINT: handle_complaint}.get(mail.kind)
    return handle(case) if handle else case.for_a_person("nobody understands it")
