"""What the ledger remembers outside the database, so that leaving outlives a restore (I11). Pure.

An entry names random ids or (list, slug), never a person. `at` is the moment of the event itself (a request to leave:
when it arrived), so that a replay counts deadlines from the right instant. On replay an `ended` entry does not touch a
subscription that carries a consent given after `at`: that person came back.

When an entry was written down, `at` does not tell. The ledger says that by marks between the entries: everything
before a mark was written no later than the mark's `at`.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self, TypeAlias

from subscribers.clock import require_aware

VERSION = 1


class Kind(StrEnum):
    """What happened."""

    ENDED = "ended"
    """A subscription ended; `ref` is the subscription's, `why` the reason."""
    RETURNED = "returned"
    """An ending was taken back; `ref` is the subscription's."""
    MOVED = "moved"
    """A subscriber has another address; `ref` is the subscriber's. A store from before it must not mail the old one."""
    SUPPRESSED = "suppressed"
    """A subscriber is not mailed any more; `ref` is the subscriber's, `why` the reason."""
    ERASED = "erased"
    """A subscription, or a subscriber with everything on it, was erased; `ref` is its own."""
    PLANNED = "planned"
    """A send job was planned for (list, slug); `ref` is the job's."""
    WITHDRAWN = "withdrawn"
    """The issue (list, slug) was taken out of the archive; `ref` is its job's."""
    SHOWN = "shown"
    """A withdrawn issue is shown again; `ref` is its job's."""
    RECEIPT = "receipt"
    """A receipt of erasure was written; `ref` is the 32 bytes of its digest. Nothing to replay."""
    MARK = "mark"
    """Of the ledger itself: what stands before it was written by `at`; `ref` is the ledger's own random id."""
    EXPIRED = "expired"
    """Of the ledger itself: entries written before `at` were dropped; `ref` is the ledger's own random id."""


NAMING_AN_ISSUE = frozenset({Kind.PLANNED, Kind.WITHDRAWN, Kind.SHOWN})
"""Entries with a list and a slug."""
OF_THE_LEDGER = frozenset({Kind.MARK, Kind.EXPIRED})
"""Entries that no event wrote: readers of events never see them."""
_PLAIN = re.compile(r'\{"v":1,"at":"([^"\\]+)","kind":"([a-z]+)","ref":"([0-9a-f]+)"(?:,"why":"([a-z-]+)")?\}\n?')
"""Most lines of a ledger: read in a third of the time that JSON takes, which counts with a million of them."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the ledger. References are 16 random bytes, unique over all tables; a receipt's is its digest."""

    kind: Kind
    at: datetime
    ref: bytes
    list: str = ""
    slug: str = ""
    why: str = ""
    """One word: the reason of an ending or a suppression, so that a replay counts the right deadline."""

    def __post_init__(self) -> None:
        """Refuse a naive moment (I10)."""
        require_aware(self.at)

    def line(self) -> str:
        """The entry as one line of JSON, with its line end."""
        line = (
            f'{{"v":{VERSION},"at":"{require_aware(self.at).isoformat()}","kind":"{self.kind}","ref":"{self.ref.hex()}"'
        )
        if self.kind in NAMING_AN_ISSUE:
            line += f',"list":{json.dumps(self.list)},"slug":{json.dumps(self.slug)}'
        if self.why:
            line += f',"why":{json.dumps(self.why)}'
        return line + "}\n"

    @classmethod
    def read(cls, line: str) -> Self:
        """Read one line; raise ValueError for anything this program did not write."""
        if plain := _PLAIN.fullmatch(line):
            at, kind, ref, why = plain.groups()
            return cls(kind=Kind(kind), at=datetime.fromisoformat(at), ref=bytes.fromhex(ref), why=why or "")
        values: Any = json.loads(line)
        if not isinstance(values, dict) or values.get("v") != VERSION:
            msg = "not a line of this version of the ledger"
            raise ValueError(msg)
        try:
            return cls(
                kind=Kind(values["kind"]),
                at=datetime.fromisoformat(values["at"]),
                ref=bytes.fromhex(values["ref"]),
                list=values.get("list", ""),
                slug=values.get("slug", ""),
                why=values.get("why", ""),
            )
        except (KeyError, TypeError) as error:
            msg = f"a line of the ledger lacks {error}"
            raise ValueError(msg) from None


Record: TypeAlias = Callable[[Sequence[Entry]], None]
"""Writes entries durably before it returns; called inside the transaction, before it commits.

A commit that fails after it leaves an entry for something that was asked for and not done, which a replay does; the
other order would leave something done and acknowledged that a restore undoes.
"""


def nowhere(_entries: Sequence[Entry]) -> None:
    """A Record that remembers nothing: for stores that no backup will ever restore (tests, benchmarks)."""
