"""Mails that come back, in own words, and a project that takes them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from newsletter.config import Configuration
from newsletter.feedback.applying import Applier
from newsletter.feedback.case import Handled
from newsletter.message.ids import make_verp_sender, message_ids
from newsletter.store.tables import delivery, send_job
from subscribers.schema import metadata
from subscribers.tables import subscriber, subscription, suppression
from subscribers.tokens import Keyring, Purpose
from subscribers.transactions import reading
from tests.support.people import Remembering, joined, sent_to

NOW = datetime(2027, 6, 14, 9, 30, tzinfo=UTC)
KEYRING = Keyring({1: b"k" * 32}, 1)
SENT = 3
MAILBOX = "afmelden@example.org"
LIST: dict[str, Any] = {
    "title": "Nieuws",
    "from": "Programma Voorbeeld <nieuws@example.org>",
    "reply_to": "redactie@example.org",
    "unsubscribe_mailbox": MAILBOX,
    "bounce_mailbox": "bounces@bounce.example.org",
    "envelope": "verp",
    "basis": "consent",
    "controller": "Organisatie Voorbeeld",
    "privacy_url": "https://example.org/privacy",
}


def configuration(folder: Path, **feedback: Any) -> Configuration:
    lists = {"nieuws": LIST, "agenda": {**LIST, "title": "Agenda", "unsubscribe_mailbox": "agenda-af@example.org"}}
    relay = {"host": "127.0.0.1", "port": 2525, "security": "none"}
    values = {"site": {"base_url": "http://127.0.0.1:8080"}, "relays": {"main": relay}, "lists": lists}
    return Configuration.model_validate({**values, "feedback": feedback, "folder": folder})


@dataclass
class Desk:
    """A store whose people get mail, and whose feedback is applied."""

    engine: Engine
    folder: Path
    rules: dict[str, Any] = field(default_factory=dict)
    ledger: Remembering = field(default_factory=Remembering)
    settings: Configuration | None = None

    @property
    def applier(self) -> Applier:
        return Applier(
            configuration=self.settings or configuration(self.folder, **self.rules),
            engine=self.engine,
            keyring=KEYRING,
            record=self.ledger,
        )

    def reader(self, address: str = "jan@gemeente.example", slug: str = "nieuws") -> bytes:
        return joined(self.engine, address, slug)

    def sent(self, *refs: bytes, slug: str = "zomer") -> list[int]:
        """Numbers of deliveries that the relay took, one per subscription."""
        job = sent_to(self.engine, *refs, states=[SENT] * len(refs), slug=slug)
        with reading(self.engine) as connection:
            return list(
                connection.scalars(select(delivery.c.id).where(delivery.c.job_id == job).order_by(delivery.c.id))
            )

    def read(self, raw: bytes, *, at: datetime = NOW, to: Sequence[str] = ()) -> Handled:
        return self.applier.read(raw, now=at, envelope_to=to)

    def state(self, ref: bytes) -> str | None:
        with reading(self.engine) as connection:
            query = select(subscription.c.state, subscription.c.ended_reason).where(subscription.c.ref == ref)
            row = connection.execute(query).first()
        return None if row is None else f"{row.state} {row.ended_reason}" if row.ended_reason else row.state

    def suppressed(self, address: str = "jan@gemeente.example") -> str | None:
        query = select(suppression.c.reason).join(subscriber).where(subscriber.c.address_key == address)
        with reading(self.engine) as connection:
            return connection.scalar(query)

    def job_ref(self, number: int) -> bytes:
        with reading(self.engine) as connection:
            query = select(send_job.c.ref).join(delivery).where(delivery.c.id == number)
            return bytes(connection.scalars(query).one())

    def message_id(self, number: int) -> str:
        return message_ids(KEYRING, self.job_ref(number), "example.org")(number)

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        with reading(self.engine) as connection:
            return {
                table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
                for table in metadata.sorted_tables
            }


def verp(number: int) -> str:
    return make_verp_sender(KEYRING, number, "bounce.example.org")


def token(ref: bytes) -> str:
    return KEYRING.sign(Purpose.UNSUBSCRIBE, ref)


def mail(*headers: str, body: str = "Dag") -> bytes:
    return "\r\n".join([*headers, f"Date: {format_datetime(NOW)}", "", body, ""]).encode()


def bounce(
    to: str,
    recipient: str = "jan@gemeente.example",
    *,
    status: str = "5.1.1",
    action: str = "failed",
    diagnostic: str = "550 no such mailbox",
    message_id: str = "<1@elsewhere.example>",
    original: str = "",
    number: int = 1,
) -> bytes:
    """A delivery status notification (RFC 3464) in own words; `number` makes it another mail."""
    return "\r\n".join(
        [
            "Return-Path: <>",
            "From: Mail system <postmaster@mx.example>",
            f"To: {to}",
            "Subject: Your message could not be delivered",
            f"Message-ID: <{number}.dsn@mx.example>",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="zz"',
            "",
            "--zz",
            "Content-Type: text/plain; charset=utf-8",
            "",
            "It did not arrive.",
            "",
            "--zz",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example",
            "",
            *([f"Original-Recipient: rfc822; {original}"] if original else []),
            f"Final-Recipient: rfc822; {recipient}",
            f"Action: {action}",
            f"Status: {status}",
            f"Diagnostic-Code: smtp; {diagnostic}",
            "",
            "--zz",
            "Content-Type: message/rfc822",
            "",
            "From: Programma Voorbeeld <nieuws@example.org>",
            f"To: {recipient}",
            f"Message-ID: {message_id}",
            "Subject: Zomereditie",
            "",
            "Beste lezer",
            "--zz--",
            "",
        ]
    ).encode()


def complaint(
    to: str,
    *,
    kind: str = "abuse",
    recipient: str = "",
    message_id: str = "<1@elsewhere.example>",
    addressed: str = "undisclosed",
) -> bytes:
    """A feedback report (RFC 5965) in own words; the recipient is redacted unless given.

    `addressed` is the To of the mail that it complains about.
    """
    return "\r\n".join(
        [
            "Return-Path: <fbl@provider.example>",
            "From: Feedback <fbl@provider.example>",
            f"To: {to}",
            "Subject: FW: Zomereditie",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=feedback-report; boundary="zz"',
            "",
            "--zz",
            "Content-Type: text/plain",
            "",
            "Somebody does not want this.",
            "",
            "--zz",
            "Content-Type: message/feedback-report",
            "",
            f"Feedback-Type: {kind}",
            "User-Agent: Provider/1.0",
            "Version: 1",
            *([f"Original-Rcpt-To: {recipient}"] if recipient else []),
            "",
            "--zz",
            "Content-Type: message/rfc822",
            "",
            "From: Programma Voorbeeld <nieuws@example.org>",
            f"To: {addressed}",
            f"Message-ID: {message_id}",
            "Subject: Zomereditie",
            "",
            "Beste lezer",
            "--zz--",
            "",
        ]
    ).encode()


def request(
    sender: str = "Jan <jan@gemeente.example>", to: str = MAILBOX, subject: str = "afmelden", *more: str, body: str = ""
) -> bytes:
    """A mail of a person who wants to leave."""
    return mail(*more, f"From: {sender}", f"To: {to}", f"Subject: {subject}", body=body)
