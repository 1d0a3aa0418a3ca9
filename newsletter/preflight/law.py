"""What the law asks of every mail: who sends it, where data protection is explained, the way out (B6, B7). Pure."""

from collections.abc import Iterator

from newsletter.compose.compiled import CompiledIssue, Field
from newsletter.config import MailingList
from newsletter.issue.finding import Finding
from newsletter.preflight.messages import Messages


def check_list(mailing_list: MailingList, messages: Messages) -> Iterator[Finding]:
    """The list's own texts. A reply address that nobody reads is refused by the configuration itself."""
    if not mailing_list.controller.strip():
        yield messages.finding("no-controller", 0)
    if not mailing_list.privacy_url.startswith(("https://", "http://")):
        yield messages.finding("no-privacy-page", 0, url=mailing_list.privacy_url)


def check_way_out(compiled: CompiledIssue, messages: Messages) -> Iterator[Finding]:
    """The unsubscribe link, in both parts."""
    for part, pieces in (("text/html", compiled.html), ("text/plain", compiled.text)):
        if not any(isinstance(piece, Field) and piece.name == "unsubscribe_url" for piece in pieces):
            yield messages.finding("no-unsubscribe", 0, part=part)
