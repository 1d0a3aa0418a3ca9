"""`newsletter retention report`: what was erased in a period and the proof, for a privacy officer (B2, B13)."""

from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated

import typer

from newsletter.cli.common import ConfigOption, Project, json_text, open_project
from newsletter.cli.privacy import LanguageChoice, LanguageOption, OutOption, loader_of, write
from newsletter.cli.receipts_check import check_receipts
from newsletter.cli.retention_status import status_of
from newsletter.privacy.document import Language, to_markdown
from newsletter.privacy.render import to_html
from newsletter.privacy.report import Evidence, as_csv, as_values, report
from subscribers.clock import utc_now
from subscribers.errors import InputError
from subscribers.receipts import between
from subscribers.transactions import reading

DAYS = 31
"""How far back a report goes unless --from says more."""


class ReportFormat(StrEnum):
    """How the report is written."""

    TEXT = "text"
    HTML = "html"
    CSV = "csv"
    JSON = "json"


def make_report(
    start: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DAY", help="First day; a month ago.")
    ] = None,
    end: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DAY", help="Last day, included; today.")
    ] = None,
    file_format: Annotated[
        ReportFormat, typer.Option("--format", help="text, html to print, csv and json for programs.")
    ] = ReportFormat.TEXT,
    language: LanguageOption = None,
    out: OutOption = None,
    config: ConfigOption = None,
) -> None:
    """Report what was erased in a period, by which rule, how late at most, and whether the receipts are whole.

    It holds no personal data. Exit 1 if something is overdue now, or if the receipts are not those that were written.

    \b
    Example: newsletter retention report --from 2027-01-01 --to 2027-12-31 --format html --out verslag-2027.html
    """
    project = open_project(config)
    evidence = gather(project, start, end)
    spoken: Language = (language or LanguageChoice(project.configuration.site.language)).value
    write(_written(project, evidence, file_format, spoken), out)
    if evidence.status.is_overdue or evidence.changed is not None:
        raise typer.Exit(1)


def gather(project: Project, start: datetime | None, end: datetime | None) -> Evidence:
    """What the report is made of: whole days in the time zone of the first list."""
    zone, now = project.zone, utc_now()
    last = _midnight(end, zone) + timedelta(days=1) if end else now + timedelta(microseconds=1)
    first = _midnight(start, zone) if start else last - timedelta(days=DAYS)
    if first >= last:
        raise InputError("--from lies after --to", remedy="name the earlier day first")
    proof = check_receipts(project)
    with reading(project.engine) as connection:
        receipts = between(connection, first, last)
    return Evidence(
        start=first,
        end=last,
        made_at=now,
        receipts=receipts,
        status=status_of(project),
        changed=proof.changed,
        missing=proof.missing,
        controllers=tuple(dict.fromkeys(item.controller for item in project.configuration.lists.values())),
        zone=zone,
    )


def _written(project: Project, evidence: Evidence, file_format: ReportFormat, language: Language) -> str:
    match file_format:
        case ReportFormat.CSV:
            return as_csv(evidence)
        case ReportFormat.JSON:
            return json_text(as_values(evidence))
        case ReportFormat.HTML:
            return to_html(report(evidence, language), loader_of(project.configuration))
        case ReportFormat.TEXT:
            return to_markdown(report(evidence, language))


def _midnight(day: datetime, zone: tzinfo) -> datetime:
    return datetime.combine(day.date(), time(), tzinfo=zone).astimezone(UTC)
