"""Preflight: what is wrong with an issue before anyone gets it, in the list's language or in English. Pure.

Families of checks have a module each; `newsletter check` shows what they find, `send` refuses errors.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from newsletter.compose.compiled import CompiledIssue
from newsletter.compose.theme import Theme
from newsletter.config_lists import MailingList
from newsletter.issue.finding import Finding, Severity
from newsletter.issue.model import Issue
from newsletter.preflight.clients import check_clients
from newsletter.preflight.contrast import check_theme
from newsletter.preflight.days import check_days
from newsletter.preflight.html import check_html
from newsletter.preflight.law import check_footer, check_list, check_way_out
from newsletter.preflight.links import check_links
from newsletter.preflight.looks import check_looks
from newsletter.preflight.mail import Mail
from newsletter.preflight.messages import Messages
from newsletter.preflight.size import check_size
from newsletter.preflight.structure import check_structure
from newsletter.preflight.tone import check_tone
from newsletter.preflight.walk import Content
from newsletter.preflight.words import check_day, check_words


def preflight(
    issue: Issue,
    mailing_list: MailingList,
    compiled: CompiledIssue | None = None,
    *,
    theme: Theme | None = None,
    today: date | None = None,
    language: str | None = None,
) -> list[Finding]:
    """All findings about an issue and, where given, what was compiled from it; by line, errors first.

    Without `theme` its colours are not looked at, without `today` not whether the issue is late. `language` is that
    of the findings; the list's unless given.
    """
    messages = Messages(language or mailing_list.language, issue.file)
    content = Content(issue=issue, language=mailing_list.language)
    mail = Mail(compiled=compiled, content=content) if compiled else None
    found = [
        *check_list(mailing_list, messages),
        *_source(content, messages, mail.places if mail else frozenset()),
    ]
    if mail:
        found += [*_mail(mail, messages), *check_footer(mail, mailing_list, messages)]
    if theme:
        found += check_theme(theme, messages)
    if today:
        found += check_day(issue, today, messages)
    return in_order(found)


def _source(content: Content, messages: Messages, places: frozenset[str]) -> Iterator[Finding]:
    """Findings about the issue file; `places` are the ids in the compiled mail that a link may jump to."""
    yield from check_structure(content, messages)
    yield from check_links(content, messages, places)
    yield from check_words(content, messages)
    yield from check_tone(content, messages)
    yield from check_days(content, messages)


def _mail(mail: Mail, messages: Messages) -> Iterator[Finding]:
    """Findings about the bytes that everyone will get."""
    yield from check_way_out(mail.compiled, messages)
    yield from check_size(mail, messages)
    yield from check_html(mail, messages)
    yield from check_looks(mail, messages)
    yield from check_clients(mail, messages)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Each finding once: what is not in the issue first, then by line, errors before warnings."""
    return sorted(dict.fromkeys(findings), key=lambda finding: (finding.line, finding.severity is not Severity.ERROR))
