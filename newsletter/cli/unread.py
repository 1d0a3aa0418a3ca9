"""Output that reaches nobody: a stream is closed, the reader of a pipe went away or stalls, a disk is full."""

import errno
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def whoever_reads() -> Iterator[None]:
    """For what is said of work that goes on, or is done: that nobody gets it changes nothing about that work."""
    try:
        yield
    except OSError as error:
        to_nowhere(sys.stdout)
        why = error.strerror or type(error).__name__
        try:
            sys.stderr.write(f"Nobody gets what is printed here any more ({why}); the work goes on.\n")
        except OSError:
            to_nowhere(sys.stderr)


def to_nowhere(stream: TextIO) -> None:
    """From here on `stream` takes everything, also what it still holds: Python complains of that when it ends."""
    with suppress(OSError, ValueError):  # a stream that is no file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def open_what_is_closed() -> None:
    """Stand-ins for standard streams that whoever started us had closed: else a database gets their number."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, number)
            if nowhere != number:
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def takes_more(stream: TextIO) -> bool:
    """Whether a short line can be written without waiting for whoever reads; a stream that is no file always can."""
    try:
        return bool(select.select([], [stream.fileno()], [], 0)[1])
    except (OSError, ValueError):
        return True


def is_of_stream(error: Exception, stream: TextIO) -> bool:
    """Whether `error` says that there is no room for what goes to `stream`; it is tried with one more line end."""
    if not isinstance(error, OSError) or error.errno not in _NO_ROOM or error.filename:
        return False
    try:
        stream.write("\n")
        stream.flush()
    except OSError:
        return True
    return False
