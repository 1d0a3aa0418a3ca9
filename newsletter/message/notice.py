"""A notice as a message: a short service mail that somebody asked for, text and HTML, for one person. Pure.

Not a newsletter: `Auto-Submitted: auto-generated` (A17), no List-* headers, no unsubscribe link of its own, nothing in
it that a visitor typed. Text and HTML are made from the same words and have the same links (A6).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

import jinja2

from newsletter.config_lists import MailingList
from newsletter.message import headers
from newsletter.message.notice_kinds import NoticeText
from newsletter.message.parts import text_entity
from newsletter.sandbox import sandbox
from subscribers.errors import ConfigurationError
from subscribers.retention import Period

AUTO_SUBMITTED = "auto-generated"
"""RFC 3834: a robot must not answer it (A17)."""
SUPPRESS = "OOF, AutoReply"
"""Exchange's own header: no out-of-office reply to this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """To whom, under which name, and when."""

    address: str
    message_id: str
    date: datetime
    """Aware."""


class NoticeTemplates:
    """The templates `notice.txt` and `notice.html` of a loader; the department's may come first."""

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        self._environment = sandbox(loader, autoescape=lambda name: bool(name) and str(name).endswith(".html"))

    def render(self, name: str, values: Mapping[str, object]) -> str:
        """The template, filled; raises ConfigurationError that names it."""
        try:
            return self._environment.get_template(name).render(values)
        except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as problem:
            line = getattr(problem, "lineno", 0)
            raise ConfigurationError(
                f"the template of service mails does not work: {problem}",
                where=f"notices/{name}" + (f":{line}" if line else ""),
                remedy="mend it, or remove your copy so that the built-in one is used",
            ) from None


def write_notice(
    templates: NoticeTemplates,
    text: NoticeText,
    mailing_list: MailingList,
    to: Addressed,
    *,
    values: Mapping[str, str],
    link: str = "",
) -> bytes:
    """The complete message, lines ended by CRLF. Raises UnsafeValueError (A4) or ConfigurationError.

    `values` fill the braces of `text`; `link` is what its button opens.
    """
    filled = filled_text(text, values)
    shown = {"text": filled, "link": link, "list": mailing_list, "language": mailing_list.language}
    shown |= {"labels": replace(LABELS[mailing_list.language], why=filled.why), "values": values}
    entities = [
        _entity("plain", templates.render("notice.txt", shown).strip() + "\n"),
        _entity("html", templates.render("notice.html", shown)),
    ]
    boundary = f"=_{sha256(to.message_id.encode()).hexdigest()[:30]}_n"
    return b"".join((*_headers(filled.subject, mailing_list, to), *_alternative(entities, boundary)))


def filled_text(text: NoticeText, values: Mapping[str, str]) -> NoticeText:
    """`text` with its braces filled; raises KeyError for a word that `values` lacks."""
    return NoticeText(
        subject=text.subject.format_map(values),
        heading=text.heading.format_map(values),
        paragraphs=tuple(line.format_map(values) for line in text.paragraphs),
        button=text.button.format_map(values),
        after=tuple(line.format_map(values) for line in text.after),
        why=text.why.format_map(values),
    )


def _entity(subtype: str, text: str) -> bytes:
    return b"".join(part for part in text_entity(subtype, (text,)) if isinstance(part, bytes))


def _alternative(entities: Iterable[bytes], boundary: str) -> Iterator[bytes]:
    """Text first, HTML last (A6); the boundary begins with `=_`, which no content can hold."""
    yield headers.tokens("Content-Type", f'multipart/alternative; boundary="{boundary}"')
    for entity in entities:
        yield f"\r\n--{boundary}\r\n".encode("ascii") + entity
    yield f"\r\n--{boundary}--\r\n".encode("ascii")


def _headers(subject: str, mailing_list: MailingList, to: Addressed) -> Iterator[bytes]:
    sender, reply_to = mailing_list.sender, mailing_list.reply_to
    yield headers.mailbox("From", sender.name, sender.address)
    if reply_to:
        yield headers.mailbox("Reply-To", reply_to.name, reply_to.address)
    yield headers.mailbox("To", "", to.address)
    yield headers.unstructured("Subject", subject)
    yield b"Date: " + headers.format_date(to.date) + b"\r\n"
    yield headers.tokens("Message-ID", to.message_id)
    yield headers.tokens("Auto-Submitted", AUTO_SUBMITTED)
    yield headers.tokens("X-Auto-Response-Suppress", SUPPRESS)
    yield b"MIME-Version: 1.0\r\n"


@dataclass(frozen=True, kw_only=True)
class NoticeLabels:
    """Words around every notice, in one language."""

    copy_link: str
    sender: str
    contact: str
    privacy: str
    why: str = ""
    """That of the mail (NoticeText.why), here for templates."""


LABELS = {
    "nl": NoticeLabels(
        copy_link="Werkt de knop niet? Kopieer dan dit adres naar uw browser:",
        sender="Afzender",
        contact="Vragen over uw gegevens",
        privacy="Privacyverklaring",
    ),
    "en": NoticeLabels(
        copy_link="Does the button not work? Copy this address into your browser:",
        sender="Sender",
        contact="Questions about your data",
        privacy="Privacy statement",
    ),
}


def period_in_words(period: Period, language: str) -> str:
    """`21 dagen`, `1 maand`: how long data stays, as a notice writes it."""
    if period.days is None:
        return {"nl": "1 maand", "en": "1 month"}[language]
    one, many = {"nl": ("dag", "dagen"), "en": ("day", "days")}[language]
    return f"{period.days} {one if period.days == 1 else many}"
