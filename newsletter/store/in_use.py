"""Whether a process works on the store: shared by all who do, held alone by who puts another database in its place.

A file lock in data_dir: the kernel takes it from a process that died. It is held as long as the engine lives, so a
database that was swapped is never one that somebody still has open.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from subscribers.errors import ConflictError, ServiceError

FILE_NAME = "store.lock"


def work_on(data_dir: Path) -> int:
    """Say that this process works on the store of `data_dir`, until the descriptor that is returned is closed.

    Raises ServiceError while a backup is being restored there.
    """
    file = _opened(data_dir.resolve() / FILE_NAME)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise ServiceError(
            "a backup of the database is being restored at this moment",
            where=str(data_dir),
            remedy="wait until that is done, then run the command again",
        ) from None
    return file


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Be the only process that works on the store; raises ConflictError if another one does."""
    file = _opened(data_dir.resolve() / FILE_NAME)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise _busy(data_dir) from None
    try:
        yield
    finally:
        os.close(file)


def _busy(data_dir: Path) -> ConflictError:
    return ConflictError(
        "the database is in use by another process",
        where=str(data_dir),
        remedy="stop `newsletter serve`, and whatever else of this program runs, then try again",
    )


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ServiceError(f"the data folder cannot be used: {error.strerror}", where=str(path)) from None
