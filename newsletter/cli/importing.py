"""`newsletter subscribers import`: a file of people, put on a list."""

import csv
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from rich.markup import escape

from newsletter.cli.common import (
    ConfigOption,
    JsonOption,
    Project,
    console,
    errors,
    number,
    open_project,
    print_json,
    progress,
)
from newsletter.cli.grammar import counted, plural
from newsletter.cli.grounds import (
    BasisOption,
    ListOption,
    SourceOption,
    VersionOption,
    WordingOption,
    check_grounds,
    check_wording,
)
from newsletter.cli.private_files import asked, path_below, shown, written
from subscribers.clock import utc_now
from subscribers.csv_encoding import ENCODING_NAMES
from subscribers.csv_reading import DELIMITER_NAMES, CsvReader
from subscribers.errors import InputError
from subscribers.exporting import BYTE_ORDER_MARK
from subscribers.import_grounds import Grounds
from subscribers.import_report import ImportReport, Note, NotTaken
from subscribers.import_store import import_rows
from subscribers.importing import Columns, map_columns

ROWS_REFUSED = 1
"""Exit status of an import that took what it could and refused the rest."""

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="CSV with a header line, as a spreadsheet saves it.")
]


def import_file(  # noqa: PLR0913, PLR0917 - Typer reads the options from the signature
    file: FileArgument,
    slug: ListOption,
    basis: BasisOption,
    source: SourceOption = "",
    wording: WordingOption = "",
    wording_version: VersionOption = "",
    update: Annotated[bool, typer.Option("--update", help="Let names in the file replace stored ones.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; change nothing.")] = False,
    report_file: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write the rows that were not taken here (CSV).")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put everybody in a CSV file on a list. Who left is never brought back; the same file twice changes nothing.

    Comma, semicolon or tab; UTF-8, Windows-1252 or UTF-16; headings in Dutch or English (e-mail, naam, voornaam,
    achternaam, organisatie). Columns that the list's `attributes` do not name are reported and not stored.
    Exit status 1: some rows were refused; the rest is imported.

    \b
    Example: newsletter subscribers import people.csv --list nieuwsbrief --basis consent \\
                 --source "sign-up form on www.example.org, 2024-2026"
    """
    project = open_project(config)
    kept_wording, kept_version = check_wording(wording, wording_version)
    grounds = Grounds(
        list=slug,
        basis=basis,
        source=check_grounds(project, slug, basis, source),
        wording=kept_wording,
        wording_version=kept_version,
        now=utc_now(),
        update=update,
    )
    report = ImportReport()
    with _opened(file) as stream, _noted(project, slug, report_file, dry_run=dry_run) as refusals:
        reader, columns = _understood(file, stream, project.configuration.mailing_list(slug).attributes, project)
        report.note = refusals.note
        _run(project, reader, columns, grounds, report, dry_run=dry_run, quiet=as_json)
    result = _result(file, reader, columns, report, refusals.path, dry_run=dry_run)
    if as_json:
        print_json(result)
    else:
        _show(result)
    if report.refused:
        raise typer.Exit(ROWS_REFUSED)


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        stream = file.open("rb")
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}", where=str(file)) from None
    with stream:
        if not stream.seekable():
            raise InputError("a pipe cannot be imported: the file is read twice", where=str(file), remedy="save it")
        yield stream


def _understood(
    file: Path, stream: BinaryIO, attributes: tuple[str, ...], project: Project
) -> tuple[CsvReader, Columns]:
    try:
        reader = CsvReader(stream, line_limit=project.configuration.limits.csv_line_kilobytes * 1024)
        return reader, map_columns(reader.header, attributes)
    except InputError as error:
        error.where = str(file)
        raise


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
        self._write(["line", "result", "reason", "remedy"])
        self.path = path
        return self._write

    @property
    def note(self) -> Note | None:
        """What the import calls for every such row."""
        if (path := self._path) is None:
            return None

        def note(row: NotTaken) -> None:
            write = self._write or self._open(path)
            write([row.line, row.why.value, row.reason, row.remedy])

        return note


@contextmanager
def _noted(project: Project, slug: str, report_file: Path | None, *, dry_run: bool) -> Iterator[_Refusals]:
    """Where the rows go that are not taken; a dry run leaves no file behind that was not asked for."""
    path = asked(report_file, "--report") if report_file else None
    if path is None and not dry_run:
        path = path_below(project.configuration.data_dir, f"import-{slug}", utc_now(), "csv")
    with ExitStack() as stack:
        yield _Refusals(stack, path, at_once=report_file is not None)


def _run(
    project: Project,
    reader: CsvReader,
    columns: Columns,
    grounds: Grounds,
    report: ImportReport,
    *,
    dry_run: bool,
    quiet: bool,
) -> None:
    with progress(quiet=quiet) as bar:
        task = bar.add_task("Importing", total=None)

        def advance(bytes_read: int, report: ImportReport) -> None:
            # In rows, so that the rate is too; how many there will be is estimated once, from the first chunk.
            if not bar.tasks[task].total:
                bar.update(task, total=max(1, round(report.rows * reader.size / max(bytes_read, 1))))
            bar.update(task, completed=(bar.tasks[task].total or 1) * bytes_read / max(reader.size, 1))

        try:
            import_rows(project.engine, reader, columns, grounds, report=report, dry_run=dry_run, advance=advance)
        except KeyboardInterrupt:
            if not dry_run:
                people = counted(report.added + report.joined, "person is", "people are")
                errors.print(f"{people} on the list now; the same command goes on.")
            raise


def _result(
    file: Path, reader: CsvReader, columns: Columns, report: ImportReport, path: Path | None, *, dry_run: bool
) -> dict[str, Any]:
    rows = [{"line": row.line, "reason": row.reason, "remedy": row.remedy} for row in report.shown]
    return {
        "file": shown(file),
        "encoding": ENCODING_NAMES[reader.encoding],
        "delimiter": DELIMITER_NAMES[reader.delimiter],
        "dry_run": dry_run,
        **report.counts(),
        "columns_not_stored": list(columns.ignored),
        "refused_rows": rows,
        "report": shown(path) if path else None,
    }


def _show(result: dict[str, Any]) -> None:
    done = "would be put on the list" if result["dry_run"] else "put on the list"
    read = f"{counted(result['rows'], 'row', 'rows')} read ({result['encoding']}, {result['delimiter']})"
    console.print(read + (", nothing changed: a dry run" if result["dry_run"] else ""))
    lines = [
        (result["added"], f"new, {done}"),
        (result["joined"], f"known from another list, {done}"),
        (result["unchanged"], "on the list already, unchanged"),
        (result["completed"], "on the list already, completed from the file"),
        (
            result["duplicates"],
            f"duplicate {plural(result['duplicates'], 'row', 'rows')}: the first row of each address counts",
        ),
        *((times, f"skipped: {reason}") for reason, times in result["skipped"].items()),
        (result["refused"], "refused"),
    ]
    for times, text in lines:
        if times:
            console.print(f"{number(times):>9}  {escape(text)}")
    _show_remarks(result)


def _show_remarks(result: dict[str, Any]) -> None:
    if result["columns_not_stored"]:
        names = ", ".join(result["columns_not_stored"])
        console.print(f"Columns not stored: {escape(names)}. Name one in the list's `attributes` to keep it.")
    if result["smtputf8"]:
        console.print(f"Addresses that need mail servers with SMTPUTF8 all the way: {number(result['smtputf8'])}")
    for row in result["refused_rows"]:
        console.print(f"line {row['line']}: {escape(row['reason'])}; {escape(row['remedy'])}")
    if (more := result["refused"] - len(result["refused_rows"])) > 0:
        console.print(f"and {number(more)} more")
    if result["report"]:
        console.print(f"Every row that was not taken: {escape(result['report'])}")
