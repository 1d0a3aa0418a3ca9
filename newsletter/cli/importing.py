"""`newsletter subscribers import`: a file of people, put on a list."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from newsletter.cli.common import (
    ConfigOption,
    JsonOption,
    Project,
    errors,
    open_project,
    print_json,
    progress,
)
from newsletter.cli.grammar import counted
from newsletter.cli.grounds import (
    BasisOption,
    ListOption,
    SourceOption,
    VersionOption,
    WordingOption,
    check_grounds,
    check_wording,
)
from newsletter.cli.import_consent import (
    AskOption,
    BringBackOption,
    ConsentedAtOption,
    CutoffOption,
    MadeOnOption,
    consented_at,
    cutoff,
    later,
    older_than_erasures,
)
from newsletter.cli.import_result import result_of, show_result
from newsletter.cli.import_sources import Reading, Table, opened
from newsletter.cli.mapping import ask_mapping
from newsletter.cli.private_files import asked, path_below, shown, written
from subscribers.clock import utc_now
from subscribers.exporting import BYTE_ORDER_MARK
from subscribers.import_cutoff import erasures
from subscribers.import_formats import FileFormat
from subscribers.import_grounds import CONSENT, Grounds
from subscribers.import_report import ImportReport, Note, NotTaken
from subscribers.import_rules import Rules
from subscribers.import_store import Source, import_files
from subscribers.transactions import reading

ROWS_REFUSED = 1
"""Exit status of an import that took what it could and refused the rest."""

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="CSV with a header line, JSON lines, or the ZIP of a Mailchimp audience.")
]
FormatOption = Annotated[
    FileFormat | None,
    typer.Option("--format", help="Which system wrote the file; recognised by its headings unless given."),
]
MapOption = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="HEADING=MEANING", help="What a column is: 'Mailadres=email', 'Notitie=skip'."),
]


def import_file(  # noqa: PLR0913, PLR0917 - Typer reads the options from the signature
    file: FileArgument,
    slug: ListOption,
    basis: BasisOption,
    source: SourceOption = "",
    wording: WordingOption = "",
    wording_version: VersionOption = "",
    consented: ConsentedAtOption = "",
    not_before: CutoffOption = "",
    made_on: MadeOnOption = "",
    bring_back: BringBackOption = False,
    ask: AskOption = False,
    file_format: FormatOption = None,
    mapping: MapOption = None,
    update: Annotated[bool, typer.Option("--update", help="Let names in the file replace stored ones.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; change nothing.")] = False,
    report_file: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write the rows that were not taken here (CSV).")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put everybody in a file on a list. The same file twice changes nothing.

    Comma, semicolon or tab; UTF-8, Windows-1252 or UTF-16; headings in Dutch or English (e-mail, naam, voornaam,
    achternaam, organisatie, status, aanmelddatum). Exports of Mailchimp, listmonk and Laposta are recognised. Who left
    there is ended here, who bounced is suppressed. Columns that the list's `attributes` do not name are reported and
    not stored.

    Who left is not brought back, as long as they are known here. Of who was erased nothing is known: so on a list on
    consent, who has no evidence of it that is later than the newest erasure waits for a confirmation; on another list
    --made-on says how old the file is, and who is new in a file from before the newest erasure is left out.

    Exit status 1: some rows were refused; the rest is imported.

    \b
    Example: newsletter subscribers import people.csv --list nieuwsbrief --basis consent \\
                 --source "sign-up form on www.example.org" --consented-at 2026-03-01
    Example: newsletter subscribers import audience_export.zip --list nieuwsbrief --basis consent \\
                 --source "Mailchimp, sign-up form on www.example.org" --dry-run
    """
    project = open_project(config)
    item = project.configuration.mailing_list(slug)
    kept_wording, kept_version = check_wording(wording, wording_version)
    now = utc_now()
    with reading(project.engine) as connection:
        gone = erasures(connection)
    since = cutoff(item, not_before, gone)
    grounds = Grounds(
        list=slug,
        basis=basis,
        source=check_grounds(project, slug, basis, source),
        wording=kept_wording,
        wording_version=kept_version,
        now=now,
        update=update,
        consented_at=consented_at(item, consented, now),
        cutoff=since.at,
        older_than_erasures=older_than_erasures(item, made_on, now, gone, bring_back=bring_back),
        erased=gone,
    )
    read = Reading(
        configuration=project.configuration,
        item=item,
        format=file_format,
        mapping=mapping or (),
        ask=lambda reader, problem: ask_mapping(reader, problem, item.attributes),
    )
    report = ImportReport()
    with opened(file, read) as found, _noted(project, slug, report_file, dry_run=dry_run) as refusals:
        report.note = refusals.note
        _run(project, found.tables, grounds, report, asks=ask, dry_run=dry_run, quiet=as_json)
        result = result_of(file, found, report, refusals.path, dry_run=dry_run)
    result["made_on"] = made_on or None
    result["erased_meanwhile"] = report.erased_meanwhile.isoformat() if report.erased_meanwhile else None
    if item.basis == CONSENT:
        since = later(since, report.erased_meanwhile)
    result["cutoff"] = {"at": since.at.isoformat(), "why": since.why} if since.at else None
    if as_json:
        print_json(result)
    else:
        show_result(result, slug=slug, zone=item.zone, asks=ask)
    if report.refused:
        raise typer.Exit(ROWS_REFUSED)


class _Refusals:
    """The file of rows that were not taken; made when there is a first one, or when it was asked for by name.

    As a Dutch Excel opens it by a click: a byte order mark and semicolons. Without a path nothing is written.
    """

    def __init__(self, stack: ExitStack, path: Path | None, *, at_once: bool) -> None:
        self._stack = stack
        self._path = path
        self.path: Path | None = None
        self._write: Callable[[list[Any]], Any] | None = None
        if path and at_once:
            self._open(path)

    def _open(self, path: Path) -> Callable[[list[Any]], Any]:
        file = self._stack.enter_context(written(path))
        file.write(BYTE_ORDER_MARK)
        self._write = csv.writer(file, delimiter=";").writerow
        self._write(["file", "line", "result", "reason", "remedy"])
        self.path = path
        return self._write

    @property
    def note(self) -> Note | None:
        """What the import calls for every such row."""
        if (path := self._path) is None:
            return None

        def note(row: NotTaken) -> None:
            write = self._write or self._open(path)
            write([row.file, row.line, row.why.value, row.reason, row.remedy])

        return note


@contextmanager
def _noted(project: Project, slug: str, report_file: Path | None, *, dry_run: bool) -> Iterator[_Refusals]:
    """Where the rows go that are not taken; a dry run leaves no file behind that was not asked for."""
    path = asked(report_file, "--report") if report_file else None
    if path is None and not dry_run:
        path = path_below(project.configuration.data_dir, f"import-{slug}", utc_now(), "csv")
    with ExitStack() as stack:
        yield _Refusals(stack, path, at_once=report_file is not None)


def _named(tables: Sequence[Table], report: ImportReport) -> Iterator[Source]:
    """The tables one by one, each under its name in the report."""
    for table in tables:
        report.file = shown(Path(table.name))
        yield table.reader, table.columns


def _run(
    project: Project,
    tables: Sequence[Table],
    grounds: Grounds,
    report: ImportReport,
    *,
    asks: bool,
    dry_run: bool,
    quiet: bool,
) -> None:
    rules = Rules(
        policies=project.configuration.policies,
        record=project.ledger.append,
        marker=project.forgetting.marking.marker,
        asks=asks,
    )
    sources = _named(tables, report)
    size = sum(table.reader.size for table in tables)
    with progress(quiet=quiet) as bar:
        task = bar.add_task("Importing", total=None)

        def advance(bytes_read: int, report: ImportReport) -> None:
            # In rows, so that the rate is too; how many there will be is estimated once, from the first chunk.
            if not bar.tasks[task].total:
                bar.update(task, total=max(1, round(report.rows * size / max(bytes_read, 1))))
            bar.update(task, completed=(bar.tasks[task].total or 1) * bytes_read / max(size, 1))

        try:
            import_files(project.engine, sources, grounds, report=report, rules=rules, dry_run=dry_run, advance=advance)
        except KeyboardInterrupt:
            if not dry_run:
                people = counted(report.added + report.joined, "person is", "people are")
                errors.print(f"{people} on the list now; the same command goes on.")
            raise
