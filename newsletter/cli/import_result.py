"""What an import did, for people and for programs."""

from pathlib import Path
from typing import Any

from rich.markup import escape

from newsletter.cli.common import console, number
from newsletter.cli.grammar import counted, plural
from newsletter.cli.import_sources import Opened
from newsletter.cli.private_files import shown
from subscribers.import_report import ImportReport


def result_of(file: Path, found: Opened, report: ImportReport, path: Path | None, *, dry_run: bool) -> dict[str, Any]:
    """The result as JSON says it."""
    tables = found.tables
    first = tables[0]
    encoding, _, delimiter = first.read_as.partition(", ")
    rows = [{"file": row.file, "line": row.line, "reason": row.reason, "remedy": row.remedy} for row in report.shown]
    ignored = dict.fromkeys(name for table in tables for name in table.columns.ignored)
    return {
        "file": shown(file),
        "format": first.format,
        "files": [shown(Path(table.name)) for table in tables],
        "files_not_read": [shown(Path(name)) for name in found.not_read],
        "encoding": encoding,
        "delimiter": delimiter,
        "dry_run": dry_run,
        **report.counts(),
        "columns_not_stored": list(ignored),
        "refused_rows": rows,
        "report": shown(path) if path else None,
    }


def show_result(result: dict[str, Any], *, slug: str) -> None:
    """The result, for the terminal."""
    done = "would be put on the list" if result["dry_run"] else "put on the list"
    read = f"{counted(result['rows'], 'row', 'rows')} read ({_how(result)})"
    console.print(read + (", nothing changed: a dry run" if result["dry_run"] else ""))
    lines = [
        (result["added"], f"new, {done}"),
        (result["joined"], f"known from another list, {done}"),
        *((times, f"to be confirmed: {reason}") for reason, times in result["pending"].items()),
        (result["unchanged"], "on the list already, unchanged"),
        (result["completed"], "on the list already, completed from the file"),
        (result["ended"], "left, as the file says: ended here"),
        (result["suppressed"], "cannot be mailed, as the file says: held back here"),
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
    _show_waiting(result, slug)
    _show_remarks(result)


def _how(result: dict[str, Any]) -> str:
    several = f"{len(result['files'])} files, " if len(result["files"]) > 1 else ""
    kind = "" if result["format"] in {"csv", "jsonl"} else f"{result['format']}, "
    return f"{several}{kind}{result['encoding']}, {result['delimiter']}"


def _show_waiting(result: dict[str, Any], slug: str) -> None:
    """Who waits, until when, and what can be done about it."""
    if result["asked"]:
        many = counted(result["asked"], "request to confirm waits", "requests to confirm wait")
        console.print(f"{many} in the outbox: `newsletter serve` sends them, or `newsletter notices send`.")
    if not result["pending"]:
        return
    console.print(f"Who is to be confirmed gets no mail of {slug}, and is erased unless they confirm.")
    if not result["asked"]:
        console.print(
            "  --ask-confirmation mails them a request, once; --consented-at DAY says when all of them consented, if "
            "you can prove it;"
        )
        console.print("  --consent-cutoff DAY accepts consent that is later than DAY (docs: operators.md, Consent).")


def _show_remarks(result: dict[str, Any]) -> None:
    if result["columns_not_stored"]:
        names = ", ".join(result["columns_not_stored"])
        console.print(f"Columns not stored: {escape(names)}. Name one in the list's `attributes` to keep it.")
    if result["smtputf8"]:
        console.print(f"Addresses that need mail servers with SMTPUTF8 all the way: {number(result['smtputf8'])}")
    for name in result["files_not_read"]:
        console.print(
            f"{escape(name)} was not read: it holds people who never asked for mail. If they did ask, import that file "
            "by itself under another name, and say when: --consented-at DAY."
        )
    for row in result["refused_rows"]:
        place = "" if result["files"] == [Path(result["file"]).name] else f"{escape(row['file'])}, "
        console.print(f"{place}line {row['line']}: {escape(row['reason'])}; {escape(row['remedy'])}")
    if (more := result["refused"] - len(result["refused_rows"])) > 0:
        console.print(f"and {number(more)} more")
    if result["report"]:
        console.print(f"Every row that was not taken: {escape(result['report'])}")
