"""Receipts of erasure: counts and the policy in force, chained by sealed digests, never who (I7).

The ledger names every receipt too: the chain shows what was changed or taken out of it, the ledger what was cut off
its end.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from subscribers.clock import require_aware
from subscribers.sealing import Seal, Verify, bare, is_sealed
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


def write(
    connection: Connection, *, at: datetime, counts: Mapping[str, int], policy: Mapping[str, str], seal: Seal = bare
) -> Receipt:
    """Add a receipt to the chain, in the transaction that clears what was due."""
    previous = connection.scalar(select(receipt.c.digest).order_by(receipt.c.id.desc()).limit(1)) or FIRST
    digest = digest_of(previous, at, counts, policy, seal)
    values = {"at": at, "counts": dict(counts), "policy": dict(policy), "previous_digest": previous, "digest": digest}
    inserted = connection.execute(insert(receipt).values(**values).returning(receipt.c.id))
    return Receipt(id=inserted.scalar_one(), at=at, counts=dict(counts), policy=dict(policy), digest=digest)


def digest_of(
    previous: str, at: datetime, counts: Mapping[str, int], policy: Mapping[str, str], seal: Seal = bare
) -> str:
    """The seal over the receipt before and what this one says."""
    return seal(_said(previous, at, counts, policy))


def _said(previous: str, at: datetime, counts: Mapping[str, int], policy: Mapping[str, str]) -> bytes:
    said: dict[str, Any] = {"at": require_aware(at).isoformat(), "counts": dict(counts), "policy": dict(policy)}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{previous}\n{text}".encode()


def first_broken(connection: Connection, verify: Verify) -> int | None:
    """Id of the first receipt that was changed, or that follows one removed; None if the chain is whole.

    Receipts without a seal are believed only before the first sealed one.
    """
    previous = FIRST
    for row in connection.execute(select(receipt).order_by(receipt.c.id)).all():
        said = _said(previous, row.at, row.counts, row.policy)
        lost_its_seal = is_sealed(previous) and not is_sealed(row.digest)
        if row.previous_digest != previous or lost_its_seal or not verify(said, row.digest):
            return int(row.id)
        previous = row.digest
    return None


def mark_of(digest: str) -> bytes:
    """How the ledger names a receipt: the 32 bytes of its digest."""
    return bytes.fromhex(digest.rpartition(".")[2])


def missing(connection: Connection, named: Iterable[bytes]) -> list[bytes]:
    """Those of the receipts that the ledger names which are not in the database: removed, or an older copy of it."""
    there = {digest.rpartition(".")[2] for digest in connection.scalars(select(receipt.c.digest))}
    return [mark for mark in named if mark.hex() not in there]


def latest(connection: Connection) -> Receipt | None:
    """The newest receipt."""
    row = connection.execute(select(receipt).order_by(receipt.c.id.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    return Receipt(id=row.id, at=row.at, counts=row.counts, policy=row.policy, digest=row.digest)
