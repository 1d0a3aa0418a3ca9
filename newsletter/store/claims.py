"""Claiming deliveries: a batch at a time, each checked again at that moment (I2); on SQLite and PostgreSQL alike.

A row that is claimed belongs to one worker until that worker records or releases it, or until its death is known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, select

from newsletter.delivery.outcome import State
from newsletter.delivery.retry import Reason
from newsletter.store.deliveries import update_ids
from newsletter.store.tables import delivery
from subscribers.subscription import State as SubscriptionState
from subscribers.tables import subscriber, subscription, suppression
from subscribers.transactions import writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """One delivery that this worker may send, and the person it is for."""

    delivery: int
    attempts: int
    """Attempts before this one."""
    subscription_ref: bytes
    address: str
    name: str
    organisation: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one claim brought."""

    claimed: tuple[Claimed, ...] = ()
    skipped: int = 0
    """Deliveries that may no longer be mailed (I2)."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to claim now."""
        return not self.claimed and not self.skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who claims, and until when the rows are theirs."""

    worker: str
    now: datetime
    lease: timedelta


def claim_batch(engine: Engine, job: int, claim: Claim, size: int) -> Batch:
    """Claim up to `size` queued deliveries, then deferred ones that are due.

    In the same transaction each is checked again: without an active subscription, or suppressed, it is SKIPPED (I2).
    """
    with writing(engine) as connection:
        rows = connection.execute(_candidates(job, size, delivery.c.state == State.QUEUED)).mappings().all()
        if len(rows) < size:
            due = (delivery.c.state == State.DEFERRED) & (delivery.c.due_at <= claim.now)
            rows = [*rows, *connection.execute(_candidates(job, size - len(rows), due)).mappings()]
        return _take(connection, claim, rows)


def _candidates(job: int, size: int, where: ColumnElement[bool]) -> Any:  # noqa: ANN401 - a piece of SQL
    people = delivery.join(subscription, subscription.c.id == delivery.c.subscription_id).join(
        subscriber, subscriber.c.id == subscription.c.subscriber_id
    )
    return (
        select(
            delivery.c.id,
            delivery.c.attempts,
            subscription.c.ref,
            subscription.c.state.label("subscription_state"),
            suppression.c.id.label("suppression"),
            subscriber.c.address,
            subscriber.c.name,
            subscriber.c.organisation,
            subscriber.c.attributes,
        )
        .select_from(people.outerjoin(suppression, suppression.c.subscriber_id == subscriber.c.id))
        .where(delivery.c.job_id == job, where)
        .order_by(delivery.c.id)
        .limit(size)
        .with_for_update(of=delivery, skip_locked=True)  # PostgreSQL; SQLite has one writer anyway
    )


def _take(connection: Connection, claim: Claim, rows: Sequence[RowMapping]) -> Batch:
    refused: dict[Reason, list[int]] = {}
    claimed: list[Claimed] = []
    for row in rows:
        reason = _why_not(row)
        if reason:
            refused.setdefault(reason, []).append(row["id"])
        else:
            claimed.append(_claimed(row))
    for reason, ids in refused.items():
        skip = {"state": int(State.SKIPPED), "reason": reason, "due_at": None, "updated_at": claim.now}
        update_ids(connection, ids, skip)
    update_ids(
        connection,
        [item.delivery for item in claimed],
        {
            "state": int(State.CLAIMED),
            "worker": claim.worker,
            "lease_until": claim.now + claim.lease,
            "updated_at": claim.now,
        },
    )
    return Batch(claimed=tuple(claimed), skipped=len(rows) - len(claimed))


def _why_not(row: RowMapping) -> Reason | None:
    if row["subscription_state"] != SubscriptionState.ACTIVE:
        return Reason.UNSUBSCRIBED
    return Reason.SUPPRESSED if row["suppression"] is not None else None


def _claimed(row: RowMapping) -> Claimed:
    return Claimed(
        delivery=row["id"],
        attempts=row["attempts"],
        subscription_ref=bytes(row["ref"]),
        address=row["address"],
        name=row["name"],
        organisation=row["organisation"],
        attributes=row["attributes"] or {},
    )
