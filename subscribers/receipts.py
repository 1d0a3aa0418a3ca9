"""Receipts of erasure: counts and the policy in force, chained by sealed digests, never who (I7).

The ledger names every receipt too: the chain shows what was changed or taken out of it, the ledger what was cut off
its end.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from subscribers.clock import require_aware
from subscribers.rule_counts import Stored
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
    """Rows by table, and files by kind."""
    policy: dict[str, str]
    """The periods in force, by list."""
    digest: str
    rules: Stored | None = None
    """What was erased by which rule (subscribers/rule_counts.py); None in receipts from before rules were counted."""


def write(
    connection: Connection,
    *,
    at: datetime,
    counts: Mapping[str, int],
    policy: Mapping[str, str],
    rules: Stored | None = None,
    seal: Seal = bare,
) -> Receipt:
    """Add a receipt to the chain, in the transaction that clears what was due."""
    previous = connection.scalar(select(receipt.c.digest).order_by(receipt.c.id.desc()).limit(1)) or FIRST
    digest = digest_of(previous, at, counts, policy, rules, seal)
    values: dict[str, Any] = {"at": at, "counts": dict(counts), "policy": dict(policy), "rules": rules}
    row = insert(receipt).values(**values, previous_digest=previous, digest=digest).returning(receipt.c.id)
    return Receipt(id=connection.execute(row).scalar_one(), digest=digest, **values)


def digest_of(
    previous: str,
    at: datetime,
    counts: Mapping[str, int],
    policy: Mapping[str, str],
    rules: Stored | None = None,
    seal: Seal = bare,
) -> str:
    """The seal over the receipt before and what this one says."""
    return seal(_said(previous, at, counts, policy, rules))


def _said(
    previous: str, at: datetime, counts: Mapping[str, int], policy: Mapping[str, str], rules: Stored | None
) -> bytes:
    said: dict[str, Any] = {"at": require_aware(at).isoformat(), "counts": dict(counts), "policy": dict(policy)}
    if rules is not None:
        said["rules"] = rules
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{previous}\n{text}".encode()


def first_broken(connection: Connection, verify: Verify) -> int | None:
    """Id of the first receipt that was changed, or that follows one removed; None if the chain is whole.

    Receipts without a seal are believed only before the first sealed one.
    """
    previous = FIRST
    for row in connection.execute(select(receipt).order_by(receipt.c.id)).all():
        said = _said(previous, row.at, row.counts, row.policy, row.rules)
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
    return None if row is None else _receipt(row)


def between(connection: Connection, start: datetime, end: datetime) -> list[Receipt]:
    """The receipts from `start` up to, and without, `end`; oldest first."""
    query = select(receipt).where(receipt.c.at >= start, receipt.c.at < end).order_by(receipt.c.id)
    return [_receipt(row) for row in connection.execute(query)]


def _receipt(row: Row[Any]) -> Receipt:
    return Receipt(id=row.id, at=row.at, counts=row.counts, policy=row.policy, digest=row.digest, rules=row.rules)
