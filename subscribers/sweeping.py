"""Folders of files about people: what an erasure asks of them (I5), and that they grow old by a rule of their own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Files with a deadline: how many, the nearest one, how many are past it."""

    count: int = 0
    nearest: datetime | None = None
    overdue: int = 0


class Folder(Protocol):
    """One kind of files that the software writes about people. An OSError of any method keeps the run overdue."""

    @property
    def name(self) -> str:
        """The rule by which its files go, in status, receipts and statement: `exports`, `feedback`, `backups`."""
        ...

    @property
    def period(self) -> str:
        """How long a file stays, in words: `7 days`."""
        ...

    def waiting(self, now: datetime) -> Waiting:
        """Count the files and their deadlines."""
        ...

    def expire(self, now: datetime) -> Waiting:
        """Remove what is past its deadline; what was removed, `nearest` being the oldest deadline of it."""
        ...

    def empty(self, now: datetime) -> int:
        """After rows were deleted and before the receipt: remove what may name who was erased; how many files."""
        ...
