"""One mail that came back, in one transaction: what is known around it, and what became of it (edge)."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from newsletter.config import Configuration
from newsletter.feedback.addresses import mailboxes as addresses_of
from newsletter.feedback.headers import Headers, split_headers
from newsletter.feedback.mailboxes import Mailboxes
from newsletter.feedback.mime import plain_lines
from newsletter.feedback.model import Outcome, ReturnedMail
from newsletter.store import feedback as store
from newsletter.store.feedback import Addressee
from subscribers.leaving import suppress
from subscribers.ledger_entry import Record
from subscribers.subscription import Actor
from subscribers.suppression import SuppressionReason
from subscribers.tokens import Keyring

_TO_HEADERS = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")
_DIGEST = "feedback mail"


@dataclass(frozen=True, kw_only=True)
class Handled:
    """What became of one mail."""

    outcome: Outcome
    why: str = ""
    """In words without personal data: why it is for a person, or why nothing changed."""
    is_ours: bool = True
    """Whether it is about a mailing of ours; in a mailbox that people share, anything else is left alone."""
    people: tuple[bytes, ...] = ()
    """Refs of the subscribers that the mail names: whoever keeps it must know (I5)."""
    paused_job: int | None = None
    """A job that was paused because its mails come back for reasons that are about us (A29)."""


def unchanged(why: str) -> Handled:
    """Ours, understood, and nothing had to change."""
    return Handled(outcome=Outcome.UNCHANGED, why=why)


def gone(what: str) -> Handled:
    """About someone or something erased meanwhile, which nothing brings back (B9)."""
    return Handled(outcome=Outcome.UNMATCHED, why=f"about {what} that is not here any more")


def without_contradiction(connection: Connection, mail: ReturnedMail) -> ReturnedMail:
    """`mail` as it was understood, without the delivery of its envelope if our own Message-ID in it is of another job.

    An envelope sender names a number alone. A database that was put back without our knowing may have given that number
    once more, to somebody else; the Message-ID says which job it was, and is then the only evidence.
    """
    evidence = mail.evidence
    if evidence.envelope is None or evidence.message is None:
        return mail
    if store.job_ref_of(connection, evidence.envelope) in {None, evidence.message.job_ref}:
        return mail
    return replace(mail, evidence=replace(evidence, envelope=None))


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a mail is handled with."""

    configuration: Configuration
    keyring: Keyring
    record: Record
    mailboxes: Mailboxes

    def digests(self, raw: bytes) -> list[bytes]:
        """The keyed digests of a mail under every key, the current one first; line ends make no difference."""
        data = raw.replace(b"\r\n", b"\n").rstrip(b"\n")
        return [hmac.digest(key, data, "sha256") for key in self.keyring.subkeys(_DIGEST)]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One mail in one transaction."""

    means: Means
    connection: Connection
    mail: ReturnedMail
    raw: bytes
    now: datetime
    arrived_at: datetime
    envelope_to: Sequence[str] = ()

    @property
    def has_evidence(self) -> bool:
        """Whether something signed by us is in it."""
        evidence = self.mail.evidence
        return any(found is not None for found in (evidence.delivery, evidence.token, evidence.notice))

    def for_a_person(self, why: str) -> Handled:
        """Nobody but a person can tell what to do."""
        return Handled(outcome=Outcome.HUMAN, why=why, is_ours=self.has_evidence)

    def addressee(self) -> Addressee | None:
        """Whom the delivery was for that the mail names, by the better evidence; None if erased, or none is named."""
        evidence = self.mail.evidence
        if evidence.envelope is not None:
            return store.by_delivery(self.connection, evidence.envelope)
        if evidence.message is not None:
            return store.by_delivery(self.connection, evidence.message.delivery, evidence.message.job_ref)
        return None

    def was_counted(self) -> bool:
        """Whether this very mail changed something before."""
        return store.was_seen(self.connection, self.means.digests(self.raw))

    def remember(self) -> None:
        """Know this mail again."""
        store.remember(self.connection, self.means.digests(self.raw)[0], self.now)

    def suppress(self, subscriber_id: int, reason: SuppressionReason) -> bool:
        """Mail this person no more, on any list; False if that is so already."""
        return suppress(
            self.connection,
            subscriber_id,
            reason=reason,
            actor=Actor.SYSTEM,
            policies=self.means.configuration.policies,
            now=self.arrived_at,
            record=self.means.record,
        )

    @property
    def headers(self) -> Headers:
        """Those of the mail itself."""
        return split_headers(plain_lines(self.raw))[0]

    def only_sender(self) -> str | None:
        """The address of From if there is exactly one of each: what is authenticated is one address (A15)."""
        values = list(self.headers.all("from"))
        found = addresses_of(values)
        return found[0] if len(values) == len(found) == 1 else None

    def recipients(self) -> list[str]:
        """The addresses it was sent to, by its envelope and its headers."""
        return [*self.envelope_to, *addresses_of(self.headers.all(*_TO_HEADERS))]
