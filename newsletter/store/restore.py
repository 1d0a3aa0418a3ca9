"""Putting a backup in the place of the store (I11, B11): the old store or the new one, never half of one.

SQLite: the backup is written beside the store, brought up to date with the ledger there, scrubbed there, and then takes
the name of the store in one step. PostgreSQL: the tables are replaced in one transaction, which also shuts the store;
it opens again when the ledger is replayed, and `newsletter database replay` goes on with that if it was cut short.
The old store is not kept: it holds personal data that nobody would erase. A backup of it is made first.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, make_url

from newsletter.config import Configuration
from newsletter.store import in_use
from newsletter.store.backup_file import Manifest, check_key, contents
from newsletter.store.backups import half_of, opened
from newsletter.store.durable import sync_folder
from newsletter.store.engine import connect
from newsletter.store.forgetting import Forgetting
from newsletter.store.identity import last_seen
from newsletter.store.ledger import Ledger
from newsletter.store.loading import load
from newsletter.store.migrate import is_shut, reopen, shut
from newsletter.store.replay import Progress, Replayed, replay
from newsletter.store.restore_checks import check_covers, check_fits, check_ledger, check_readable, exclusive
from subscribers.errors import InputError, ServiceError
from subscribers.ledger_entry import Entry, Record
from subscribers.scrubbing import RetentionRun
from subscribers.tokens import Keyring

_BESIDE = ("", "-wal", "-shm", "-journal")
"""What belongs to an SQLite file."""
SPOOL = "spool"
_JOURNALS = "*.journal"


@dataclass(frozen=True, kw_only=True)
class Restoring:
    """What a restore or a replay works with."""

    configuration: Configuration
    keyring: Keyring
    ledger: Ledger
    now: datetime
    key: bytes | None = None
    is_without_ledger: bool = False
    """The operator's word that it may go on although the ledger does not reach back."""
    on_progress: Progress = lambda _count: None

    @property
    def data_dir(self) -> Path:
        """Folder of the project's data."""
        return self.configuration.data_dir


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was done."""

    backup_at: datetime | None
    replayed: Replayed
    erased: RetentionRun


def check(restoring: Restoring, path: Path) -> Manifest:
    """Raise what `restore` would raise for a reason that can be known beforehand; what the backup says of itself.

    Changes nothing, so that who prepares for a restore does not do so in vain.
    """
    with in_use.alone(restoring.data_dir), opened(path) as (_file, manifest):
        _check(restoring, manifest)
        if manifest.dialect == "sqlite":
            with exclusive(_store_file(restoring)):
                return manifest
        return manifest


def restore(restoring: Restoring, path: Path) -> Restored:
    """Put the backup at `path` in the place of the store, up to date with the ledger, and marked as restored.

    Raises InputError for a damaged backup, a missing key, or a ledger that does not cover it; ConflictError while
    another process works on the store; ServiceError if disk or database refuse. The old store is untouched then.
    """
    with in_use.alone(restoring.data_dir), opened(path) as (file, manifest):
        _check(restoring, manifest)
        pieces = contents(file, manifest, restoring.key)
        if manifest.dialect == "postgresql":
            check_readable(restoring.ledger)
            engine = connect(restoring.configuration.database_url)
            load(engine, pieces)
            return _finish(restoring, engine, manifest.created_at)
        return _replace(restoring, _store_file(restoring), pieces, manifest)


def _check(restoring: Restoring, manifest: Manifest) -> None:
    check_fits(manifest, restoring.configuration.database_url)
    check_key(manifest, restoring.key)
    check_ledger(restoring.ledger, manifest, is_waived=restoring.is_without_ledger)


def _store_file(restoring: Restoring) -> Path:
    return Path(make_url(restoring.configuration.database_url).database or "")


def replay_in_place(restoring: Restoring) -> Restored:
    """Bring the store as it is up to date with the ledger: after a restore by other means, or one that was cut short.

    Raises as `restore` does; cut short, the store stays shut until it is done again.
    """
    with in_use.alone(restoring.data_dir):
        engine = connect(restoring.configuration.database_url)
        seen = last_seen(engine)
        if not is_shut(engine):  # else what cut it short had checked this
            check_covers(restoring.ledger, seen, is_waived=restoring.is_without_ledger)
            check_readable(restoring.ledger)
        return _finish(restoring, engine, seen)


def _finish(restoring: Restoring, engine: Engine, store_is_of: datetime | None) -> Restored:
    """Replay, erase and scrub in a store that is shut, and open it."""
    try:
        shut(engine)
        done = _brought_up(restoring, engine, store_is_of, record=restoring.ledger.append)
        reopen(engine)
    finally:
        engine.dispose()
    _forget_journals(restoring.data_dir)
    return done


def _brought_up(restoring: Restoring, engine: Engine, store_is_of: datetime | None, record: Record) -> Restored:
    """Everything that happened since, done again; then what is due is erased and the store scrubbed."""
    forgetting = Forgetting(
        configuration=restoring.configuration, engine=engine, keyring=restoring.keyring, record=record
    )
    replayed = replay(
        engine,
        restoring.ledger.read(),
        policies=restoring.configuration.policies,
        now=restoring.now,
        store_is_of=store_is_of,
        marking=forgetting.marking,
        on_progress=restoring.on_progress,
    )
    erased = forgetting.run(restoring.now)
    if erased.still_due:
        raise ServiceError(
            f"the restored store could not be scrubbed: {erased.still_due}",
            remedy="end what uses the database, then run the same command again",
        )
    return Restored(backup_at=store_is_of, replayed=replayed, erased=erased)


def _replace(restoring: Restoring, store: Path, pieces: Iterator[bytes], manifest: Manifest) -> Restored:
    """Make the new store beside the old one, whole, and let it take the name."""
    half = half_of(store)
    written: list[Entry] = []  # the ledger learns of it when it has happened
    try:
        with exclusive(store), _made(half, pieces):
            engine = connect(f"sqlite:///{half}")
            try:
                shut(engine)
                done = _brought_up(restoring, engine, manifest.created_at, record=written.extend)
                reopen(engine)
            finally:
                engine.dispose()
            _close_up(half)
            _swap(half, store)
    except OSError as error:
        raise ServiceError(
            f"the backup cannot be restored: {error.strerror}", where=str(store), remedy="make room on the disk"
        ) from None
    restoring.ledger.append(written)
    _forget_journals(restoring.data_dir)
    return done


@contextmanager
def _made(half: Path, pieces: Iterator[bytes]) -> Iterator[None]:
    """The database of the backup in a file of its own, locked by us while it is there; gone afterwards in any case."""
    _remove(half)
    half.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for piece in pieces:
                file.write(piece)
            file.flush()
            _check_whole(half)
            yield
    finally:
        _remove(half)


def _check_whole(half: Path) -> None:
    """What was backed up was a sound database."""
    with closing(sqlite3.connect(half)) as connection:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != ("ok",):
        raise InputError("the database in the backup is damaged", where=str(half), remedy="use another backup")


def _close_up(half: Path) -> None:
    """One file, with nothing beside it, on the disk."""
    with closing(sqlite3.connect(half, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")
    with half.open("rb") as file:
        os.fsync(file.fileno())


def _swap(half: Path, store: Path) -> None:
    """From here on it is the new one. A log of the old one, which only a damaged store still has, must not meet it."""
    for suffix in _BESIDE[1:]:
        store.with_name(store.name + suffix).unlink(missing_ok=True)
    half.replace(store)
    sync_folder(store.parent)


def _remove(half: Path) -> None:
    for suffix in _BESIDE:
        half.with_name(half.name + suffix).unlink(missing_ok=True)


def _forget_journals(data_dir: Path) -> None:
    """Journals of the old store name deliveries by numbers that mean others now."""
    for path in (data_dir / SPOOL).glob(_JOURNALS):
        path.unlink(missing_ok=True)
