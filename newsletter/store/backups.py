"""Backups as files: made whole or not at all, listed, verified, and removed when their life is over (B11, I4)."""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine, make_url

from newsletter import __version__
from newsletter.config import Configuration
from newsletter.store.backup_file import (
    DamagedError,
    KeyRefusedError,
    Manifest,
    Writer,
    contents,
    key_id,
    read_manifest,
)
from newsletter.store.dumping import Progress, dump
from newsletter.store.durable import sync_folder
from newsletter.store.ledger import Ledger
from newsletter.store.migrate import current, needed
from newsletter.store.removing import written_at
from subscribers.clock import require_aware
from subscribers.errors import InputError, ServiceError

SUFFIX = ".backup"
_NAME = re.compile(r"newsletter-\d{8}-\d{6}-[0-9a-f]{6}\.backup", re.ASCII)
_PARTIAL = (".newsletter-*.backup.part", ".copy-*.part")


@dataclass(frozen=True, kw_only=True)
class BackupFile:
    """One backup in the folder."""

    path: Path
    octets: int
    written_at: datetime
    """As the file system says."""
    manifest: Manifest | None
    """None if it cannot be read."""

    def expires(self, days: int) -> datetime:
        """When it must be gone: by its own promise or by today's, whichever is sooner."""
        made = min(self.manifest.created_at, self.written_at) if self.manifest else self.written_at
        by_rule = made + timedelta(days=days)
        return min(by_rule, self.manifest.expires_at) if self.manifest else by_rule


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """How backups of a project are kept."""

    folder: Path
    days: int
    """Their life; 0 if the promise leaves none."""
    store: Path | None = None
    """The database file, beside which a restore that died may have left a half one."""


def make(
    engine: Engine,
    keeping: Keeping,
    ledger: Ledger,
    *,
    key: bytes | None,
    now: datetime,
    on_progress: Progress = lambda *_: None,
) -> BackupFile:
    """Make a backup of the whole database while others go on writing; it appears under its name when it is whole.

    Raises InputError where the promise leaves no day for backups, ServiceError if disk or database refuse.
    """
    if not keeping.days:
        raise InputError(
            "the retention of the lists leaves no day for backups: together they may not exceed one month",
            remedy="shorten `retention` of the lists: 21 days leave 6 for backups",
        )
    manifest = _manifest(engine, keeping, ledger, key, require_aware(now))
    try:
        with _appearing(keeping.folder, now) as (path, file):
            writer = Writer(file, manifest, key)
            for block in dump(engine, keeping.folder, on_progress):
                writer.write(block)
            writer.finish()
    except OSError as error:
        raise ServiceError(
            f"the backup cannot be written: {error.strerror}",
            where=str(keeping.folder),
            remedy="make room on the disk, or name another folder: [backup] folder",
        ) from None
    return described(path)


def _manifest(engine: Engine, keeping: Keeping, ledger: Ledger, key: bytes | None, now: datetime) -> Manifest:
    """What the file says of itself; the ledger gets its mark before anything of the database is read."""
    mark = ledger.mark()
    return Manifest(
        program=__version__,
        schema=current(engine) or needed(),
        dialect=engine.dialect.name,
        created_at=now,
        expires_at=now + timedelta(days=keeping.days),
        ledger=ledger.parsed(mark, 0).ref.hex(),
        ledger_mark=mark,
        salt=secrets.token_bytes(16).hex() if key else "",
        key_id=key_id(key) if key else "",
    )


def described(path: Path) -> BackupFile:
    """A file of the folder, without reading more than its beginning; raises InputError if it cannot be opened."""
    try:
        with path.open("rb") as file:
            state = os.fstat(file.fileno())
            try:
                manifest = read_manifest(file)
            except DamagedError:
                manifest = None
    except OSError as error:
        raise InputError(f"the backup cannot be opened: {error.strerror}", where=str(path)) from None
    written = written_at(state.st_mtime)
    return BackupFile(path=path, octets=state.st_size, written_at=written, manifest=manifest)


def listed(folder: Path) -> list[BackupFile]:
    """The backups in the folder, oldest first; one that cannot be opened is listed, so that it grows old, too."""
    names = sorted(path for path in folder.glob(f"*{SUFFIX}") if _NAME.fullmatch(path.name)) if folder.is_dir() else []
    found = []
    for path in names:
        with suppress(FileNotFoundError):  # removed meanwhile
            found.append(_described_anyway(path))
    return found


def _described_anyway(path: Path) -> BackupFile:
    try:
        return described(path)
    except InputError:
        state = path.lstat()
        written = written_at(state.st_mtime)
        return BackupFile(path=path, octets=state.st_size, written_at=written, manifest=None)


def verify(path: Path, key: bytes | None) -> int:
    """Read all of it: size of the database in octets. Raises DamagedError, KeyRefusedError."""
    with opened(path) as (file, manifest):
        return sum(len(piece) for piece in contents(file, manifest, key))


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, Manifest]]:
    """An open backup at its first frame; what is found wrong with it is said with its name."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"the backup cannot be read: {error.strerror}", where=str(path)) from None
    with file:
        try:
            yield file, read_manifest(file)
        except (DamagedError, KeyRefusedError) as error:
            raise type(error)(
                f"the backup cannot be used: {error.what}", where=str(path), remedy=error.remedy
            ) from None


def left_behind(keeping: Keeping) -> list[Path]:
    """Halves of backups and restores whose maker died; one that is being made is locked by its maker."""
    folder = keeping.folder
    found = [path for pattern in _PARTIAL for path in folder.glob(pattern)] if folder.is_dir() else []
    halves = [path for path in found if is_dead(path)]
    if keeping.store is None or not is_dead(half := half_of(keeping.store)):
        return halves
    return [*halves, *sorted(half.parent.glob(f"{half.name}*"))]


def half_of(store: Path) -> Path:
    """Where a restore makes the database that takes the place of `store`."""
    return store.with_name(f".{store.name}.restoring")


def keeping_of(configuration: Configuration) -> Keeping:
    """How this project keeps its backups."""
    backup, url = configuration.backup, make_url(configuration.database_url)
    return Keeping(
        folder=backup.folder_in(configuration.data_dir, configuration.folder),
        days=backup.days(configuration.policies.values()),
        store=Path(url.database) if url.drivername.startswith("sqlite") and url.database else None,
    )


def is_dead(path: Path) -> bool:
    """Whether a file is there that nobody holds."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


@contextmanager
def _appearing(folder: Path, now: datetime) -> Iterator[tuple[Path, BinaryIO]]:
    """A file that takes its name when it is whole and on the disk; mode 0600."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"newsletter-{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}{SUFFIX}"
    partial = path.with_name(f".{path.name}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield path, file
            file.flush()
            os.fsync(file.fileno())
            partial.replace(path)
        sync_folder(folder)
    finally:
        partial.unlink(missing_ok=True)
