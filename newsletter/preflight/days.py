"""Dates in the agenda and in invitations that lie before the issue. Pure."""

from collections.abc import Iterator
from datetime import date

from newsletter.compose.dates import day_in_words
from newsletter.issue.finding import Finding
from newsletter.issue.model_meetings import Agenda, Invitation
from newsletter.preflight.messages import Messages
from newsletter.preflight.walk import Content


def check_days(content: Content, messages: Messages) -> Iterator[Finding]:
    """What was announced after it was over."""
    issued = content.issue.date
    for block in content.blocks:
        match block:
            case Agenda():
                for entry in block.entries:
                    if entry.date < issued:
                        day = day_in_words(entry.date, messages.language)
                        yield messages.finding("entry-past", entry.line, title=entry.title, day=day)
            case Invitation():
                yield from _invitation(block, issued, messages)


def _invitation(block: Invitation, issued: date, messages: Messages) -> Iterator[Finding]:
    if block.date < issued:
        day = day_in_words(block.date, messages.language)
        yield messages.finding("invitation-past", block.line, title=block.title, day=day)
    if block.closing_date is None:
        return
    closing = day_in_words(block.closing_date, messages.language)
    if block.closing_date > block.date:
        yield messages.finding("closing-after", block.line, title=block.title, day=closing)
    elif block.closing_date < issued <= block.date:
        yield messages.finding("closing-past", block.line, title=block.title, day=closing)
