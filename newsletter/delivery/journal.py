"""The journal of one worker: what the relay may have, written down before it can have it (I3, A24).

Before the final dot of a message goes out, the journal says so; after the reply it says what the reply was. Both are
one `write` to a file, so they survive `kill -9` of the process (crash-safe; not a power cut). The store learns the
outcomes in groups; after a crash the next worker reads the journal and tells the store the rest:

    claimed, no dot          → back to queued
    dot, no outcome          → unknown
    outcome not in the store → that outcome

Format: text, one record per line, ids and numbers only (I7).

    newsletter-journal 1
    S <delivery>                                     the dot is about to be written
    O <delivery> <event> <code> <hard> <due> <reason>  what became of it; "-" for nothing, due in seconds since 1970
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from newsletter.delivery.outcome import Event, Outcome
from subscribers.errors import ServiceError

HEADER = b"newsletter-journal 1\n"
SUFFIX = ".journal"
_FIELDS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a journal says: the outcomes, and the deliveries whose dot was written without one."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    open_dots: frozenset[int] = frozenset()
    is_damaged: bool = False
    """A record was unreadable: what is not mentioned may have been sent all the same."""


def encode_start(delivery: int) -> bytes:
    """The record "the dot of this delivery is about to be written"."""
    return b"S %d\n" % delivery


def encode_outcome(outcome: Outcome) -> bytes:
    """The record of what became of a delivery; the reply text is not kept here (I7)."""
    code = "-" if outcome.code is None else str(outcome.code)
    due = "-" if outcome.due_at is None else str(int(outcome.due_at.timestamp()))
    reason = outcome.reason or "-"
    return f"O {outcome.delivery} {outcome.event} {code} {int(outcome.is_hard)} {due} {reason}\n".encode("ascii")


def decode(content: bytes) -> Account:
    """What the records say, the last one of a delivery counting; an unfinished last line was never written."""
    *lines, _torn = content.split(b"\n")
    outcomes: dict[int, Outcome] = {}
    dots: set[int] = set()
    is_damaged = bool(lines) and lines[0] + b"\n" != HEADER
    for line in lines[1:]:
        try:
            _read(line.decode("ascii"), dots, outcomes)
        except (ValueError, IndexError):
            is_damaged = True
    return Account(outcomes=outcomes, open_dots=frozenset(dots), is_damaged=is_damaged)


def _read(line: str, dots: set[int], outcomes: dict[int, Outcome]) -> None:
    words = line.split(" ")
    delivery = int(words[1])
    if words[0] == "S" and len(words) == 2:  # noqa: PLR2004 - letter and id
        dots.add(delivery)
        outcomes.pop(delivery, None)
        return
    if words[0] != "O" or len(words) != _FIELDS:
        msg = f"not a record: {words[0]}"
        raise ValueError(msg)
    outcomes[delivery] = Outcome(
        delivery=delivery,
        event=Event(words[2]),
        code=None if words[3] == "-" else int(words[3]),
        is_hard=words[4] == "1",
        due_at=None if words[5] == "-" else datetime.fromtimestamp(int(words[5]), tz=UTC),
        reason="" if words[6] == "-" else words[6],
    )
    dots.discard(delivery)


class JournalError(ServiceError):
    """The journal cannot be written; nothing may be sent that it does not know of."""


class Journal:
    """The open journal of this worker; one per job and worker."""

    def __init__(self, path: Path) -> None:
        """Make the file with its header; raises JournalError."""
        self.path = path
        self._is_broken = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as error:
            raise self._error(error) from None
        try:
            self._write(HEADER)
        except JournalError:
            self.remove()
            raise

    def start(self, delivery: int) -> None:
        """Write down that the dot is about to be written; raises JournalError, and then it must not be."""
        self._write(encode_start(delivery))

    def finish(self, outcome: Outcome) -> None:
        """Write down what became of a delivery; raises JournalError, and then a crash leaves it unknown."""
        self._write(encode_outcome(outcome))

    def close(self) -> None:
        """Close the file and leave it for the next worker to read."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def remove(self) -> None:
        """The store knows everything: the journal goes."""
        self.close()
        self.path.unlink(missing_ok=True)

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


def path_of(spool: Path, job: int, worker: str) -> Path:
    """Where the journal of `worker` for `job` lies."""
    return spool / f"{job}-{worker}{SUFFIX}"


def left_behind(spool: Path, job: int) -> Iterable[tuple[str, Path]]:
    """Worker and path of each journal of `job`; the caller holds the job, so those workers are gone."""
    for path in sorted(spool.glob(f"{job}-*{SUFFIX}")):
        yield path.name.removeprefix(f"{job}-").removesuffix(SUFFIX), path


def read(path: Path) -> Account:
    """What the journal at `path` says; raises JournalError if it cannot be read."""
    try:
        return decode(path.read_bytes())
    except OSError as error:
        raise JournalError(f"the journal of sending cannot be read: {error.strerror}", where=str(path)) from None
