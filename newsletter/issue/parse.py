"""From the text of an issue file to an Issue, or an IssueError with everything that is wrong in it. Pure.

Whether what it says is good for its readers, preflight says; this only says whether it can be understood.
"""

from newsletter.issue import directives, front_matter
from newsletter.issue.blocks import BlockBuilder
from newsletter.issue.fields import Fields
from newsletter.issue.finding import Finding, IssueError
from newsletter.issue.front_matter import KnownNames
from newsletter.issue.inline import InlineBuilder
from newsletter.issue.markdown import tokens_of
from newsletter.issue.model import Block, Issue
from newsletter.issue.report import Report
from newsletter.issue.source import clean, read_source

__all__ = ["KnownNames", "parse_issue", "parse_prose", "parse_what_can_be", "read_source"]

MAXIMUM_LINES = 20_000
"""Lines with something on them."""


def parse_issue(source: str, *, file: str, slug: str, known: KnownNames) -> Issue:
    """Read the text of an issue file; raise IssueError with all findings if it has any.

    `file` is named in findings, `slug` (the file's stem) is used where the front matter gives none, `known` says
    which lists and fields there are.
    """
    issue, findings = parse_what_can_be(source, file=file, slug=slug, known=known)
    if findings or issue is None:  # where the front matter is refused, a finding says why
        raise IssueError(findings)
    return issue


def parse_what_can_be(
    source: str, *, file: str, slug: str, known: KnownNames
) -> tuple[Issue | None, tuple[Finding, ...]]:
    """What of an issue file can be understood, and everything that cannot; no Issue where its front matter is refused.

    An Issue with findings is there to be looked at for what else is wrong, and is never sent.
    """
    report = Report(file)
    fields = Fields(report)
    text, first_line, body = front_matter.split(fields.hide(clean(source, report)), report)
    head = front_matter.read(text, first_line, slug=slug, known=known, fields=fields, report=report)
    blocks = _blocks(body, InlineBuilder(fields, report))
    if head is None:
        return None, report.findings
    issue = Issue(
        list_slug=head.list_slug,
        slug=head.slug,
        subject=head.subject,
        preheader=head.preheader,
        date=head.date,
        title=head.title,
        blocks=blocks,
        file=file,
        lines=head.lines,
    )
    return issue, report.findings


def parse_prose(source: str, file: str) -> tuple[Block, ...]:
    """Markdown of the configuration (colophon, disclaimer): no fields, images or directives; may raise IssueError."""
    report = Report(file)
    fields = Fields(report)
    inline = InlineBuilder(fields, report)
    too_long: list[int] = []
    tokens = tokens_of(fields.hide(clean(source, report)), {}, too_long)
    for token in tokens:
        if any(child.type == "image" for child in token.children or []):
            report.add("image", (token.map or [0])[0] + 1, "an image cannot stand here", "use words")
    blocks = BlockBuilder(inline).build(tokens)
    _report_lengths(too_long, inline)
    report.raise_if_any()
    return blocks


def _blocks(body: str, inline: InlineBuilder) -> tuple[Block, ...]:
    lines = sum(1 for line in body.split("\n") if line.strip())
    if lines > MAXIMUM_LINES:
        what = f"the issue has {lines:,} lines, more than {MAXIMUM_LINES:,}"
        inline.report.add("limit", 0, what, "split it; a mail cannot carry as much (A30)")
        return ()
    too_long: list[int] = []
    found = directives.find(body, inline.report)
    blocks = BlockBuilder(inline).build(tokens_of(body, found, too_long))
    _report_lengths(too_long, inline)
    return blocks


def _report_lengths(too_long: list[int], inline: InlineBuilder) -> None:
    for index in too_long:
        inline.too_long(index + 1)
