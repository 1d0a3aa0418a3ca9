"""The journal of one worker: what the relay may have, written down before it can have it (I3, A24).

Before the final dot of a message goes out, the journal says so; after the reply it says what the reply was. The store
learns the outcomes in groups; after a crash the next worker reads the journal and tells the store the rest:

    claimed, no dot          → back to queued
    dot, no outcome          → unknown
    outcome not in the store → that outcome

What is written survives `kill -9` of the process at once (crash-safe). Over a power cut it survives if the journal is
power-safe: every group of records is then synced to the disk before its dots are written. If it is not, the header
tells that the machine started anew since, and what the journal does not settle is unknown, not queued: claims are
durable in the store, so even then nothing goes out twice (docs/decisions/0018).

What the records look like: newsletter/delivery/journal_format.py.
"""

import os
from collections.abc import Awaitable, Container, Iterable
from contextlib import suppress
from pathlib import Path

from newsletter.delivery.group_sync import GroupSync
from newsletter.delivery.journal_format import (
    HEADER,
    Account,
    decode,
    decode_lines,
    encode_header,
    encode_outcome,
    encode_start,
    encode_withdrawal,
)
from newsletter.delivery.outcome import Outcome
from subscribers.errors import ServiceError

__all__ = [
    "HEADER",
    "Account",
    "Journal",
    "JournalError",
    "decode",
    "discard",
    "encode_outcome",
    "encode_start",
    "left_behind",
    "path_of",
    "read",
]

SUFFIX = ".journal"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def path_of(spool: Path, job: int, worker: str) -> Path:
    """Where the journal of `worker` for `job` lies."""
    return spool / f"{job}-{worker}{SUFFIX}"


def left_behind(spool: Path, job: int) -> Iterable[tuple[str, Path]]:
    """Worker and path of each journal of `job`; the caller holds the job, so those workers are gone."""
    for path in sorted(spool.glob(f"{job}-*{SUFFIX}")):
        yield path.name.removeprefix(f"{job}-").removesuffix(SUFFIX), path


def read(path: Path, among: Container[int] | None = None) -> Account:
    """What the journal at `path` says, of these deliveries or all; raises JournalError if it cannot be read."""
    try:
        with path.open("rb") as lines:
            return decode_lines(lines, boot_id(), among)
    except OSError as error:
        raise JournalError(f"the journal of sending cannot be read: {error.strerror}", where=str(path)) from None


def discard(path: Path) -> None:
    """Remove a journal of which the store knows everything; raises JournalError."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise JournalError(
            f"the journal of sending cannot be removed: {error.strerror}",
            where=str(path),
            remedy="let this user write in that folder and run the command again; everything in it is recorded",
        ) from None


def boot_id() -> str:
    """A word that is the same until the machine starts anew; empty where the system tells none."""
    try:
        return _BOOT.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


class JournalError(ServiceError):
    """The journal cannot be written, read or removed; nothing may be sent that it does not know of."""


class Journal:
    """The open journal of this worker; one per job and worker."""

    def __init__(self, path: Path, *, power_safe: bool = False, begun: set[int] | None = None) -> None:
        """Make the file with its header, both on the disk; raises JournalError.

        Deliveries whose dot is about to be written, or was, are put into `begun`.
        """
        self.path = path
        self._begun = begun
        self._is_broken = False
        self._waiting: list[bytes] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as error:
            raise self._error(error) from None
        self._sync = GroupSync(self._file) if power_safe else None
        try:
            self._write(encode_header(boot_id(), power_safe=power_safe))
            self._settle_in()
        except JournalError:
            self.remove()
            raise

    def start(self, delivery: int) -> Awaitable[None] | None:
        """Write down that the dot is about to be written; raises JournalError, and then it must not be.

        What comes back is to be awaited before the dot: then the record is on the disk (power-safe journals only).
        """
        if self._begun is not None:
            self._begun.add(delivery)
        self._waiting.append(encode_start(delivery))
        self.flush()
        return self._on_disk() if self._sync else None

    def withdraw(self, delivery: int) -> None:
        """Write down that the dot was not written after all; without this record the delivery is taken for unknown."""
        if self._begun is not None:
            self._begun.discard(delivery)
        self._waiting.append(encode_withdrawal(delivery))

    def finish(self, outcome: Outcome) -> None:
        """Write down what became of a delivery, together with the next record; until then a crash leaves it unknown."""
        self._waiting.append(encode_outcome(outcome))

    def flush(self) -> None:
        """Write what waits, in one go; raises JournalError, and then a crash leaves it unknown."""
        records, self._waiting = b"".join(self._waiting), []
        if records:
            self._write(records)

    def close(self) -> None:
        """Close the file and leave it for the next worker to read."""
        if self._file < 0:
            return
        with suppress(JournalError):
            self.flush()
        if self._sync:
            self._sync.close()
        os.close(self._file)
        self._file = -1

    def remove(self) -> None:
        """The store knows everything: the journal goes; raises JournalError if it cannot be removed."""
        self.close()
        discard(self.path)

    async def _on_disk(self) -> None:
        if self._sync is None:
            return
        try:
            await self._sync.done()
        except OSError as error:
            self._is_broken = True
            raise self._error(error) from None

    def _settle_in(self) -> None:
        """The file and its name on the disk: after a power cut there is a journal that tells of it."""
        try:
            os.fsync(self._file)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise self._error(error) from None

    def _write(self, record: bytes) -> None:
        """One write; after one that failed or was cut short nothing is written any more."""
        if self._is_broken:
            raise JournalError("the journal of sending cannot be written", where=str(self.path))
        try:
            written = os.write(self._file, record)
        except OSError as error:
            self._is_broken = True
            raise self._error(error) from None
        if written != len(record):
            self._is_broken = True
            raise self._error(OSError("written in part"))

    def _error(self, error: OSError) -> JournalError:
        return JournalError(
            f"the journal of sending cannot be written: {error.strerror or error}",
            where=str(self.path),
            remedy="make room on the disk and run the command again; what the relay took is recorded",
        )
