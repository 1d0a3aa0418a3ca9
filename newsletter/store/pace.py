"""The pace in the store: what was sent to which receivers lately, and deliveries that are set aside until their slot.

Limits hold over runs, processes and crashes, since what is let begin is written down in the same transaction.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Select,
    Update,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.delivery.job import JobState
from newsletter.delivery.outcome import Event, State, move
from newsletter.delivery.retry import JITTER, LONGEST_WAIT, Reason
from newsletter.store import many
from newsletter.store.domains import domain_of_key
from newsletter.store.tables import delivery, pace, send_job
from subscribers.tables import subscriber, subscription
from subscribers.transactions import reading, writing

_GOES_ON = (JobState.PLANNED.value, JobState.RUNNING.value)
_OPEN = (*_GOES_ON, JobState.PAUSED.value)

_AHEAD = timedelta(minutes=1)
"""Clocks of several machines differ, by less than this."""
_FAR = LONGEST_WAIT * (1 + JITTER) + _AHEAD
"""No retry is due later than so from now."""


def load(connection: Connection, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """What is known of these lines, locked for this transaction."""
    return {row.name: row.state for row in connection.execute(_known(names).with_for_update())}


def peek(connection: Connection, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """The same without a lock."""
    return {row.name: row.state for row in connection.execute(_known(names))}


def _known(names: Collection[str]) -> Select[Any]:
    return select(pace).where(pace.c.name.in_(sorted(names))).order_by(pace.c.name)


def every_name(engine: Engine) -> list[str]:
    """The lines that something is known of."""
    with reading(engine) as connection:
        return list(connection.scalars(select(pace.c.name)))


def save(connection: Connection, states: dict[str, dict[str, Any]]) -> None:
    """Write down what is known of these lines."""
    if not states:
        return
    insert = postgresql.insert if connection.dialect.name == many.POSTGRESQL else sqlite.insert
    statement = insert(pace)
    changed = statement.on_conflict_do_update(index_elements=["name"], set_={"state": statement.excluded.state})
    connection.execute(changed, [{"name": name, "state": state} for name, state in sorted(states.items())])


def begin(connection: Connection, states: dict[str, dict[str, Any]]) -> None:
    """Have a row for each of these lines: two processes that begin together lock the same one."""
    insert = postgresql.insert if connection.dialect.name == many.POSTGRESQL else sqlite.insert
    rows = [{"name": name, "state": state} for name, state in sorted(states.items())]
    connection.execute(insert(pace).on_conflict_do_nothing(index_elements=["name"]), rows)


def set_aside(connection: Connection, worker: str, slots: Iterable[tuple[int, datetime]], now: datetime) -> int:
    """Defer deliveries that `worker` holds until their slots; no attempt was made. How many."""
    stored = _as_stored(connection.dialect)
    rows = json.dumps([(identity, stored(at)) for identity, at in slots])
    told = {many.ROWS: rows, "by": worker, "at": now}
    return connection.execute(_set_aside(connection.dialect.name), told).rowcount


@cache
def _set_aside(dialect: str) -> Update:
    _, (which, due) = many.told(dialect, (BigInteger(), delivery.c.due_at.type))
    held = delivery.c.id == which, delivery.c.worker == bindparam("by"), delivery.c.state == int(State.CLAIMED)
    deferred = int(move(State.CLAIMED, Event.DEFER))
    values = {"state": deferred, "reason": Reason.PACE, "due_at": due, "worker": None, "lease_until": None}
    return update(delivery).where(*held).values(**values, updated_at=bindparam("at"))


def _as_stored(dialect: Dialect) -> Callable[[datetime], str]:
    """An instant as the text that the database keeps or understands."""
    process = delivery.c.due_at.type.dialect_impl(dialect).bind_processor(dialect)
    return lambda at: str(process(at) if process else at)


def addresses_of(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Delivery → key of the address it is for; those erased meanwhile are left out."""
    people = delivery.join(subscription, subscription.c.id == delivery.c.subscription_id).join(
        subscriber, subscriber.c.id == subscription.c.subscriber_id
    )
    among = delivery.c.id.in_(many.ids_of(connection.dialect.name, ids))
    query = select(delivery.c.id, subscriber.c.address_key).select_from(people).where(among)
    return {identity: key for identity, key in connection.execute(query)}  # noqa: C416 - rows are no pairs


def next_slot(engine: Engine, job: int) -> datetime | None:
    """When the first delivery that was set aside is due; None if there is none."""
    with reading(engine) as connection:
        where = delivery.c.job_id == job, delivery.c.state == int(State.DEFERRED), delivery.c.reason == Reason.PACE
        earliest: datetime | None = connection.scalar(
            select(delivery.c.due_at).where(*where, delivery.c.due_at.is_not(None)).order_by(delivery.c.due_at).limit(1)
        )
    return earliest


def ask_again(engine: Engine, now: datetime) -> int:
    """Have those tried now whom a clock that was ahead deferred or set aside, of all jobs that go on. How many.

    A row that was set aside says itself that it was written later than now; a retry is due later than any is. A retry
    that only was written later stays: two machines whose clocks differ would use up its attempts. The row that is due
    last of each job tells, since one that is not the last is not too late. A job that waits for a time of its own
    because of them goes on now.
    """
    is_wrong = or_(
        and_(delivery.c.reason == Reason.PACE, delivery.c.updated_at > now + _AHEAD),
        and_(delivery.c.reason != Reason.PACE, delivery.c.due_at > now + _FAR),
    )
    waits = delivery.c.state == int(State.DEFERRED), delivery.c.due_at.is_not(None)
    of_job = select(delivery.c.id).where(delivery.c.job_id == send_job.c.id, *waits)
    last = of_job.order_by(delivery.c.due_at.desc()).limit(1).scalar_subquery()
    with reading(engine) as connection:
        lasts = list(connection.scalars(select(last).where(send_job.c.state.in_(_GOES_ON))))
        is_any = select(delivery.c.id).where(delivery.c.id.in_([one for one in lasts if one]), is_wrong).limit(1)
        if connection.scalar(is_any) is None:
            return 0
    with writing(engine) as connection:
        return _due_now(connection, now, _GOES_ON, is_wrong)


def place_anew(connection: Connection, now: datetime) -> int:
    """Have all who were set aside look for room now, since there may be some that was not there. How many.

    Those of paused jobs too: who resumes one finds the room that came meanwhile. A job that waits for a slot goes on
    now. One statement however many there are; what it sets free is asked for when it is claimed.
    """
    return _due_now(connection, now, _OPEN, delivery.c.reason == Reason.PACE)


def _due_now(connection: Connection, now: datetime, states: Collection[str], which: ColumnElement[bool]) -> int:
    """Make due those of `which` that are not, and start their jobs if they wait for that."""
    waits = delivery.c.state == int(State.DEFERRED), delivery.c.due_at > now, which
    of_job = select(delivery.c.id).where(delivery.c.job_id == send_job.c.id, *waits).exists()
    late = select(send_job.c.id, send_job.c.starts_at).where(
        send_job.c.state.in_(states), send_job.c.starts_at > now, of_job
    )
    ours = _put_off(connection, {row.id: row.starts_at for row in connection.execute(late)})
    connection.execute(update(send_job).where(send_job.c.id.in_(ours)).values(starts_at=now))
    those = delivery.c.job_id.in_(select(send_job.c.id).where(send_job.c.state.in_(states)))
    return connection.execute(update(delivery).where(those, *waits).values(due_at=now, updated_at=now)).rowcount


def _put_off(connection: Connection, times: Mapping[int, datetime]) -> list[int]:
    """The jobs that have their time from a run that found no room; not those to which an operator gave it."""
    told = peek(connection, [name_of(job) for job in times])
    said = {job: told.get(name_of(job), {}).get("until") for job in times}
    return [job for job, until in said.items() if until and datetime.fromisoformat(until) == times[job]]


def name_of(job: int) -> str:
    """The row of what the runs of this job leave to the next one (newsletter/store/so_far.py)."""
    return f"job {job}"


def stopped(connection: Connection, jobs: Collection[int]) -> set[int]:
    """Which of these jobs were paused or cancelled."""
    return _in_states(connection, jobs, (JobState.PAUSED.value, JobState.CANCELLED.value)) if jobs else set()


def going_on(connection: Connection, jobs: Collection[int]) -> set[int]:
    """Which of these jobs go on."""
    return _in_states(connection, jobs, _GOES_ON) if jobs else set()


def _in_states(connection: Connection, jobs: Collection[int], states: Collection[str]) -> set[int]:
    found = select(send_job.c.id).where(send_job.c.id.in_(sorted(jobs)), send_job.c.state.in_(states))
    return set(connection.scalars(found))


def last_slot(connection: Connection) -> datetime | None:
    """When the last delivery is due that was set aside, of all jobs that go on; None if there is none."""
    goes_on = send_job.c.state.in_(_GOES_ON)
    aside = delivery.c.state == int(State.DEFERRED), delivery.c.reason == Reason.PACE, delivery.c.due_at.is_not(None)
    of_job = select(delivery.c.due_at).where(delivery.c.job_id == send_job.c.id, *aside)
    latest = of_job.order_by(delivery.c.due_at.desc()).limit(1).scalar_subquery()  # one look into the index per job
    found: datetime | None = connection.scalar(select(func.max(latest)).where(goes_on))
    return found


def all_aside(engine: Engine, job: int) -> tuple[int, datetime | None]:
    """How many deliveries of the job are set aside, and when the last of them is due."""
    with reading(engine) as connection:
        where = delivery.c.job_id == job, delivery.c.state == int(State.DEFERRED), delivery.c.reason == Reason.PACE
        count, last = connection.execute(select(func.count(), func.max(delivery.c.due_at)).where(*where)).one()
    return int(count), last


def aside_by_domain(engine: Engine) -> dict[str, dict[str, int]]:
    """List → domain → how many deliveries are set aside, of all jobs that go on."""
    domain = domain_of_key(engine.dialect.name)
    people = delivery.join(subscription, subscription.c.id == delivery.c.subscription_id).join(
        subscriber, subscriber.c.id == subscription.c.subscriber_id
    )
    jobs = people.join(send_job, send_job.c.id == delivery.c.job_id)
    aside = delivery.c.state == int(State.DEFERRED), delivery.c.reason == Reason.PACE
    query = (
        select(send_job.c.list, domain, func.count()).select_from(jobs).where(send_job.c.state.in_(_GOES_ON), *aside)
    )
    found: dict[str, dict[str, int]] = {}
    with reading(engine) as connection:
        for slug, name, number in connection.execute(query.group_by(send_job.c.list, domain)):
            found.setdefault(str(slug), {})[str(name)] = int(number)
    return found
