"""The ledger on disk: append-only lines outside database and backups, fsynced before anything is acknowledged (I11).

One file for all processes. An append locks it for the moment of writing, so lines never mix. A crash can leave a torn
last line: it was never acknowledged, so a reader passes over it and the next append closes it with a mark.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from subscribers.errors import ServiceError
from subscribers.ledger_entry import Entry

FILE_NAME = "ledger.jsonl"
TORN = "#torn"
"""Ends a line that a crash cut short."""


class Ledger:
    """The ledger in `folder`, which is made on first use and readable by its owner only."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME

    def append(self, entries: Sequence[Entry]) -> None:
        """Write all `entries` and wait until the disk has them: one fsync for the batch.

        Raises ServiceError when the disk refuses; the caller must not acknowledge then.
        """
        if not entries:
            return
        data = "".join(entry.line() for entry in entries).encode()
        try:
            with self._opened() as file:
                _write(file, data)
                os.fsync(file)
        except OSError as error:
            raise ServiceError(
                f"the ledger cannot be written: {error.strerror}",
                where=str(self.path),
                remedy="make room on the disk, or mend the owner of the folder; nothing was acknowledged",
            ) from None

    def read(self) -> Iterator[Entry]:
        """Every entry, oldest first; none if there is no ledger yet. Raises ServiceError for a damaged line."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith("\n") or line.endswith(f"{TORN}\n"):
                    continue
                yield self._parsed(line, number)

    def _parsed(self, line: str, number: int) -> Entry:
        try:
            return Entry.read(line)
        except ValueError:
            raise ServiceError(
                "the ledger is damaged",
                where=f"{self.path}:{number}",
                remedy="put the file back from the disk's own copy; without it a restored backup may mail who left",
            ) from None

    @contextmanager
    def _opened(self) -> Iterator[int]:
        is_new = not self.path.exists()
        if is_new:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if is_new:
                _sync_folders(self.path.parent)
            yield file
        finally:
            os.close(file)


def _write(file: int, data: bytes) -> None:
    """Append `data` as a whole while holding the lock; close a torn line first."""
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            data = f"{TORN}\n".encode() + data
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _sync_folders(folder: Path) -> None:
    """Make the names of a new file and a new folder durable too."""
    for place in (folder, folder.parent):
        descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
