"""What the law asks of every mail: who sends it, what happens with data, the way out (B6, B7). Pure."""

from collections.abc import Iterator

from newsletter.compose.compiled import CompiledIssue, Field, Pieces
from newsletter.compose.labels import LABELS
from newsletter.config_lists import MailingList
from newsletter.issue.finding import Finding
from newsletter.preflight.mail import Mail, one_line
from newsletter.preflight.messages import Messages

EARLY_BYTES = 20_000
"""The way out stands before this many bytes of HTML: a mail that is cut off still has it (A30)."""


def check_list(mailing_list: MailingList, messages: Messages) -> Iterator[Finding]:
    """The list's own texts. A reply address that nobody reads is refused by the configuration itself."""
    sender = mailing_list.sender
    if not mailing_list.controller.strip():
        yield messages.finding("no-controller", 0)
    if not mailing_list.privacy_url.startswith(("https://", "http://")):
        yield messages.finding("no-privacy-page", 0, url=mailing_list.privacy_url)
    if not sender.name.strip():
        yield messages.finding("no-sender-name", 0, address=sender.address)
    if mailing_list.reply_to is None:
        yield messages.finding("no-reply-address", 0, address=sender.address)


def check_way_out(compiled: CompiledIssue, messages: Messages) -> Iterator[Finding]:
    """The unsubscribe link: in both parts, and near the top of the HTML."""
    for part, pieces in (("text/html", compiled.html), ("text/plain", compiled.text)):
        if not any(_is_way_out(piece) for piece in pieces):
            yield messages.finding("no-unsubscribe", 0, part=part)
    before = _bytes_before_way_out(compiled.html)
    if before > EARLY_BYTES:
        yield messages.finding("late-unsubscribe", 0, size=before)


def check_footer(mail: Mail, mailing_list: MailingList, messages: Messages) -> Iterator[Finding]:
    """Colophon and processing text: their headings, and the link to the privacy statement, in both parts."""
    labels = LABELS[mail.compiled.language]
    for part, words, source in (
        ("text/html", mail.visible, mail.html),
        ("text/plain", one_line(mail.text), mail.text),
    ):
        lowered = words.casefold()
        if labels.colophon.casefold() not in lowered:
            yield messages.finding("no-colophon", 0, part=part)
        if labels.processing.casefold() not in lowered or _privacy_url(mailing_list) not in source:
            yield messages.finding("no-processing", 0, part=part)


def _privacy_url(mailing_list: MailingList) -> str:
    return mailing_list.privacy_url.partition("&")[0]


def _is_way_out(piece: object) -> bool:
    return isinstance(piece, Field) and piece.name == "unsubscribe_url"


def _bytes_before_way_out(pieces: Pieces) -> int:
    size = 0
    for piece in pieces:
        if _is_way_out(piece):
            return size
        size += len(piece.encode()) if isinstance(piece, str) else 0
    return 0
