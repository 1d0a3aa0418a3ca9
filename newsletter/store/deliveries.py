"""Deliveries in the store: claimed in batches, recorded in groups, counted; the same on SQLite and PostgreSQL.

All statements are bulk. A row that is claimed belongs to one worker until that worker records or releases it, or until
its death is known; every update says which worker it is from, so that a late one changes nothing.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Connection,
    Dialect,
    Engine,
    SmallInteger,
    Text,
    Update,
    bindparam,
    func,
    literal,
    select,
    union_all,
    update,
)

from newsletter.delivery.job import JobState
from newsletter.delivery.outcome import OPEN, Event, Outcome, State, move, sources, when_erased
from newsletter.delivery.retry import Reason
from newsletter.store import many
from newsletter.store.tables import delivery, job_tally, send_job
from newsletter.store.tally import erased_of, move_erased
from subscribers.tables import subscription
from subscribers.transactions import reading, writing


def update_ids(
    connection: Connection, ids: Collection[int], values: Mapping[str, Any], *where: ColumnElement[bool]
) -> int:
    """Set `values` in these rows, as far as they meet `where`; how many."""
    if not ids:
        return 0
    those = delivery.c.id.in_(many.ids_of(connection.dialect.name, ids))
    return connection.execute(update(delivery).where(those, *where).values(**values)).rowcount


_UNSENT = (State.QUEUED, State.DEFERRED, State.SKIPPED)


@cache
def _record(dialect: str, *, is_late: bool = False) -> Update:
    """Set what became of each delivery that is told, if the worker still holds it; late, if nobody holds it."""
    types = BigInteger(), SmallInteger(), Text(), delivery.c.due_at.type, SmallInteger(), Text()
    _, (which, to, why, due, code, reply) = many.told(dialect, types)
    held = delivery.c.worker == bindparam("by"), delivery.c.state == int(State.CLAIMED)
    taken = delivery.c.worker.is_(None), delivery.c.state.in_([int(state) for state in _UNSENT])
    return (
        update(delivery)
        .where(delivery.c.id == which, *(taken if is_late else held))
        .values(
            state=to,
            reason=why,
            attempts=delivery.c.attempts + 1,
            due_at=due,
            code=code,
            reply=reply,
            worker=None,
            lease_until=None,
            updated_at=bindparam("at"),
        )
    )


def record(
    connection: Connection, worker: str, outcomes: Sequence[Outcome], now: datetime, *, job: int | None = None
) -> None:
    """Write down what became of deliveries that `worker` holds; safe to repeat.

    With `job`, what became of those erased meanwhile is counted too; only for who tells each outcome once.
    """
    if not outcomes:
        return
    told = {many.ROWS: _rows(connection.dialect, outcomes), "by": worker, "at": now}
    changed = connection.execute(_record(connection.dialect.name), told).rowcount
    if job is not None and changed != len(outcomes):
        _record_late(connection, outcomes, now)
        gone = erased_of(connection, [outcome.delivery for outcome in outcomes])
        move_erased(connection, job, State.CLAIMED, [item.state for item in outcomes if item.delivery in gone])


def _record_late(connection: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """What the relay took, or may have taken, is never unsent in our books, whatever took it out of our hands (I3)."""
    dots = [outcome for outcome in outcomes if outcome.event in {Event.ACCEPT, Event.LOSE}]
    if dots:
        told = {many.ROWS: _rows(connection.dialect, dots), "at": now}
        connection.execute(_record(connection.dialect.name, is_late=True), told)


def _rows(dialect: Dialect, outcomes: Sequence[Outcome]) -> str:
    stored = _as_stored(dialect)
    return json.dumps([(item.delivery, int(item.state), item.reason or None, stored(item.due_at), item.code,
                        item.reply or None) for item in outcomes])  # fmt: skip


def _as_stored(dialect: Dialect) -> Callable[[datetime | None], str | None]:
    """An instant as the text that the database keeps or understands."""
    process: Callable[[Any], Any] | None = delivery.c.due_at.type.dialect_impl(dialect).bind_processor(dialect)

    def stored(moment: datetime | None) -> str | None:
        return None if moment is None else str(process(moment) if process else moment)

    return stored


def release(connection: Connection, worker: str, ids: Collection[int], now: datetime) -> int:
    """Give back deliveries that `worker` holds and whose dot it did not write; how many."""
    back = int(move(State.CLAIMED, Event.RELEASE))
    values = {"state": back, "worker": None, "lease_until": None, "due_at": None, "updated_at": now}
    held = delivery.c.worker == worker, delivery.c.state == int(State.CLAIMED)
    return update_ids(connection, sorted(ids), values, *held)


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


def jobs_with_claimed(engine: Engine, states: Collection[str]) -> list[int]:
    """The jobs in these states of which a worker, living or dead, holds deliveries."""
    with reading(engine) as connection:
        held = select(delivery.c.id).where(delivery.c.job_id == send_job.c.id, delivery.c.state == int(State.CLAIMED))
        return list(connection.scalars(select(send_job.c.id).where(send_job.c.state.in_(states), held.exists())))


def jobs_with_nothing_open(engine: Engine) -> list[int]:
    """The running jobs of which nothing will be sent any more."""
    with reading(engine) as connection:
        is_open = delivery.c.job_id == send_job.c.id, delivery.c.state.in_([int(state) for state in OPEN])
        running = send_job.c.state == JobState.RUNNING.value, ~select(delivery.c.id).where(*is_open).exists()
        return list(connection.scalars(select(send_job.c.id).where(*running)))


def lose_overdue(engine: Engine, job: int, worker: str, now: datetime) -> int:
    """What others than `worker` still hold after their lease becomes UNKNOWN: their journal is not here. How many."""
    lost = {
        "state": int(move(State.CLAIMED, Event.LOSE)),
        "reason": Reason.NO_JOURNAL,
        "due_at": None,
        "code": None,  # this and the text are of an attempt before
        "reply": None,
        "worker": None,
        "lease_until": None,
        "updated_at": now,
    }
    with writing(engine) as connection:
        overdue = _held(job, delivery.c.worker != worker, delivery.c.lease_until < now)
        return update_ids(connection, list(connection.scalars(overdue)), lost)


def expire(engine: Engine, job: int, now: datetime, *, untouched_since: datetime) -> int:
    """Give up deferred deliveries of the job about which nothing was heard since then: their news is old (A23).

    What we set aside ourselves does not expire: it was never tried, or not because it was refused. How many.
    """
    waiting = sources(Event.EXPIRE) & {State.DEFERRED}
    with writing(engine) as connection:
        where = [delivery.c.job_id == job, delivery.c.state.in_([int(state) for state in waiting])]
        where += [func.coalesce(delivery.c.reason, "") != Reason.PACE, delivery.c.updated_at < untouched_since]
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
    found = dict.fromkeys(State, 0)
    with reading(engine) as connection:
        for number, count, is_erased in connection.execute(_count(job)):
            found[when_erased(State(number)) if is_erased else State(number)] += int(count)
    return found


def _count(job: int) -> CompoundSelect[Any]:
    """Both kinds in one statement: who is erased between two would be counted twice, or not at all."""
    there = select(delivery.c.state, func.count(), literal(0)).where(delivery.c.job_id == job)
    erased = select(job_tally.c.state, job_tally.c.count, literal(1)).where(job_tally.c.job_id == job)
    return union_all(there.group_by(delivery.c.state), erased)
