"""Receipts of erasure: counts and the policy in force, chained by digests, never who (I7)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from subscribers.clock import require_aware
from subscribers.tables import receipt

FIRST = "0" * 64
"""What stands before the first receipt."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Proof that rows were deleted and no byte of them is left in the database and its log."""

    id: int
    at: datetime
    counts: dict[str, int]
    policy: dict[str, str]
    digest: str


def write(connection: Connection, *, at: datetime, counts: Mapping[str, int], policy: Mapping[str, str]) -> Receipt:
    """Add a receipt to the chain, in the transaction that clears what was due."""
    previous = connection.scalar(select(receipt.c.digest).order_by(receipt.c.id.desc()).limit(1)) or FIRST
    digest = digest_of(previous, at, counts, policy)
    values = {"at": at, "counts": dict(counts), "policy": dict(policy), "previous_digest": previous, "digest": digest}
    inserted = connection.execute(insert(receipt).values(**values).returning(receipt.c.id))
    return Receipt(id=inserted.scalar_one(), at=at, counts=dict(counts), policy=dict(policy), digest=digest)


def digest_of(previous: str, at: datetime, counts: Mapping[str, int], policy: Mapping[str, str]) -> str:
    """SHA-256 (hex) over the receipt before and what this one says."""
    said: dict[str, Any] = {"at": require_aware(at).isoformat(), "counts": dict(counts), "policy": dict(policy)}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def first_broken(connection: Connection) -> int | None:
    """Id of the first receipt that was changed, or that follows one removed; None if the chain is whole."""
    previous = FIRST
    for row in connection.execute(select(receipt).order_by(receipt.c.id)).all():
        if row.previous_digest != previous or row.digest != digest_of(previous, row.at, row.counts, row.policy):
            return int(row.id)
        previous = row.digest
    return None


def latest(connection: Connection) -> Receipt | None:
    """The newest receipt."""
    row = connection.execute(select(receipt).order_by(receipt.c.id.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    return Receipt(id=row.id, at=row.at, counts=row.counts, policy=row.policy, digest=row.digest)
