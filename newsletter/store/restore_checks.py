"""Whether a backup may be restored here: the right database, open nowhere, and a ledger that knows all since (I11)."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from newsletter.store.backup_file import Manifest
from newsletter.store.ledger import Ledger, is_of_ledger
from newsletter.store.migrate import known
from subscribers.errors import ConflictError, InputError
from subscribers.ledger_entry import Entry, Kind

RISK = (
    "put the newest copy of data_dir/ledger back and try again. Without it, whoever left or was erased since would be "
    "mailed again, and issues that were sent since could go out twice. If it is lost for good, and you take that on "
    "you: --without-ledger"
)


class LedgerError(ConflictError):
    """The ledger does not cover what happened since the backup."""


def check_fits(manifest: Manifest, database_url: str) -> None:
    """Raise InputError for a backup of another kind of database, or of a newer program."""
    wanted = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    if manifest.dialect != wanted:
        raise InputError(
            f"this is a backup of {manifest.dialect}, and [database] url names {wanted}",
            remedy="name a database of the same kind in [database] url",
        )
    if manifest.schema not in known():
        raise InputError(
            f"the backup has schema {manifest.schema}, made by a newer version of this program ({manifest.program})",
            remedy="install that version",
        )


def check_ledger(ledger: Ledger, manifest: Manifest, *, is_waived: bool) -> None:
    """Raise LedgerError unless this is the ledger of the backup, and goes on to later than it.

    A copy of the ledger that ends exactly with the backup cannot be told from the whole one.
    """
    found = _found(ledger, manifest)
    if not is_waived and found:
        raise LedgerError(found, where=str(ledger.path), remedy=RISK)


def check_readable(ledger: Ledger) -> None:
    """Read all of it, once, before anything is changed; raises ServiceError for a damaged line."""
    for _entry in ledger.read():
        pass


def check_covers(ledger: Ledger, since: datetime | None, *, is_waived: bool) -> None:
    """Raise LedgerError if the ledger has dropped entries that a store of that moment may lack."""
    dropped = [entry.at for entry in _marks(ledger) if entry.kind is Kind.EXPIRED]
    if not ledger.path.exists():
        what = "there is no ledger"
    elif dropped and (since is None or since < max(dropped)):
        what = f"the ledger is complete since {max(dropped):%Y-%m-%d %H:%M} UTC, and the database may be older"
    else:
        return
    if not is_waived:
        raise LedgerError(what, where=str(ledger.path), remedy=RISK)


@contextmanager
def exclusive(store: Path) -> Iterator[None]:
    """Nobody has the old store open, whoever they are, and its log is emptied into it; a damaged one is as it is.

    Raises ConflictError if somebody has.
    """
    if not store.exists():
        yield
        return
    with closing(sqlite3.connect(store, timeout=1, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")  # the lock stays
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise ConflictError(
                    "the database is open in another process",
                    where=str(store),
                    remedy="stop `newsletter serve`, and whatever else uses it, then try again",
                ) from None
        except sqlite3.DatabaseError:
            pass  # that is why it is replaced
        yield


def _found(ledger: Ledger, manifest: Manifest) -> str:
    """What is wrong with the ledger; empty if nothing is."""
    if not ledger.path.exists():
        return "there is no ledger: nobody knows what happened after the backup"
    has_mark, name, complete_since = False, "", None
    for number, line in ledger.lines():
        has_mark = has_mark or line == manifest.ledger_mark
        if is_of_ledger(line):
            entry = ledger.parsed(line, number)
            name = name or entry.ref.hex()
            complete_since = entry.at if entry.kind is Kind.EXPIRED else complete_since
    if name != manifest.ledger:
        return "this is another ledger than that of the backup"
    if complete_since and manifest.created_at < complete_since:
        return f"the backup is too old: the ledger is complete since {complete_since:%Y-%m-%d %H:%M} UTC only"
    return "" if has_mark else "the ledger is older than the backup: what happened since is not in it"


def _marks(ledger: Ledger) -> list[Entry]:
    return [ledger.parsed(line, number) for number, line in ledger.lines() if is_of_ledger(line)]
