"""Preflight: what is wrong with an issue before anyone gets it, in the list's language. Pure.

Families of checks have a module each; `newsletter check` shows what they find, `send` refuses errors.
"""

from collections.abc import Iterable

from newsletter.compose.compiled import CompiledIssue
from newsletter.config import MailingList
from newsletter.issue.finding import Finding, Severity
from newsletter.issue.model import Issue
from newsletter.preflight.html import check_html
from newsletter.preflight.law import check_list, check_way_out
from newsletter.preflight.links import check_links
from newsletter.preflight.messages import Messages
from newsletter.preflight.structure import check_structure
from newsletter.preflight.words import check_words


def preflight(issue: Issue, mailing_list: MailingList, compiled: CompiledIssue | None = None) -> list[Finding]:
    """All findings about an issue and, where given, what was compiled from it; by line, errors first."""
    found = check_source(issue, mailing_list)
    if compiled is not None:
        found += check_compiled(compiled, file=issue.file)
    return _sorted(found)


def check_source(issue: Issue, mailing_list: MailingList) -> list[Finding]:
    """Findings about the issue file and the list that it is for."""
    messages = Messages(mailing_list.language, issue.file)
    return _sorted(
        [
            *check_list(mailing_list, messages),
            *check_structure(issue, messages),
            *check_links(issue, messages),
            *check_words(issue, messages),
        ]
    )


def check_compiled(compiled: CompiledIssue, *, file: str) -> list[Finding]:
    """Findings about the bytes that everyone will get; `file` is the issue they were made from."""
    messages = Messages(compiled.language, file)
    return _sorted([*check_way_out(compiled, messages), *check_html(compiled, messages)])


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether the issue may not be sent like this."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(dict.fromkeys(findings), key=lambda finding: (finding.line, finding.severity is not Severity.ERROR))
