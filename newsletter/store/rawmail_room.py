"""How much may lie below `data_dir/feedback`, so that a flood of mails fills no disk (edge).

Counted at most once in a while, and added up in between: never a walk through all of it for each mail. Handled mails
make room for new ones, the oldest first: the days that they stay are a maximum. So what waits, for us or for a person,
is all that can refuse a mail; one that carries a mark of ours (newsletter/feedback/evidence.py) is refused later.
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
SIGNED_TIMES = 2
"""How many times as much may lie there when what comes is signed by us: no flood keeps out a request to leave."""
_PORTION = 20
"""A twentieth of what may be kept is cleared at once, so that not every mail looks through the handled ones."""


@dataclass
class Room:
    """What still fits; one for all threads of a process."""

    data_dir: Path
    mails: int
    octets: int
    tick: Callable[[], float] = time.monotonic
    _held: tuple[int, int] = (0, 0)
    """Mails and octets of all boxes."""
    _handled: tuple[int, int] = (0, 0)
    """Those of them that are done with."""
    _counted_at: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, octets: int, *, times: int = 1) -> None:
        """Count one mail more; raises OSError if it does not fit `times` over, and then it is not kept."""
        with self._lock:
            if self._is_old(COUNT_SECONDS) or (not self._fits(octets, times) and self._is_old(FULL_SECONDS)):
                self._look()
            if not self._fits(octets, times) and self._handled[0]:
                self._clear(octets, times)
            if not self._fits(octets, times):
                what = "the folder of mails that came back holds as many as [feedback] allows"
                raise OSError(errno.EDQUOT, what)
            self._held = (self._held[0] + 1, self._held[1] + octets)

    def is_full(self) -> bool:
        """Whether what waits takes all the room there is: mails without a mark of ours are refused."""
        with self._lock:
            self._look()
            waiting, octets = (held - done for held, done in zip(self._held, self._handled, strict=True))
            return waiting >= self.mails or octets >= self.octets

    def _fits(self, octets: int, times: int) -> bool:
        return self._held[0] < times * self.mails and self._held[1] + octets <= times * self.octets

    def _clear(self, octets: int, times: int) -> None:
        """Remove the oldest handled mails until one more fits, and some beyond that."""
        mails_left = times * self.mails - max(1, self.mails // _PORTION)
        octets_left = times * self.octets - octets - self.octets // _PORTION
        for _moment, path, size in sorted(self._files(DONE)):
            if self._held[0] <= mails_left and self._held[1] <= octets_left:
                break
            path.unlink(missing_ok=True)
            self._held = (self._held[0] - 1, self._held[1] - size)
            self._handled = (self._handled[0] - 1, self._handled[1] - size)

    def _is_old(self, seconds: float) -> bool:
        return self._counted_at is None or self.tick() - self._counted_at >= seconds

    def _look(self) -> None:
        waiting, self._handled = self._count(INCOMING, HUMAN), self._count(DONE)
        self._held = (waiting[0] + self._handled[0], waiting[1] + self._handled[1])
        self._counted_at = self.tick()

    def _count(self, *boxes: str) -> tuple[int, int]:
        sizes = [size for name in boxes for _moment, _path, size in self._files(name)]
        return len(sizes), sum(sizes)

    def _files(self, name: str) -> Iterator[tuple[float, Path, int]]:
        """When each file was written, where it is, and how many octets it has."""
        for part in ("tmp", *DELIVERED):
            with suppress(FileNotFoundError), os.scandir(self.data_dir / FOLDER / name / part) as entries:
                found = ((entry.path, _stat(entry)) for entry in entries)
                yield from ((stat.st_mtime, Path(path), stat.st_size) for path, stat in found if stat)


def _stat(entry: "os.DirEntry[str]") -> os.stat_result | None:
    """Of a file; None for anything else, and for one that is gone meanwhile."""
    with suppress(FileNotFoundError):
        return entry.stat(follow_symlinks=False) if entry.is_file(follow_symlinks=False) else None
    return None
