"""Importing into the database: chunks of rows in short transactions, in bulk, on SQLite and PostgreSQL.

One query finds whom of a chunk the database knows; who is new is added by three statements for the whole chunk.
Nothing is ever revived here: a subscription that ended or waits stays as it is, a suppressed person is left out.

What costs is not the rows but the pages of the indexes that random ids and addresses touch: so a chunk is large.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, Row

from subscribers.cell_text import RowRefusedError, RowSkippedError
from subscribers.csv_reading import Broken, CsvReader
from subscribers.import_grounds import Grounds
from subscribers.import_report import ImportReport, SeenKeys, Why
from subscribers.import_statements import ADD_CONSENTS, ADD_SUBSCRIBERS, ADD_SUBSCRIPTIONS, COMPLETE, known, stored
from subscribers.importing import Columns, Entry
from subscribers.joining import REF_OCTETS
from subscribers.subscription import State
from subscribers.transactions import reading, writing

CHUNK_ROWS = 10_000
"""Rows per transaction: some tenths of a second, so that a click on "unsubscribe" need not wait long."""

Advance: TypeAlias = Callable[[int, ImportReport], None]
"""Told after every chunk how many bytes of the file are read, and the counts so far."""


def import_rows(  # noqa: PLR0913 - what, how and who is told, by keyword
    engine: Engine,
    reader: CsvReader,
    columns: Columns,
    grounds: Grounds,
    *,
    report: ImportReport,
    dry_run: bool = False,
    advance: Advance = lambda _bytes, _report: None,
    chunk_rows: int = CHUNK_ROWS,
) -> ImportReport:
    """Import every row of `reader`; each chunk is committed by itself, so that an interrupted import can be repeated.

    With `dry_run` the same is counted and nothing is changed.
    """
    importer = _Importer(grounds, report, dry_run=dry_run)
    for chunk in _chunks(_entries(reader, columns, report), chunk_rows):
        entries = importer.unique(chunk)
        del chunk
        with (reading if dry_run else writing)(engine) as connection:
            importer.take(connection, entries)
        advance(reader.bytes_read, report)
    advance(reader.bytes_read, report)
    return report


def _entries(reader: CsvReader, columns: Columns, report: ImportReport) -> Iterator[Entry]:
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
    """One import: what the file has shown so far, and what becomes of each chunk."""

    def __init__(self, grounds: Grounds, report: ImportReport, *, dry_run: bool) -> None:
        self._grounds = grounds
        self._report = report
        self._dry_run = dry_run
        self._seen = SeenKeys()
        self._again: set[str] = set()

    def unique(self, chunk: Sequence[Entry]) -> dict[str, Entry]:
        """The first row of each address in the chunk, by key; who an earlier chunk may have held is marked."""
        first: dict[str, Entry] = {}
        self._again = set()
        for entry in chunk:
            if first.setdefault(entry.key, entry) is not entry:
                self._duplicate(entry)
            elif self._seen.add(entry.key):
                self._again.add(entry.key)
        return first

    def take(self, connection: Connection, entries: dict[str, Entry]) -> None:
        """Bring one chunk of different people into the database; `entries` keeps who joins the list."""
        changes: list[dict[str, Any]] = []
        met = known(connection, list(entries), self._grounds.list)
        settled = [row.address_key for row in met if self._settle(row, entries[row.address_key], changes)]
        if self._dry_run:
            strangers = self._again.difference(row.address_key for row in met)
            settled += [self._duplicate(entry) for entry in list(entries.values()) if entry.key in strangers]
        for key in settled:
            del entries[key]
        joined = sum(row.address_key in entries for row in met)
        self._report.joined += joined
        self._report.added += len(entries) - joined
        self._report.smtputf8 += sum(not entry.address.isascii() for entry in entries.values())
        if not self._dry_run:
            _write(connection, list(entries.values()), changes, self._grounds)

    def _settle(self, row: Row[Any], entry: Entry, changes: list[dict[str, Any]]) -> bool:
        """Decide about someone whom the database knows; False if they are to join this list."""
        if entry.key in self._again:
            self._duplicate(entry)
            return True
        if reason := _reason_to_skip(row):
            self._report.not_taken(entry.line, Why.SKIPPED, reason, "none is needed; who wants to come back signs up")
            return True
        is_active = bool(row.state == State.ACTIVE)
        if change := _completion(row, entry, replace=self._grounds.update):
            changes.append(change)
            self._report.completed += is_active
        elif is_active:
            self._report.unchanged += 1
        return is_active

    def _duplicate(self, entry: Entry) -> str:
        reason = "the address stands in the file before"
        self._report.not_taken(entry.line, Why.DUPLICATE, reason, "remove one of the rows; the first one counts")
        return entry.key


def _write(connection: Connection, entries: Sequence[Entry], changes: list[dict[str, Any]], grounds: Grounds) -> None:
    """Change who is known and add who is new."""
    if changes:
        connection.execute(COMPLETE, changes)
    if not entries:
        return
    now = stored(connection, grounds.now)
    refs, keys = _random_ids(len(entries)), [entry.key for entry in entries]
    people = [(ref, *entry[1:]) for ref, entry in zip(refs, entries, strict=True)]
    ADD_SUBSCRIBERS.run(connection, people, (now,))
    joining = list(zip(_random_ids(len(entries)), keys, strict=True))
    ADD_SUBSCRIPTIONS.run(connection, joining, (grounds.list, State.ACTIVE.value, now, grounds.actor.value))
    ADD_CONSENTS.run(connection, [(ref,) for ref, _ in joining], grounds.evidence(now))


def _random_ids(count: int) -> list[bytes]:
    random = os.urandom(REF_OCTETS * count)
    return [random[start : start + REF_OCTETS] for start in range(0, len(random), REF_OCTETS)]


def _reason_to_skip(row: Row[Any]) -> str:
    if row.suppressed:
        return f"this address is not mailed: {row.suppressed}"
    if row.state == State.ENDED:
        return f"this person left the list: {row.ended_reason}"
    return "this person has still to confirm" if row.state == State.PENDING else ""


def _completion(row: Row[Any], entry: Entry, *, replace: bool) -> dict[str, Any] | None:
    """What changes in a known person: empty values are filled, others replaced only if asked."""
    given = json.loads(entry.attributes) if entry.attributes != "{}" else {}
    old = (row.name, row.organisation, row.attributes)
    if replace:
        new = (entry.name or row.name, entry.organisation or row.organisation, {**row.attributes, **given})
    else:
        new = (row.name or entry.name, row.organisation or entry.organisation, {**given, **row.attributes})
    if new == old:
        return None
    return {"id": row.id, "name": new[0], "organisation": new[1], "attributes": new[2]}
