"""Looking after the ledger: what it holds, and dropping what no backup can need any more (I11).

A backup lives for at most 26 days (newsletter/config_backup.py), so an entry that was written more than 28 days ago is
in every backup there is, and in the store. Who holds a backup longer than that somewhere else finds it refused:
`expired` marks in the ledger say from when on it is complete. Receipts stay: they prove that none was taken out.
"""

import os
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from newsletter.store.durable import sync_folder
from newsletter.store.ledger import TORN, Ledger
from subscribers.clock import require_aware
from subscribers.errors import ServiceError
from subscribers.ledger_entry import Entry, Kind
from subscribers.receipts import latest, mark_of
from subscribers.retention import MAXIMUM_DAYS
from subscribers.transactions import reading

LIFE = timedelta(days=MAXIMUM_DAYS + 1)
"""How long an entry stays at least: longer than any backup, whatever the configuration says today."""
REWRITE_EVERY = timedelta(days=1)
_MARK = b'"kind":"mark"'
_EXPIRED = b'"kind":"expired"'
_RECEIPT = b'"kind":"receipt"'
_TORN = f"{TORN}\n".encode()


@dataclass(frozen=True, kw_only=True)
class LedgerStatus:
    """What `newsletter database ledger` shows."""

    id: str
    """Random, in hex; "" for a ledger without a mark, or none."""
    octets: int
    counts: dict[str, int]
    """Entries by kind."""
    oldest: datetime | None
    """The moment of the first event."""
    newest: datetime | None
    complete_since: datetime | None
    """Entries written before this moment were dropped; None if none ever was."""


def status_of(ledger: Ledger) -> LedgerStatus:
    """Read all of it; raises ServiceError for a damaged line."""
    counts: Counter[str] = Counter()
    oldest = newest = since = None
    name = b""
    for number, line in ledger.lines():
        entry = ledger.parsed(line, number)
        match entry.kind:
            case Kind.MARK | Kind.EXPIRED:
                name = name or entry.ref
                since = entry.at if entry.kind is Kind.EXPIRED else since
            case kind:
                counts[kind.value] += 1
                oldest, newest = oldest or entry.at, entry.at
    octets = ledger.path.stat().st_size if ledger.path.exists() else 0
    return LedgerStatus(
        id=name.hex(),
        octets=octets,
        counts=dict(sorted(counts.items())),
        oldest=oldest,
        newest=newest,
        complete_since=since,
    )


def expire(ledger: Ledger, now: datetime) -> int:
    """Drop what was written before the last mark that is older than LIFE; how many entries went.

    The new file is whole and on the disk before it takes the name, and nobody appends meanwhile: killed at any moment,
    the ledger is the old one or the new one. Raises ServiceError if the disk refuses.
    """
    if not ledger.path.exists():
        return 0
    try:
        with ledger.locked() as file:
            cut = _cut(ledger, require_aware(now) - LIFE)
            return _rewrite(ledger, cut, ledger.id_of(file)) if cut else 0
    except OSError as error:
        raise ServiceError(
            f"the ledger cannot be rewritten: {error.strerror}",
            where=str(ledger.path),
            remedy="make room on the disk; nothing was lost",
        ) from None


def name_newest_receipt(engine: Engine, ledger: Ledger) -> None:
    """Write down the newest receipt if the ledger lacks it: a restore that was killed right after it had happened."""
    with reading(engine) as connection:
        newest = latest(connection)
    if newest is None:
        return
    mark = mark_of(newest.digest)
    if all(entry.ref != mark for entry in ledger.read() if entry.kind is Kind.RECEIPT):
        ledger.append([Entry(kind=Kind.RECEIPT, at=newest.at, ref=mark)])


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """Where the part begins that stays, and when the mark there was written."""

    offset: int
    at: datetime


def _cut(ledger: Ledger, horizon: datetime) -> _Cut | None:
    """The last mark that is old enough; None if there is none, or only a little would go."""
    offset, found, before = 0, None, None
    with ledger.path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.endswith(b"\n") and not line.endswith(_TORN) and (_EXPIRED in line or _MARK in line):
                at = ledger.parsed(line.decode(errors="replace"), number).at
                if _EXPIRED in line:
                    before = at
                else:
                    if at > horizon:
                        break
                    found = _Cut(offset=offset, at=at)
            offset += len(line)
    if found is None or found.offset == 0 or (before and found.at - before < REWRITE_EVERY):
        return None
    return found


def _rewrite(ledger: Ledger, cut: _Cut, name: bytes) -> int:
    """Put a file in the ledger's place that has the receipts before the cut, and everything from it on."""
    new = ledger.path.with_name(f".{ledger.path.name}.new")
    dropped = 0
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as target, ledger.path.open("rb") as source:
        target.write(Entry(kind=Kind.EXPIRED, at=cut.at, ref=name).line().encode())
        while source.tell() < cut.offset:
            line = source.readline()
            if _RECEIPT in line and not line.endswith(_TORN):
                target.write(line)
            elif _MARK not in line and _EXPIRED not in line:
                dropped += 1
        while block := source.read(1 << 20):
            target.write(block)
        target.flush()
        os.fsync(target.fileno())
    new.replace(ledger.path)
    sync_folder(ledger.path.parent)
    return dropped
