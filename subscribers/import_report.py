"""What an import did, counted; and every row that was not taken, with its line, reason and remedy. Pure.

No line of it holds anything of the row itself: the line number leads back to the file (I7).
"""

from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias


class Why(StrEnum):
    """Why a row was not taken."""

    REFUSED = "refused"
    """The row is wrong; mend it and import again."""
    SKIPPED = "skipped"
    """The row is right, and its person must not be on the list."""
    DUPLICATE = "duplicate"
    """The address stands in the file before; the first row counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """One row that was not taken."""

    file: str = ""
    """The file that it stands in."""
    line: int
    why: Why
    reason: str
    remedy: str


Note: TypeAlias = Callable[[NotTaken], None]
"""Takes every row that was not taken, as it is found."""

SHOWN = 20
_WORD = (1 << 62) - 1


@dataclass(kw_only=True)
class ImportReport:
    """Counts of one import. A dry run counts what would be done."""

    rows: int = 0
    """Rows with anything in them, the header not counted."""
    added: int = 0
    """People new to the store, on the list now."""
    joined: int = 0
    """People known from another list, on this one now."""
    completed: int = 0
    """People whose empty fields were filled; with --update, fields that changed."""
    unchanged: int = 0
    """People who were on the list already."""
    duplicates: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """By reason."""
    held_back: int = 0
    """Those of them who may have been erased after the file was made."""
    waiting: Counter[str] = field(default_factory=Counter)
    """People who wait for a confirmation, by why: nothing proves their consent."""
    asked: int = 0
    """Requests to confirm that were queued; by a dry run: that would be."""
    taken_off: int = 0
    """People who were active here, of whom the file says that they left: ended now."""
    ended: int = 0
    """Others of whom the file says that they left: noted, so that no later file brings them."""
    promoted: int = 0
    """People who waited since an earlier import, on the list now: this file proves their consent."""
    suppressed: int = 0
    """Addresses of which the file says that they cannot be mailed, held back now."""
    erased_meanwhile: datetime | None = None
    """The newest erasure, if somebody was erased while the import ran and the rows after it were judged by that."""
    refused: int = 0
    smtputf8: int = 0
    """Accepted addresses that only servers with SMTPUTF8 can take (A7)."""
    shown: list[NotTaken] = field(default_factory=list)
    """The first refused rows, for the terminal."""
    note: Note | None = None
    file: str = ""
    """The file that is being read, as whoever hands over the files calls it."""

    def not_taken(self, line: int, why: Why, reason: str, remedy: str) -> None:
        """Count one row that is left out, and hand it to whoever writes the full list."""
        match why:
            case Why.REFUSED:
                self.refused += 1
            case Why.SKIPPED:
                self.skipped[reason] += 1
            case Why.DUPLICATE:
                self.duplicates += 1
        row = NotTaken(file=self.file, line=line, why=why, reason=reason, remedy=remedy)
        if why is Why.REFUSED and len(self.shown) < SHOWN:
            self.shown.append(row)
        if self.note:
            self.note(row)

    def counts(self) -> dict[str, Any]:
        """The numbers, as JSON says them."""
        return {
            "rows": self.rows,
            "added": self.added,
            "joined": self.joined,
            "completed": self.completed,
            "unchanged": self.unchanged,
            "duplicates": self.duplicates,
            "pending": dict(self.waiting),
            "asked": self.asked,
            "promoted": self.promoted,
            "taken_off": self.taken_off,
            "ended": self.ended,
            "suppressed": self.suppressed,
            "skipped": dict(self.skipped),
            "held_back": self.held_back,
            "refused": self.refused,
            "smtputf8": self.smtputf8,
        }


class SeenKeys:
    """Which address keys a file has shown before, in 8 bytes each: a million in 16 MB.

    It remembers 62 bits of a hash, so that about once in ten million files of a million rows it takes a new key for a
    seen one; the import believes it only when the database knows the key too.
    """

    def __init__(self) -> None:
        self._table = _empty(1 << 16)
        self._used = 0

    def add(self, key: str) -> bool:
        """Remember `key`; True if it was there."""
        word = hash(key) & _WORD | 1 << 62
        table, mask = self._table, len(self._table) - 1
        slot = word & mask
        while have := table[slot]:
            if have == word:
                return True
            slot = (slot + 1) & mask
        table[slot] = word
        self._used += 1
        if self._used * 3 > mask * 2:
            self._grow()
        return False

    def __contains__(self, key: str) -> bool:
        """Whether `key` was added."""
        word = hash(key) & _WORD | 1 << 62
        table, mask = self._table, len(self._table) - 1
        slot = word & mask
        while (have := table[slot]) and have != word:
            slot = (slot + 1) & mask
        return bool(have)

    def _grow(self) -> None:
        old, self._table = self._table, _empty(len(self._table) * 2)
        table, mask = self._table, len(self._table) - 1
        for word in old:
            if word:
                slot = word & mask
                while table[slot]:
                    slot = (slot + 1) & mask
                table[slot] = word


def _empty(size: int) -> "array[int]":
    return array("Q", bytes(8 * size))
