"""The outbox in the store: which notices are due, claiming one, and writing down what became of it.

A claim is one row, in a transaction of its own; `begun_at` is written durably before the final dot (A24). So whatever
dies, the row says afterwards whether the relay may have the mail: if not it is queued again, otherwise it is unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, exists, func, select, update

from subscribers.notice import UNDOING, NoticeKind, NoticeState
from subscribers.returning import UndoResult, would_return
from subscribers.subscription import State
from subscribers.tables import notice, subscriber, subscription
from subscribers.transactions import reading, writing

LEASE = timedelta(minutes=30)
"""Longer than any SMTP transaction can take (A22); only matters when the sender was on another machine."""
TOO_LATE = timedelta(hours=1)
"""A notice that is erased within this time is not sent any more: its link would be dead on arrival."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNotice:
    """One notice that a sender holds, and whom it is for."""

    id: int
    ref: bytes
    kind: NoticeKind
    list: str
    subscriber_id: int
    address: str
    """Where it goes: the subscriber's own address, or another one that they named."""
    is_own_address: bool
    subscription_ref: bytes | None
    attempts: int
    """Before this one."""
    created_at: datetime
    erase_at: datetime
    undo: UndoResult | None = None
    """What its link takes back; None for a notice about something else."""
    source: str = ""
    """Where the address of somebody who came in a file is from, as the operator said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of one notice that was claimed."""

    state: NoticeState
    """QUEUED (tried again at `due_at`), SENT, REFUSED or UNKNOWN."""
    code: int | None = None
    """Reply code of the relay."""
    due_at: datetime | None = None


def due_lists(engine: Engine, now: datetime) -> list[str]:
    """The lists that have a notice to send now."""
    query = select(notice.c.list).where(*_is_due(now)).distinct().order_by(notice.c.list)
    with reading(engine) as connection:
        return list(connection.scalars(query))


def claim_next(engine: Engine, slugs: Sequence[str], worker: str, now: datetime) -> DueNotice | None:
    """Take the notice of these lists that has been due for longest; None if there is none."""
    query = (
        select(notice.c.id)
        .where(*_is_due(now), notice.c.list.in_(slugs))
        .order_by(notice.c.due_at, notice.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)  # PostgreSQL; SQLite has one writer anyway
    )
    taken = {"state": NoticeState.CLAIMED.value, "worker": worker, "lease_until": now + LEASE, "begun_at": None}
    with writing(engine) as connection:
        found = connection.scalar(query)
        if found is None:
            return None
        connection.execute(update(notice).where(notice.c.id == found).values(**taken))
        return _due(connection, connection.execute(_whole().where(notice.c.id == found)).one())


def begin(engine: Engine, claimed: int, worker: str, now: datetime) -> bool:
    """Write down that the final dot of a claimed notice follows; False if it is not ours any more (erased)."""
    mine = update(notice).where(notice.c.id == claimed, notice.c.worker == worker)
    with writing(engine) as connection:
        return bool(connection.execute(mine.values(begun_at=now)).rowcount)


def write_down(engine: Engine, claimed: int, worker: str, written: Written, now: datetime) -> None:
    """Record what became of a claimed notice; one that was erased meanwhile is no loss."""
    values: dict[str, Any] = {"state": written.state.value, "code": written.code, "attempts": notice.c.attempts + 1}
    values |= {"worker": None, "lease_until": None}
    if written.state is NoticeState.SENT:
        values["sent_at"] = now
    if written.state is NoticeState.QUEUED:
        values |= {"due_at": written.due_at or now, "begun_at": None}
    mine = update(notice).where(notice.c.id == claimed, notice.c.worker == worker)
    with writing(engine) as connection:
        connection.execute(mine.values(**values))


def release(engine: Engine, claimed: int, worker: str) -> None:
    """Put a claimed notice back whose dot was not written; it may be claimed at once."""
    mine = update(notice).where(notice.c.id == claimed, notice.c.worker == worker, notice.c.begun_at.is_(None))
    with writing(engine) as connection:
        connection.execute(mine.values(state=NoticeState.QUEUED.value, worker=None, lease_until=None))


def refuse_lists(engine: Engine, slugs: Sequence[str]) -> int:
    """Give up the waiting notices of lists that nobody can send for; return how many."""
    waiting = update(notice).where(notice.c.list.in_(slugs), notice.c.state == NoticeState.QUEUED.value)
    with writing(engine) as connection:
        return connection.execute(waiting.values(state=NoticeState.REFUSED.value)).rowcount


def recover(engine: Engine, dead: Sequence[str], now: datetime) -> int:
    """Settle what senders that are gone still held: `dead` by name, others by a lease that ran out.

    What may have been taken is unknown (A24), the rest is queued again. Returns how many became unknown.
    """
    gone = notice.c.worker.in_(dead) | (notice.c.lease_until <= now)
    held = update(notice).where(notice.c.state == NoticeState.CLAIMED.value, gone)
    free = {"worker": None, "lease_until": None}
    with writing(engine) as connection:
        lost = connection.execute(
            held.where(notice.c.begun_at.is_not(None)).values(state=NoticeState.UNKNOWN.value, **free)
        ).rowcount
        connection.execute(held.values(state=NoticeState.QUEUED.value, **free))
    return lost


def has_claims(engine: Engine) -> bool:
    """Whether some sender holds a notice, or died holding one."""
    with reading(engine) as connection:
        return bool(connection.scalar(select(exists().where(notice.c.state == NoticeState.CLAIMED.value))))


def is_active(connection: Connection, subscriber_id: int) -> bool:
    """Whether the person gets any list at this moment."""
    mine = exists().where(subscription.c.subscriber_id == subscriber_id, subscription.c.state == State.ACTIVE.value)
    return bool(connection.scalar(select(mine)))


def counts(engine: Engine) -> Mapping[tuple[str, str, str], int]:
    """How many notices there are, by list, kind and state."""
    key = (notice.c.list, notice.c.kind, notice.c.state)
    with reading(engine) as connection:
        rows = connection.execute(select(*key, func.count().label("number")).group_by(*key).order_by(*key))
        return {(row.list, row.kind, row.state): row.number for row in rows}


def _is_due(now: datetime) -> tuple[Any, ...]:
    is_queued = notice.c.state == NoticeState.QUEUED.value
    return is_queued, notice.c.due_at <= now, notice.c.erase_at > now + TOO_LATE


def _whole() -> Any:  # noqa: ANN401 - a piece of SQL
    people = notice.join(subscriber, subscriber.c.id == notice.c.subscriber_id)
    people = people.outerjoin(subscription, subscription.c.id == notice.c.subscription_id)
    own = subscriber.c.address.label("own_address")
    return select(notice, own, subscription.c.ref.label("subscription_ref")).select_from(people)


def _due(connection: Connection, row: Row[Any]) -> DueNotice:
    is_undo = row.kind in UNDOING and row.subscription_ref is not None
    return DueNotice(
        id=row.id,
        ref=row.ref,
        kind=NoticeKind(row.kind),
        list=row.list,
        subscriber_id=row.subscriber_id,
        address=row.to_address or row.own_address,
        is_own_address=row.to_address is None,
        subscription_ref=row.subscription_ref,
        attempts=row.attempts,
        created_at=row.created_at,
        erase_at=row.erase_at,
        undo=would_return(connection, row.subscription_ref) if is_undo else None,
        # Of other kinds, what a visitor typed about somebody else is in the details: none of it goes into a mail.
        source=row.details.get("source", "") if row.kind == NoticeKind.CONFIRM_IMPORTED else "",
    )
