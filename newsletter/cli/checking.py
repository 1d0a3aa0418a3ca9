"""`newsletter check`: what is wrong with an issue, from the file, the mail, the web and a spam filter."""

import dataclasses
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from newsletter.cli.common import ConfigOption, JsonOption, Project, console, errors, open_project, print_json
from newsletter.cli.workshop import Workpiece, work_on
from newsletter.issue.finding import Finding, IssueError, Severity
from newsletter.preflight.check import in_order
from newsletter.preflight.messages import Messages
from newsletter.preflight.spam import SpamReport
from subscribers.errors import NegativeError

IssueArgument = Annotated[Path, typer.Argument(metavar="ISSUE", help="The issue file.", show_default=False)]
_COUNTED = {
    "en": {"error": ("error", "errors", "no errors"), "warning": ("warning", "warnings", "no warnings")},
    "nl": {
        "error": ("fout", "fouten", "geen fouten"),
        "warning": ("waarschuwing", "waarschuwingen", "geen waarschuwingen"),
    },
}
_LEVELS = {"en": {"error": "error", "warning": "warning"}, "nl": {"error": "fout", "warning": "waarschuwing"}}


class Language(StrEnum):
    """The languages that findings are written in."""

    NL = "nl"
    EN = "en"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("check")(check)


def check(
    issue: IssueArgument,
    online: Annotated[bool, typer.Option("--online", help="Ask the web once for every link.")] = False,
    spam: Annotated[bool, typer.Option("--spam", help="Ask SpamAssassin, by its local rules.")] = False,
    language: Annotated[
        Language | None, typer.Option("--language", help="Language of the findings; the list's by default.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is wrong with an issue; exit 1 if anything is of level error. `newsletter explain RULE` says why.

    \b
    Example: newsletter check issues/zomereditie.md
    """
    project = open_project(config, issue)
    spoken = language.value if language else None
    try:
        piece = work_on(project, issue, language=spoken)
    except IssueError as problem:
        _report(issue, problem.findings, {}, as_json=as_json)
        raise typer.Exit(NegativeError.exit_status) from None
    messages = Messages(spoken or piece.mailing_list.language, piece.issue.file)
    found, extra = list(piece.findings), {}
    if online:
        found += _ask_the_web(piece, messages, quiet=as_json)
    if spam:
        report, more = _ask_spamassassin(project, piece, messages)
        extra["spam"] = dataclasses.asdict(report)
        found += more
        if not as_json:
            console.print(_spam_line(report))
    findings = tuple(in_order(found))
    _report(issue, findings, extra, as_json=as_json, language=messages.language)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise typer.Exit(NegativeError.exit_status)


def show_findings(findings: Iterable[Finding], language: str = "en") -> None:
    """The findings as they are ordered, and a last line that counts them."""
    shown = list(findings)
    for finding in shown:
        colour = "red" if finding.severity is Severity.ERROR else "yellow"
        place = f"{finding.file}:{finding.line}" if finding.line else finding.file
        level = _LEVELS[language][finding.severity]
        console.print(f"{escape(place)}: [{colour}]{level}[/] {escape(f'[{finding.rule}] {finding.what}')}")
        console.print(f"    {escape(finding.remedy)}")
    wrong = sum(finding.severity is Severity.ERROR for finding in shown)
    console.print(f"{_count(wrong, 'error', language)}, {_count(len(shown) - wrong, 'warning', language)}")


def _report(
    issue: Path, findings: tuple[Finding, ...], extra: dict[str, Any], *, as_json: bool, language: str = "en"
) -> None:
    if as_json:
        print_json({"issue": str(issue), "findings": [dataclasses.asdict(finding) for finding in findings], **extra})
    else:
        show_findings(findings, language)


def _count(number: int, word: str, language: str) -> str:
    one, more, none = _COUNTED[language][word]
    return f"{number} {one if number == 1 else more}" if number else none


def _ask_the_web(piece: Workpiece, messages: Messages, *, quiet: bool) -> list[Finding]:
    from newsletter.preflight.asking import ask
    from newsletter.preflight.online import judge, targets_of
    from newsletter.preflight.walk import Content

    anchors = Content(issue=piece.issue, language=piece.mailing_list.language).anchors
    targets = targets_of(anchors)
    if not quiet and targets:
        errors.print(f"Asking for {len(targets)} addresses, each once ...")
    return list(judge(anchors, ask(targets), messages))


def _ask_spamassassin(project: Project, piece: Workpiece, messages: Messages) -> tuple[SpamReport, list[Finding]]:
    from newsletter.message import headers
    from newsletter.message.template import sample_recipient
    from newsletter.preflight.spam import assess, check_spam
    from subscribers.clock import utc_now

    nobody = sample_recipient(
        base_url=project.configuration.site.base_url,
        mailbox=piece.mailing_list.unsubscribe_mailbox.address,
        domain=piece.identity.domain,
    )
    report = assess(piece.template().fill(nobody, headers.format_date(utc_now())))
    return report, list(check_spam(report, messages))


def _spam_line(report: SpamReport) -> str:
    fired = ", ".join(f"{rule.name} {rule.points:g}" for rule in report.fired)
    return f"SpamAssassin: {report.score:g}{f' ({fired})' if fired else ''}"
