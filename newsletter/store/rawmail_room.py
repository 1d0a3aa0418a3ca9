"""How much may lie below `data_dir/feedback`, so that a flood of mails fills no disk (edge).

Counted at most once in a while, and added up in between: never a walk through all of it for each mail.
"""

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.store.rawmail import DELIVERED, DONE, FOLDER, HUMAN, INCOMING

MEGABYTE = 1024 * 1024
COUNT_SECONDS = 60.0
"""How long a count is good; what others add or remove meanwhile is not seen."""
FULL_SECONDS = 5.0
"""The same once it is full: room that was made is soon found."""
_BOXES = (INCOMING, DONE, HUMAN)


@dataclass
class Room:
    """What still fits; one for all threads of a process."""

    data_dir: Path
    mails: int
    octets: int
    tick: Callable[[], float] = time.monotonic
    _held: tuple[int, int] = (0, 0)
    _counted_at: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, octets: int) -> None:
        """Count one mail more; raises OSError if it does not fit, and then it is not kept."""
        with self._lock:
            if self._is_old(COUNT_SECONDS) or (not self._fits(octets) and self._is_old(FULL_SECONDS)):
                self._held, self._counted_at = self._count(), self.tick()
            if not self._fits(octets):
                what = "the folder of mails that came back holds as many as [feedback] allows"
                raise OSError(errno.EDQUOT, what)
            self._held = (self._held[0] + 1, self._held[1] + octets)

    def _fits(self, octets: int) -> bool:
        return self._held[0] < self.mails and self._held[1] + octets <= self.octets

    def _is_old(self, seconds: float) -> bool:
        return self._counted_at is None or self.tick() - self._counted_at >= seconds

    def _count(self) -> tuple[int, int]:
        sizes = list(self._sizes())
        return len(sizes), sum(sizes)

    def _sizes(self) -> Iterator[int]:
        for name in _BOXES:
            for part in ("tmp", *DELIVERED):
                with suppress(FileNotFoundError), os.scandir(self.data_dir / FOLDER / name / part) as entries:
                    yield from (size for entry in entries if (size := _size(entry)) is not None)


def _size(entry: "os.DirEntry[str]") -> int | None:
    """Octets of a file; None for anything else, and for one that is gone meanwhile."""
    with suppress(FileNotFoundError):
        return entry.stat(follow_symlinks=False).st_size if entry.is_file(follow_symlinks=False) else None
    return None
