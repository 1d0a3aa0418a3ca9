"""What an import did, for people and for programs."""

from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from rich.markup import escape

from newsletter.cli.common import console, in_words, number
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
        "columns_never_stored": [name for name in ignored if any(name in table.columns.never for table in tables)],
        "columns_left_out": [name for name in ignored if any(name in table.columns.left_out for table in tables)],
        "refused_rows": rows,
        "report": shown(path) if path else None,
    }


def show_result(result: dict[str, Any], *, slug: str, zone: tzinfo, asks: bool) -> None:
    """The result, for the terminal."""
    done = "would be put on the list" if result["dry_run"] else "put on the list"
    taken_off = "would be taken off" if result["dry_run"] else "taken off"
    read = f"{counted(result['rows'], 'row', 'rows')} read ({_how(result)})"
    console.print(read + (", nothing changed: a dry run" if result["dry_run"] else ""))
    lines = [
        (result["added"], f"new, {done}"),
        (result["joined"], f"known from another list, {done}"),
        (result["promoted"], f"waited since an earlier import, {done}: this file has the evidence"),
        *((times, f"to be confirmed: {reason}") for reason, times in result["pending"].items()),
        (result["unchanged"], "on the list already, unchanged"),
        (result["completed"], "on the list already, completed from the file"),
        (result["taken_off"], f"active here, {taken_off}: left, as the file says"),
        (result["ended"], "not on the list: noted as left, as the file says"),
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
    if result["held_back"] and result["erased_meanwhile"]:
        console.print(
            "Somebody was erased while this import ran: who was new in the rows after that is not put on the list. "
            "The same command again judges them."
        )
    elif result["held_back"]:
        console.print(
            f"Who may have been erased since {result['made_on']}, when the file was made, is not put on the list: ask "
            "them, or give --bring-back if you know better."
        )
    _show_waiting(result, slug, zone, asks=asks)
    _show_remarks(result)


def _how(result: dict[str, Any]) -> str:
    several = f"{len(result['files'])} files, " if len(result["files"]) > 1 else ""
    kind = "" if result["format"] in {"csv", "jsonl"} else f"{result['format']}, "
    return f"{several}{kind}{result['encoding']}, {result['delimiter']}"


def _show_waiting(result: dict[str, Any], slug: str, zone: tzinfo, *, asks: bool) -> None:
    """Who waits, until when, and what can be done about it."""
    if asks and result["dry_run"]:
        console.print(f"{counted(result['asked'], 'person', 'people')} would be mailed a request to confirm.")
    elif result["asked"]:
        many = counted(result["asked"], "request to confirm waits", "requests to confirm wait")
        console.print(f"{many} in the outbox: `newsletter serve` sends them, or `newsletter notices send`.")
    if not result["pending"]:
        return
    console.print(f"Who is to be confirmed gets no mail of {slug}, and is erased unless they confirm.")
    if cutoff := result["cutoff"]:
        at = in_words(datetime.fromisoformat(cutoff["at"]), zone=zone)
        console.print(f"Consent counts if it is later than {at}: {cutoff['why']}.")
    if not asks:
        console.print("  --ask-confirmation mails them a request, once;")
    console.print(
        "  the same file again with --consented-at DAY (when all of them consented whose row does not say it, if you "
        "can prove it)"
    )
    console.print(
        "  or --consent-cutoff DAY (consent later than DAY counts) puts on the list whose evidence then suffices "
        "(docs: operators.md, Consent)."
    )


def _show_remarks(result: dict[str, Any]) -> None:
    never, left_out = result["columns_never_stored"], result["columns_left_out"]
    if names := [name for name in result["columns_not_stored"] if name not in {*never, *left_out}]:
        listed = escape(", ".join(names))
        console.print(f"Columns not stored: {listed}. Name one in the list's `attributes` to keep it.")
    if never:
        console.print(f"Columns never stored, whatever the configuration says: {escape(', '.join(never))}.")
    if left_out:
        console.print(f"Columns left out, as you said: {escape(', '.join(left_out))}.")
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
