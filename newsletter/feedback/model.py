"""What a mail that came back says, in words that do not depend on who wrote it. Pure.

`newsletter.feedback.parse.parse_returned_mail` makes a ReturnedMail of bytes; whoever receives mail hands it, with the
bytes, to an `Applies`, which changes the store. Nothing here is stored as it is: a ReturnedMail holds addresses.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from newsletter.message.ids import DeliveryRef


class Kind(StrEnum):
    """What a mail is, as a whole."""

    BOUNCE = "bounce"
    """A report about delivery, by whatever server: each recipient says whether it failed, waits or arrived."""
    COMPLAINT = "complaint"
    """A feedback report (RFC 5965) by a mailbox provider: someone pressed "spam"."""
    UNSUBSCRIBE = "unsubscribe"
    """A person (or a mail program for them) asks to leave: by token (A15) or by the word."""
    AUTO_REPLY = "auto-reply"
    """A robot answers: out of office, receipt, ticket number, read receipt. Dropped, never answered (A16)."""
    OTHER = "other"
    """Nobody understands it, or it is a person's own words: for a human to read."""


class Action(StrEnum):
    """What a server did with one recipient (RFC 3464 section 2.3.3). Only FAILED is a failure (A19)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


class BounceClass(StrEnum):
    """What a failure says about the address; decided in newsletter/feedback/policy.py (A23, A29)."""

    HARD = "hard"
    """The address is dead: suppress it at once."""
    SOFT = "soft"
    """Not now, or not sure: counts only when it happens on several days."""
    POLICY = "policy"
    """About us (reputation, authentication, content, rate): never counts against the subscriber."""
    UNKNOWN = "unknown"
    """The report does not say; also for what is no failure."""


class Source(StrEnum):
    """Where the list of recipients comes from, the most reliable first."""

    STANDARD = "standard"
    """The machine-readable part: RFC 3464 or RFC 5965."""
    TEXT = "text"
    """The words and headers of a server that follows no standard."""
    ORIGINAL = "original"
    """The recipient of the message that was sent back: the report names none."""
    SECOND_OPINION = "second-opinion"
    """flufl.bounce; we understood nothing ourselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One recipient of a report, a complaint or a request to leave."""

    address: str
    """As written in the mail, without brackets; domain in lower case. Personal data: not for logs (I7)."""
    action: Action | None = None
    status: str | None = None
    """Enhanced status (RFC 3463) such as `5.1.1`; None if none was given."""
    reply_code: int | None = None
    """Three digits of SMTP, such as 550."""
    bounce_class: BounceClass = BounceClass.UNKNOWN
    diagnostic: str = ""
    """What the server said, in one line, without any address, at most 200 characters (I7)."""
    original: str | None = None
    """The address we sent to (Original-Recipient), where the report tells it apart."""
    source: Source = Source.TEXT

    @property
    def is_failure(self) -> bool:
        """Whether this recipient did not get the mail and never will; a delay is none (A19)."""
        return self.action is Action.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Which of our messages and subscriptions a mail is about; every value was verified with our keys (A18)."""

    envelope: int | None = None
    """Delivery of the VERP address the mail was sent to: proof by itself."""
    message: DeliveryRef | None = None
    """Delivery of our Message-ID found in it: finds the delivery, proves little by itself."""
    token: bytes | None = None
    """Ref of the subscription whose unsubscribe token stands in a recipient address or the subject (A15)."""

    notice: int | None = None
    """Number of the service mail it is about, by its envelope sender or Message-ID."""

    @property
    def delivery(self) -> int | None:
        """The delivery's number, from the better of the two."""
        if self.envelope is not None:
            return self.envelope
        return self.message.delivery if self.message else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedMail:
    """One mail that came back, understood as far as it can be."""

    kind: Kind
    recipients: tuple[Recipient, ...] = ()
    evidence: Evidence = Evidence()
    feedback_type: str | None = None
    """RFC 5965: `abuse`, `opt-out`, `fraud`, `not-spam` ..., in lower case."""
    asks_to_leave: bool = False
    """`afmelden`, `uitschrijven`, `unsubscribe` ... in the subject or the first line of what the person wrote."""
    is_automatic: bool = False
    """Written by a robot, in whole or in effect: nothing may answer it (A16)."""
    sender: str | None = None
    """Address in From. Not proven: see `authentication` (A15)."""
    authentication: tuple[str, ...] = ()
    """Values of Authentication-Results, the topmost first; only those of our own server mean anything."""
    problem: str = ""
    """Why a person must look at it, in words without personal data; empty if nothing is wrong."""

    @property
    def ends_at_once(self) -> bool:
        """Whether it is a complaint that ends the subscription without a second look (A20)."""
        return self.kind is Kind.COMPLAINT and self.feedback_type in ENDING_FEEDBACK


ENDING_FEEDBACK = frozenset({"abuse", "opt-out", "opt-out-list"})
"""Feedback types that end a subscription at once (A20); the others are for a person."""


class Outcome(StrEnum):
    """What was done with one mail; the words of the summary that `feedback process` prints."""

    APPLIED = "applied"
    """Something changed: an address suppressed, a subscription ended, a soft bounce counted."""
    UNCHANGED = "unchanged"
    """Ours and understood, and nothing had to change: a delay, a policy refusal, the same mail again."""
    DROPPED = "dropped"
    """An automatic reply."""
    UNMATCHED = "unmatched"
    """Understood, and about nobody of ours; forged evidence ends here too (A18)."""
    HUMAN = "human"
    """For a person to read: put in the human folder."""


class Applies(Protocol):
    """Changes the store by one mail. The same mail again changes nothing."""

    def __call__(self, mail: ReturnedMail, raw: bytes, *, now: datetime) -> Outcome:
        """Apply `mail`, which was parsed from `raw` and arrived at `now`; durable when it returns."""
        ...  # pragma: no cover - a signature
