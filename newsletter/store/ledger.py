"""The ledger on disk: append-only lines outside database and backups, fsynced before anything is acknowledged (I11).

One file for all processes. An append locks it for the moment of writing, so lines never mix. A crash can leave a torn
last line: it was never acknowledged, so a reader passes over it and the next append closes it with a mark.

The file begins with a mark that gives it a random id of its own, and gets another mark every hour that it is written
to. They say when entries were written, which lets old ones expire (newsletter/store/ledger_upkeep.py), and prove to a
restore that this ledger is the one of the backup, and not an older copy of it.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from newsletter.store.durable import sync_folder
from subscribers.clock import Clock, utc_now
from subscribers.errors import ServiceError
from subscribers.ledger_entry import OF_THE_LEDGER, Entry, Kind

FILE_NAME = "ledger.jsonl"
TORN = "#torn"
"""Ends a line that a crash cut short."""
MARK_EVERY = timedelta(hours=1)
ID_OCTETS = 16
_OF_THE_LEDGER = tuple(f'"kind":"{kind}"' for kind in sorted(OF_THE_LEDGER))


class Ledger:
    """The ledger in `folder`, which is made on first use and readable by its owner only."""

    def __init__(self, folder: Path, clock: Clock = utc_now) -> None:
        self.path = folder / FILE_NAME
        self._clock = clock
        self._marked: datetime | None = None

    def append(self, entries: Sequence[Entry]) -> None:
        """Write all `entries` and wait until the disk has them: one fsync for the batch.

        Raises ServiceError when the disk refuses; the caller must not acknowledge then.
        """
        if entries:
            self._append("".join(entry.line() for entry in entries), is_mark=False)

    def mark(self) -> str:
        """Write a mark now; its line, which proves to a later reader that the ledger goes at least so far."""
        return self._append("", is_mark=True)

    def read(self) -> Iterator[Entry]:
        """Every event, oldest first; none if there is no ledger yet. Raises ServiceError for a damaged line."""
        for number, line in self.lines():
            if not is_of_ledger(line):
                yield self.parsed(line, number)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Number and text of every whole line, marks included; what a crash cut short is passed over."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith("\n") and not line.endswith(f"{TORN}\n"):
                    yield number, line

    def parsed(self, line: str, number: int) -> Entry:
        """The entry in this line; raises ServiceError if it is damaged."""
        try:
            return Entry.read(line)
        except ValueError:
            raise ServiceError(
                "the ledger is damaged",
                where=f"{self.path}:{number}",
                remedy="put the file back from the disk's own copy; without it a restored backup may mail who left",
            ) from None

    @contextmanager
    def locked(self) -> Iterator[int]:
        """The open file, alone with it: nobody appends meanwhile, and it is still the file of this name."""
        while True:
            file = self._opened()
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if self._is_current(file):
                    yield file
                    return
            finally:
                os.close(file)  # and with it the lock

    def id_of(self, file: int) -> bytes:
        """The ledger's own random id; a new one for a file that has none yet."""
        marks = (item for item in self.lines() if is_of_ledger(item[1])) if os.fstat(file).st_size else iter(())
        first = next(marks, None)
        return self.parsed(first[1], first[0]).ref if first else secrets.token_bytes(ID_OCTETS)

    def _append(self, text: str, *, is_mark: bool) -> str:
        try:
            with self.locked() as file:
                mark = self._mark_if_due(file, is_mark=is_mark)
                _write(file, (mark + text).encode())
                # Others may append while the disk works; who rewrites the file meanwhile syncs these lines, too.
                fcntl.flock(file, fcntl.LOCK_UN)
                os.fsync(file)
        except OSError as error:
            raise ServiceError(
                f"the ledger cannot be written: {error.strerror}",
                where=str(self.path),
                remedy="make room on the disk, or mend the owner of the folder; nothing was acknowledged",
            ) from None
        return mark

    def _mark_if_due(self, file: int, *, is_mark: bool) -> str:
        now = self._clock()
        is_new = os.fstat(file).st_size == 0
        if not (is_mark or is_new or self._marked is None or now - self._marked >= MARK_EVERY):
            return ""
        self._marked = now
        return Entry(kind=Kind.MARK, at=now, ref=self.id_of(file)).line()

    def _opened(self) -> int:
        is_new = not self.path.exists()
        if is_new:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if is_new:
            sync_folder(self.path.parent)
            sync_folder(self.path.parent.parent)
        return file

    def _is_current(self, file: int) -> bool:
        """Whether nobody put another file in its place while we waited for the lock."""
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        mine = os.fstat(file)
        return (there.st_ino, there.st_dev) == (mine.st_ino, mine.st_dev)


def is_of_ledger(line: str) -> bool:
    """Whether a line is a mark, not an event; a cheap look, no reading."""
    return line.startswith(_OF_THE_LEDGER, line.find('"kind"'))


def _write(file: int, data: bytes) -> None:
    """Append `data` as a whole, the file being locked; close a torn line first."""
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        data = f"{TORN}\n".encode() + data
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
