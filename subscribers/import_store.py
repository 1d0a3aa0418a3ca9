"""Importing into the database: chunks of rows in short transactions, in bulk, on SQLite and PostgreSQL.

One query finds whom of a chunk the database knows; who is new is added by a few statements for the whole chunk.
Nothing is ever revived here: a subscription that ended or waits stays as it is, a suppressed person is left out.

What costs is not the rows but the pages of the indexes that random ids and addresses touch: so a chunk is large.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, Row

from subscribers.cell_text import RowRefusedError, RowSkippedError
from subscribers.csv_reading import Broken, CsvReader
from subscribers.import_asking import Asking
from subscribers.import_completing import completion
from subscribers.import_cutoff import erasures
from subscribers.import_grounds import Grounds
from subscribers.import_leaving import Ending, Leavers
from subscribers.import_marks import erased_before
from subscribers.import_promoting import Promoting
from subscribers.import_report import ImportReport, SeenKeys, Why
from subscribers.import_rows import Columns, Entry
from subscribers.import_rules import Rules
from subscribers.import_statements import COMPLETE, known
from subscribers.import_writing import Joining, write
from subscribers.jsonl_reading import JsonLinesReader
from subscribers.subscription import State
from subscribers.transactions import reading, writing

HELD_BACK = "this person may have been erased after the file was made"
HELD_REMEDY = "ask them, or give --bring-back if you know better"
CHUNK_ROWS = 10_000
"""Rows per transaction: some tenths of a second, so that a click on "unsubscribe" need not wait long."""

Advance: TypeAlias = Callable[[int, ImportReport], None]
"""Told after every chunk how many bytes of the files are read, and the counts so far."""
Source: TypeAlias = tuple[CsvReader | JsonLinesReader, Columns]
"""A file of people, and what its columns mean."""


def import_files(  # noqa: PLR0913 - what, how and who is told, by keyword
    engine: Engine,
    sources: Iterable[Source],
    grounds: Grounds,
    *,
    report: ImportReport,
    rules: Rules | None = None,
    dry_run: bool = False,
    advance: Advance = lambda _bytes, _report: None,
    chunk_rows: int = CHUNK_ROWS,
) -> ImportReport:
    """Import every row of several files as one: an address counts where it stands first.

    Each chunk is committed by itself, so that an interrupted import can be repeated. With `dry_run` the same is counted
    and nothing is changed.
    """
    importer = _Importer(grounds, rules or Rules(), report, dry_run=dry_run)
    before = 0
    for reader, columns in sources:
        for chunk in _chunks(_entries(reader, columns, report), chunk_rows):
            entries = importer.unique(chunk)
            del chunk
            with (reading if dry_run else writing)(engine) as connection:
                importer.take(connection, entries, is_dated=columns.is_dated)
            advance(before + reader.bytes_read, report)
        before += reader.bytes_read
        advance(before, report)
    return report


def _entries(reader: CsvReader | JsonLinesReader, columns: Columns, report: ImportReport) -> Iterator[Entry]:
    read = columns.read
    for line, cells in reader:
        if isinstance(cells, Broken):
            report.rows += 1
            report.not_taken(line, Why.REFUSED, cells.reason, cells.remedy)
            continue
        try:
            entry = read(line, cells)
        except RowRefusedError as error:
            report.rows += 1
            why = Why.SKIPPED if isinstance(error, RowSkippedError) else Why.REFUSED
            report.not_taken(line, why, error.reason, error.remedy)
            continue
        if entry:
            report.rows += 1
            yield entry


def _chunks(entries: Iterator[Entry], size: int) -> Iterator[list[Entry]]:
    while chunk := list(islice(entries, size)):
        yield chunk


class _Importer:
    """One import: what the files have shown so far, and what becomes of each chunk."""

    def __init__(self, grounds: Grounds, rules: Rules, report: ImportReport, *, dry_run: bool) -> None:
        self._grounds = grounds
        self._rules = rules
        self._report = report
        self._dry_run = dry_run
        self._leavers = Leavers(grounds, rules, report, dry_run=dry_run)
        self._asking = Asking(grounds, rules, report, dry_run=dry_run)
        self._promoting = Promoting(grounds, report, dry_run=dry_run)
        self._seen = SeenKeys()
        self._gone = SeenKeys()
        """Who has left, by the files: no later row brings them on the list, also if nothing of them is stored."""
        self._again: set[str] = set()

    def unique(self, chunk: Sequence[Entry]) -> dict[str, Entry]:
        """The first row of each address in the chunk, by key; who an earlier chunk may have held is marked."""
        first: dict[str, Entry] = {}
        self._again = set()
        for entry in chunk:
            if entry.key in first:
                self._duplicate(entry)
            elif not self._seen.add(entry.key):
                first[entry.key] = entry
            elif entry.key in self._gone:
                self._duplicate(entry)
            else:
                first[entry.key] = entry
                self._again.add(entry.key)
        return first

    def take(self, connection: Connection, entries: dict[str, Entry], *, is_dated: bool) -> None:
        """Bring one chunk of different people into the database."""
        changes: list[dict[str, Any]] = []
        met = known(connection, list(entries), self._grounds.list)
        self._renew_grounds(connection)
        leaving = [(row, entries[row.address_key]) for row in met if self._leaves(entries[row.address_key])]
        settled = []
        for row in met:
            entry = entries[row.address_key]
            if self._promoted(row, entry, is_dated=is_dated) or self._settle(connection, row, entry, changes):
                settled.append(row.address_key)
        if self._dry_run:
            strangers = self._again.difference(row.address_key for row in met)
            settled += [self._duplicate(entry) for entry in list(entries.values()) if entry.key in strangers]
        for key in settled:
            del entries[key]
        elsewhere = {row.address_key for row in met}
        self._refuse_erased(connection, entries, elsewhere)
        endings = self._leavers.known(connection, leaving) + self._strangers_who_left(entries, elsewhere)
        self._hold_back(entries)
        joining = [self._joins(entry, elsewhere, is_dated=is_dated) for entry in entries.values()]
        if not self._dry_run:
            if changes:
                connection.execute(COMPLETE, changes)
            self._promoting.write(connection)
            write(connection, joining, endings, self._grounds, self._rules)
        self._asking.new(connection, joining)

    def _renew_grounds(self, connection: Connection) -> None:
        """Judge by who was erased up to now. Asked after who is known: who is missing there was erased before this."""
        renewed = self._grounds.after(erasures(connection))
        if (renewed.cutoff, renewed.older_than_erasures) != (self._grounds.cutoff, self._grounds.older_than_erasures):
            self._report.erased_meanwhile = renewed.erased.last if renewed.erased else None
        self._grounds = self._promoting.grounds = renewed

    def _promoted(self, row: Row[Any], entry: Entry, *, is_dated: bool) -> bool:
        """Whether the file ends the waiting of somebody who came by a file."""
        is_first = entry.key not in self._again and not entry.standing.has_left
        return is_first and self._promoting.takes(row, entry, is_dated=is_dated)

    def _leaves(self, entry: Entry) -> bool:
        return entry.standing.has_left and entry.key not in self._again

    def _settle(self, connection: Connection, row: Row[Any], entry: Entry, changes: list[dict[str, Any]]) -> bool:
        """Decide about someone whom the database knows; False if they are to join this list."""
        if entry.key in self._again:
            self._duplicate(entry)
            return True
        if entry.standing.has_left:
            self._gone.add(entry.key)
            return True
        if reason := _reason_to_skip(row):
            self._report.not_taken(entry.line, Why.SKIPPED, reason, "none is needed; who wants to come back signs up")
            self._asking.waiting(connection, row)
            return True
        is_active = bool(row.state == State.ACTIVE)
        if change := completion(row, entry, replace=self._grounds.update):
            changes.append(change)
            self._report.completed += is_active
        elif is_active:
            self._report.unchanged += 1
        return is_active

    def _refuse_erased(self, connection: Connection, entries: dict[str, Entry], known_keys: set[str]) -> None:
        """Who was erased is not brought back, if the organisation chose to remember that (B10)."""
        strangers = [key for key in entries if key not in known_keys]
        for key in erased_before(connection, strangers, self._rules.marker):
            entry = entries.pop(key)
            self._gone.add(key)
            reason = "this address was erased, and an import does not bring it back"
            self._report.not_taken(entry.line, Why.SKIPPED, reason, "none is needed; who wants to come back signs up")

    def _hold_back(self, entries: dict[str, Entry]) -> None:
        """Nobody new comes on the list by a file that is older than an erasure: they may have been erased by it."""
        since = self._grounds.older_than_erasures
        if since is None:
            return
        for key, entry in entries.items():
            self._gone.add(key)
            self._report.held_back += 1
            self._report.not_taken(entry.line, Why.SKIPPED, HELD_BACK, HELD_REMEDY)
        entries.clear()

    def _strangers_who_left(self, entries: dict[str, Entry], known_keys: set[str]) -> list[Ending]:
        """Takes them out of `entries`."""
        gone = [key for key, entry in entries.items() if entry.standing.has_left and key not in known_keys]
        for key in gone:
            self._gone.add(key)
        return [ending for key in gone if (ending := self._leavers.stranger(entries.pop(key)))]

    def _joins(self, entry: Entry, known_keys: set[str], *, is_dated: bool) -> Joining:
        """How somebody comes on the list, counted."""
        decision = self._grounds.decide(entry, is_dated=is_dated)
        self._report.smtputf8 += not entry.address.isascii()
        if decision.waits:
            self._report.waiting[decision.waits.value] += 1
        elif entry.key in known_keys:
            self._report.joined += 1
        else:
            self._report.added += 1
        return Joining(entry, decision)

    def _duplicate(self, entry: Entry) -> str:
        reason = "the address stands in the file before"
        self._report.not_taken(entry.line, Why.DUPLICATE, reason, "remove one of the rows; the first one counts")
        return entry.key


def _reason_to_skip(row: Row[Any]) -> str:
    if row.suppressed:
        return f"this address is not mailed: {row.suppressed}"
    if row.state == State.ENDED:
        return f"this person left the list: {row.ended_reason}"
    return "this person has still to confirm" if row.state == State.PENDING else ""
