"""One process runs a job: held by a file lock on this machine and by a lease in the store for others (edge).

The file lock is exact: the kernel takes it from a process that died, `kill -9` included, and leaves it with one that is
only stopped. The lease says the same to processes elsewhere that share the database; it is renewed while we live.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from newsletter.delivery.job import SendJob
from subscribers import leases
from subscribers.clock import Clock
from subscribers.errors import ConflictError, ServiceError
from subscribers.transactions import reading, writing

LEASE_SECONDS = 60.0
"""How long the lease lasts without being renewed."""


def name_of(job: SendJob) -> str:
    """The name of the job's lease."""
    return f"{leases.JOBS}{job.id}"


def is_running(engine: Engine, job: SendJob, now: datetime) -> bool:
    """Whether a living process holds the job, as far as the store says."""
    with reading(engine) as connection:
        holder = leases.holder_of(connection, name_of(job), now=now)
    return holder is not None and not leases.is_dead(holder)


class HeldError(ConflictError):
    """Another process sends the job at this moment."""


class Hold:
    """The right to run one job, while it lasts."""

    def __init__(self, engine: Engine, job: SendJob, clock: Clock) -> None:
        self._engine, self._job, self._clock = engine, job, clock
        self._name = name_of(job)
        self._holder = leases.new_holder()

    def take(self) -> None:
        """Take the lease; raises ConflictError if a living process elsewhere has it."""
        with writing(self._engine) as connection:
            taken = leases.acquire(
                connection, self._name, holder=self._holder, now=self._clock(), seconds=LEASE_SECONDS
            )
        if not taken:
            raise _busy(self._job, "; if it died with its machine, this is over within a minute")

    def renew(self) -> bool:
        """Prolong the lease; False if another process took it, and then nothing more may be sent."""
        with writing(self._engine) as connection:
            return leases.renew(connection, self._name, holder=self._holder, now=self._clock(), seconds=LEASE_SECONDS)

    def give_back(self) -> None:
        """Let another process run the job at once; a store that is gone frees it when the lease has run out."""
        with suppress(SQLAlchemyError), writing(self._engine) as connection:
            leases.release(connection, self._name, holder=self._holder)


@contextmanager
def holding(engine: Engine, spool: Path, job: SendJob, clock: Clock) -> Iterator[Hold]:
    """Hold the job; raises ConflictError if another process is sending it."""
    with _locked(spool / f"{job.id}.lock", job):
        hold = Hold(engine, job, clock)
        hold.take()
        try:
            yield hold
        finally:
            hold.give_back()


@contextmanager
def _locked(path: Path, job: SendJob) -> Iterator[None]:
    """The file stays: removing it while another process opens it would let two of them hold it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ServiceError(f"the spool cannot be used: {error.strerror}", where=str(path)) from None
    try:
        _lock(file, job)
        yield
    finally:
        os.close(file)


def _lock(file: int, job: SendJob) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _busy(job) from None


def _busy(job: SendJob, more: str = "") -> HeldError:
    remedy = f"wait until it is done, or stop that process{more}"
    return HeldError("the job is being sent by another process", where=str(job), remedy=remedy)
