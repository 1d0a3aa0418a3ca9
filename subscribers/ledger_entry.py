"""What the ledger remembers outside the database, so that leaving outlives a restore (I11). Pure.

An entry names random ids or (list, slug), never a person. `at` is the moment of the event itself (a request to leave:
when it arrived), so that a replay counts deadlines from the right instant. On replay an `ended` entry does not touch a
subscription that carries a consent given after `at`: that person came back.
"""

import json
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
    """A subscription ended; `ref` is the subscription's."""
    SUPPRESSED = "suppressed"
    """A subscriber is not mailed any more; `ref` is the subscriber's."""
    ERASED = "erased"
    """A subscription, or a subscriber with everything on it, was erased; `ref` is its own."""
    PLANNED = "planned"
    """A send job was planned for (list, slug); `ref` is the job's."""
    RECEIPT = "receipt"
    """A receipt of erasure was written; `ref` is the 32 bytes of its digest. Nothing to replay."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the ledger. References are 16 random bytes, unique over all tables; a receipt's is its digest."""

    kind: Kind
    at: datetime
    ref: bytes
    list: str = ""
    slug: str = ""

    def __post_init__(self) -> None:
        """Refuse a naive moment (I10)."""
        require_aware(self.at)

    def line(self) -> str:
        """The entry as one line of JSON, with its line end."""
        line = (
            f'{{"v":{VERSION},"at":"{require_aware(self.at).isoformat()}","kind":"{self.kind}","ref":"{self.ref.hex()}"'
        )
        if self.kind is Kind.PLANNED:
            line += f',"list":{json.dumps(self.list)},"slug":{json.dumps(self.slug)}'
        return line + "}\n"

    @classmethod
    def read(cls, line: str) -> Self:
        """Read one line; raise ValueError for anything this program did not write."""
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
