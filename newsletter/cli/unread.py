"""Output that reaches nobody: the reader of a pipe went away, or the disk below a file is full."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO


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
