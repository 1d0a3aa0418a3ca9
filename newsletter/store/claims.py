"""Claiming deliveries: a batch at a time, each checked again at that moment (I2); on SQLite and PostgreSQL alike.

A row that is claimed belongs to one worker until that worker records or releases it, or until its death is known.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, select

from newsletter.delivery.outcome import Event, State, move
from newsletter.delivery.retry import Reason
from newsletter.store.deliveries import update_ids
from newsletter.store.tables import delivery
from newsletter.store.tally import erased_of, move_erased
from subscribers.subscription import State as SubscriptionState
from subscribers.tables import subscriber, subscription, suppression
from subscribers.transactions import reading, writing


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a second look at claimed deliveries found."""

    claimed: tuple[Claimed, ...] = ()
    """Those that may be sent, with what is known of the person now."""
    skipped: int = 0
    """Deliveries whose person left, is suppressed or was erased since they were claimed (I2)."""


def check_again(engine: Engine, job: int, claim: Claim, ids: Collection[int]) -> Checked:
    """Look again at deliveries that `claim.worker` holds; those that may no longer be mailed are SKIPPED (I2).

    One SELECT; it writes only if somebody left. What is erased counts as skipped, since no dot was written for it.
    """
    with reading(engine) as connection:
        rows = connection.execute(_held_by(claim.worker, ids)).mappings().all()
    if len(rows) == len(ids) and not any(map(_why_not, rows)):
        return Checked(claimed=tuple(map(_claimed, rows)))
    with writing(engine) as connection:
        rows = connection.execute(_held_by(claim.worker, ids).with_for_update(of=delivery)).mappings().all()
        skipped = _skip(connection, claim, rows)
        gone = erased_of(connection, ids)
        move_erased(connection, job, State.CLAIMED, [move(State.CLAIMED, Event.RELEASE)] * len(gone))
    fit = tuple(_claimed(row) for row in rows if not _why_not(row))
    return Checked(claimed=fit, skipped=skipped + len(gone))


def _held_by(worker: str, ids: Collection[int]) -> Any:  # noqa: ANN401 - a piece of SQL
    held = delivery.c.id.in_(ids), delivery.c.worker == worker, delivery.c.state == int(State.CLAIMED)
    return _people().where(*held).order_by(delivery.c.id)


def _candidates(job: int, size: int, where: ColumnElement[bool]) -> Any:  # noqa: ANN401 - a piece of SQL
    return (
        _people()
        .where(delivery.c.job_id == job, where)
        .order_by(delivery.c.id)
        .limit(size)
        .with_for_update(of=delivery, skip_locked=True)  # PostgreSQL; SQLite has one writer anyway
    )


def _people() -> Any:  # noqa: ANN401 - a piece of SQL
    people = delivery.join(subscription, subscription.c.id == delivery.c.subscription_id).join(
        subscriber, subscriber.c.id == subscription.c.subscriber_id
    )
    columns = (
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
    return select(*columns).select_from(people.outerjoin(suppression, suppression.c.subscriber_id == subscriber.c.id))


def _take(connection: Connection, claim: Claim, rows: Sequence[RowMapping]) -> Batch:
    skipped = _skip(connection, claim, rows)
    claimed = [_claimed(row) for row in rows if not _why_not(row)]
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
    return Batch(claimed=tuple(claimed), skipped=skipped)


def _skip(connection: Connection, claim: Claim, rows: Sequence[RowMapping]) -> int:
    """Skip those of `rows` that may not be mailed; how many. A claimed one is released and skipped in one move."""
    refused: dict[Reason, list[int]] = {}
    for row in rows:
        if reason := _why_not(row):
            refused.setdefault(reason, []).append(row["id"])
    skip = {"state": int(State.SKIPPED), "due_at": None, "worker": None, "lease_until": None, "updated_at": claim.now}
    return sum(update_ids(connection, ids, {**skip, "reason": reason}) for reason, ids in refused.items())


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
