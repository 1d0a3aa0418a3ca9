"""What an operator sees of the deliveries of a job, one by one, and what they say of the unknown ones (I3)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, func, select, update

from newsletter.delivery.outcome import Event, State, move
from newsletter.delivery.retry import Reason
from newsletter.store import many
from newsletter.store.deliveries import update_ids
from newsletter.store.tables import delivery
from newsletter.store.tally import count_erased, move_erased
from subscribers.subscription import Actor
from subscribers.tables import subscriber, subscription
from subscribers.transactions import reading, writing

PAGE = 500
"""Rows read at once, by key."""
SETTLED_BY = {Actor.OPERATOR: Reason.SETTLED}
"""The word that stays with the delivery; only operators settle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One delivery with the person it is for: personal data, for the operator's eyes."""

    delivery: int
    address: str
    reason: str
    code: int | None
    reply: str
    attempts: int
    since: datetime | None
    """When it came into this state."""
    due_at: datetime | None


def entries(engine: Engine, job: int, state: State) -> Iterator[Entry]:
    """The deliveries of the job in `state`, by number, a page at a time; no transaction is open in between (I5)."""
    last = 0
    while page := _page(engine, job, state, last):
        yield from page
        last = page[-1].delivery


def _page(engine: Engine, job: int, state: State, after: int) -> list[Entry]:
    people = delivery.join(subscription, subscription.c.id == delivery.c.subscription_id).join(
        subscriber, subscriber.c.id == subscription.c.subscriber_id
    )
    columns = delivery.c.id, delivery.c.reason, delivery.c.code, delivery.c.reply, delivery.c.attempts
    query = select(*columns, delivery.c.updated_at, delivery.c.due_at, subscriber.c.address).select_from(people)
    where = delivery.c.job_id == job, delivery.c.state == int(state), delivery.c.id > after
    with reading(engine) as connection:
        rows = connection.execute(query.where(*where).order_by(delivery.c.id).limit(PAGE)).all()
    return [
        Entry(
            delivery=row.id,
            address=row.address,
            reason=row.reason or "",
            code=row.code,
            reply=row.reply or "",
            attempts=row.attempts,
            since=row.updated_at,
            due_at=row.due_at,
        )
        for row in rows
    ]


def claimed_at(connection: Connection, job: int, worker: str) -> dict[int, datetime]:
    """The deliveries of the job that `worker` holds, and since when."""
    held = delivery.c.job_id == job, delivery.c.state == int(State.CLAIMED), delivery.c.worker == worker
    query = select(delivery.c.id, delivery.c.updated_at).where(*held)
    return {row.id: row.updated_at for row in connection.execute(query)}


def unknown_since(engine: Engine, job: int) -> dict[int, datetime]:
    """The unknown deliveries of the job, and when each became unknown."""
    where = delivery.c.job_id == job, delivery.c.state == int(State.UNKNOWN)
    with reading(engine) as connection:
        query = select(delivery.c.id, delivery.c.updated_at).where(*where)
        return {row.id: row.updated_at for row in connection.execute(query)}


def sent_groups(engine: Engine, job: int, until: datetime) -> list[tuple[datetime, int, int]]:
    """Each moment until then at which deliveries were recorded as sent, with the first and the last of them; in order.

    Not those that were settled: nobody heard the relay say that it took them.
    """
    moment = delivery.c.updated_at
    ends = func.min(delivery.c.id).label("first"), func.max(delivery.c.id).label("last")
    query = select(moment, *ends).where(delivery.c.job_id == job, *_heard(), moment <= until)
    with reading(engine) as connection:
        rows = connection.execute(query.group_by(moment).order_by(moment))
        return [(row.updated_at, row.first, row.last) for row in rows]


def sent_at(engine: Engine, job: int, ids: Collection[int]) -> dict[int, datetime]:
    """When it was recorded that the relay took these deliveries of the job; those settled later have no such time."""
    with reading(engine) as connection:
        those = delivery.c.id.in_(many.ids_of(connection.dialect.name, ids))
        query = select(delivery.c.id, delivery.c.updated_at).where(those, delivery.c.job_id == job, *_heard())
        return {row.id: row.updated_at for row in connection.execute(query)}


def _heard() -> tuple[ColumnElement[bool], ...]:
    return delivery.c.state == int(State.SENT), delivery.c.reason.is_distinct_from(Reason.SETTLED)


def settle(
    engine: Engine,
    job: int,
    event: Event,
    *,
    actor: Actor = Actor.OPERATOR,
    ids: Collection[int] | None = None,
    now: datetime,
) -> int:
    """Settle unknown deliveries, all or these, by the operator's word (SETTLE_SENT, SETTLE_UNSENT). How many (I3).

    With all of them go those erased meanwhile: they count as sent, or as not sent; to them nothing goes out again.
    """
    to = move(State.UNKNOWN, event)
    values = {"state": int(to), "reason": SETTLED_BY[actor], "updated_at": now}
    where = delivery.c.job_id == job, delivery.c.state == int(State.UNKNOWN)
    with writing(engine) as connection:
        if ids is not None:
            return update_ids(connection, sorted(ids), values, *where)
        settled = connection.execute(update(delivery).where(*where).values(**values)).rowcount
        for erased_as in (State.UNKNOWN, State.CLAIMED):  # as what an erasure may have counted them
            ends = [to] * count_erased(connection, job, erased_as)
            settled += move_erased(connection, job, erased_as, ends)
        return settled
