"""Deliveries in the store: claimed in batches, recorded in groups, counted; the same on SQLite and PostgreSQL.

All statements are bulk. A row that is claimed belongs to one worker until that worker records or releases it, or until
its death is known; every update says which worker it is from, so that a late one changes nothing.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, bindparam, func, select, update

from newsletter.delivery.outcome import Event, Outcome, State, move, sources, when_erased
from newsletter.delivery.retry import Reason
from newsletter.store.bulk import BulkStatement
from newsletter.store.tables import delivery, job_tally
from subscribers.subscription import State as SubscriptionState
from subscribers.tables import subscriber, subscription, suppression
from subscribers.transactions import reading, writing

CHUNK = 500
"""Ids in one statement."""


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
        _update_ids(connection, ids, skip)
    _update_ids(
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


def _update_ids(connection: Connection, ids: Sequence[int], values: Mapping[str, Any], *where: Any) -> int:  # noqa: ANN401 - pieces of SQL
    changed = 0
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        statement = update(delivery).where(delivery.c.id.in_(chunk), *where).values(**values)
        changed += connection.execute(statement).rowcount
    return changed


_RECORD = BulkStatement(
    update(delivery)
    .where(
        delivery.c.id == bindparam("which"),
        delivery.c.worker == bindparam("by"),
        delivery.c.state == int(State.CLAIMED),
    )
    .values(
        state=bindparam("to"),
        reason=bindparam("why"),
        attempts=delivery.c.attempts + 1,
        due_at=bindparam("due"),
        code=bindparam("answer"),
        reply=bindparam("text"),
        worker=None,
        lease_until=None,
        updated_at=bindparam("at"),
    )
)


def record(connection: Connection, worker: str, outcomes: Iterable[Outcome], now: datetime) -> None:
    """Write down what became of deliveries that `worker` holds; safe to repeat."""
    rows = [
        {
            "which": outcome.delivery,
            "to": int(outcome.state),
            "why": outcome.reason or None,
            "due": outcome.due_at,
            "answer": outcome.code,
            "text": outcome.reply or None,
        }
        for outcome in outcomes
    ]
    _RECORD.execute(connection, rows, {"by": worker, "at": now})


def release(connection: Connection, worker: str, ids: Collection[int], now: datetime) -> int:
    """Give back deliveries that `worker` holds and whose dot it did not write; how many."""
    back = int(move(State.CLAIMED, Event.RELEASE))
    values = {"state": back, "worker": None, "lease_until": None, "due_at": None, "updated_at": now}
    held = delivery.c.worker == worker, delivery.c.state == int(State.CLAIMED)
    return _update_ids(connection, sorted(ids), values, *held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What was done with the deliveries of a worker that is gone."""

    recorded: int
    unknown: int
    released: int


def recover(connection: Connection, job: int, worker: str, outcomes: Mapping[int, Outcome], now: datetime) -> Recovered:
    """Settle all that a dead `worker` holds: by its outcomes; what these do not name was never sent and is queued.

    The caller has put an outcome LOSE for each dot without a reply (newsletter/delivery/recovery.py).
    """
    held = held_by(connection, job, worker)
    known = [outcome for identity, outcome in outcomes.items() if identity in held]
    record(connection, worker, known, now)
    released = release(connection, worker, held - outcomes.keys(), now)
    unknown = sum(outcome.event is Event.LOSE for outcome in known)
    return Recovered(recorded=len(known) - unknown, unknown=unknown, released=released)


def held_by(connection: Connection, job: int, worker: str) -> set[int]:
    """The deliveries of the job that `worker` holds."""
    return set(connection.scalars(_held(job, delivery.c.worker == worker)))


def people_of(connection: Connection, ids: Sequence[int]) -> list[int]:
    """The subscribers (their row ids) that these deliveries are for; those erased meanwhile are left out."""
    joined = delivery.join(subscription, subscription.c.id == delivery.c.subscription_id)
    query = select(subscription.c.subscriber_id).select_from(joined).where(delivery.c.id.in_(ids)).distinct()
    return list(connection.scalars(query))


def _held(job: int, *where: ColumnElement[bool]) -> Any:  # noqa: ANN401 - a piece of SQL
    return select(delivery.c.id).where(delivery.c.job_id == job, delivery.c.state == int(State.CLAIMED), *where)


def lose_overdue(engine: Engine, job: int, worker: str, now: datetime) -> int:
    """What others than `worker` still hold after their lease becomes UNKNOWN: their journal is not here. How many."""
    lost = {
        "state": int(move(State.CLAIMED, Event.LOSE)),
        "reason": Reason.NO_JOURNAL,
        "worker": None,
        "lease_until": None,
        "updated_at": now,
    }
    with writing(engine) as connection:
        overdue = _held(job, delivery.c.worker != worker, delivery.c.lease_until < now)
        return _update_ids(connection, list(connection.scalars(overdue)), lost)


def expire(engine: Engine, job: int, now: datetime) -> int:
    """Give up all deferred deliveries of the job: its news is old (A23). How many."""
    waiting = sources(Event.EXPIRE) & {State.DEFERRED}
    with writing(engine) as connection:
        where = delivery.c.job_id == job, delivery.c.state.in_([int(state) for state in waiting])
        values = {"state": int(move(State.DEFERRED, Event.EXPIRE)), "due_at": None, "updated_at": now}
        return connection.execute(update(delivery).where(*where).values(**values)).rowcount


def next_due(engine: Engine, job: int) -> datetime | None:
    """When the next deferred delivery is due; None if there is none."""
    with reading(engine) as connection:
        where = delivery.c.job_id == job, delivery.c.state == int(State.DEFERRED)
        earliest: datetime | None = connection.scalar(select(func.min(delivery.c.due_at)).where(*where))
    return earliest


def counts(engine: Engine, job: int) -> dict[State, int]:
    """Deliveries by state, those already erased included, so that the sum is the audience (I7)."""
    with reading(engine) as connection:
        found = {State(state): int(number) for state, number in connection.execute(_count(job))}
        tally = select(job_tally.c.state, job_tally.c.count).where(job_tally.c.job_id == job)
        for number, count in connection.execute(tally):
            state = when_erased(State(number))
            found[state] = found.get(state, 0) + int(count)
    return {state: found.get(state, 0) for state in State}


def _count(job: int) -> Any:  # noqa: ANN401 - a piece of SQL
    return select(delivery.c.state, func.count()).where(delivery.c.job_id == job).group_by(delivery.c.state)


def settle(engine: Engine, job: int, event: Event, ids: Collection[int] | None, now: datetime) -> int:
    """Settle unknown deliveries, all or these, by the operator's word (SETTLE_SENT, SETTLE_UNSENT). How many (I3)."""
    values = {"state": int(move(State.UNKNOWN, event)), "updated_at": now}
    where = delivery.c.job_id == job, delivery.c.state == int(State.UNKNOWN)
    with writing(engine) as connection:
        if ids is None:
            return connection.execute(update(delivery).where(*where).values(**values)).rowcount
        return _update_ids(connection, sorted(ids), values, *where)
