"""Claiming deliveries: a batch at a time, each checked again at that moment (I2); on SQLite and PostgreSQL alike.

A row that is claimed belongs to one worker until that worker records or releases it, or until its death is known.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, Connection, Engine, Executable, Select, bindparam, case, func, select

from newsletter.delivery.outcome import Event, State, move
from newsletter.delivery.retry import Reason
from newsletter.store import many
from newsletter.store.deliveries import update_ids
from newsletter.store.tables import delivery
from newsletter.store.tally import erased_of, move_erased
from subscribers.preferences import is_too_soon
from subscribers.subscription import State as SubscriptionState
from subscribers.tables import subscriber, subscription, suppression
from subscribers.transactions import reading, writing

_ACTIVE = SubscriptionState.ACTIVE.value
_NUMBER = itemgetter(0)


class Claimed(NamedTuple):
    """One delivery that this worker may send, and the person it is for. A tuple: one is made for every message."""

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
    due: int = 0
    """How many of `claimed`, the first ones, had been deferred; only if these were asked for first."""
    returned: int = 0
    """How many rows had been deferred, those that are skipped included."""
    returned_aside: int = 0
    """How many of them by ourselves: they had been set aside."""
    later: tuple[tuple[float, Claimed], ...] = ()
    """Claimed too, and the seconds until each may begin (newsletter/delivery/courtesy.py)."""
    aside: int = 0
    """Claimed and set aside at once, until there is room for them."""
    aside_for: float = 0.0
    """Seconds until the last of these is due."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to claim now."""
        return not (self.claimed or self.skipped or self.later or self.aside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who claims, and until when the rows are theirs."""

    worker: str
    now: datetime
    lease: timedelta
    due_first: bool = False
    """Deferred ones before queued ones: some were set aside, and their turn has come."""


def claim_batch(engine: Engine, job: int, claim: Claim, size: int) -> Batch:
    """Claim up to `size` queued deliveries, then deferred ones that are due; or the other way round.

    In the same transaction each is checked again: without an active subscription, or suppressed, it is SKIPPED (I2).
    """
    with writing(engine) as connection:
        asked = {"job": job, "size": size, "now": claim.now}
        order = (State.DEFERRED, State.QUEUED) if claim.due_first else (State.QUEUED, State.DEFERRED)
        rows = _found(connection, order[0], asked)
        others = _found(connection, order[1], asked | {"size": size - len(rows)}) if len(rows) < size else []
        deferred = [number for number, *_ in (rows if claim.due_first else others)]
        aside = _count_aside(connection, deferred) if deferred else 0
        batch = _take(connection, claim, rows + others)
    if not deferred:
        return batch
    due = set(deferred) if claim.due_first else set()
    first = sum(item.delivery in due for item in batch.claimed)
    return replace(batch, due=first, returned=len(deferred), returned_aside=aside)


def _count_aside(connection: Connection, ids: Sequence[int]) -> int:
    """How many of these deferred deliveries were set aside by ourselves."""
    among = delivery.c.id.in_(many.ids_of(connection.dialect.name, ids))
    return int(connection.scalar(select(func.count()).where(among, delivery.c.reason == Reason.PACE)) or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a second look at claimed deliveries found."""

    claimed: tuple[Claimed, ...] = ()
    """Those that may be sent, with what is known of the person now."""
    skipped: int = 0
    """Deliveries whose person left, is suppressed or was erased since they were claimed (I2)."""
    aside: int = 0
    """Deliveries set aside since, because their receivers ask for less."""
    aside_for: float = 0.0
    """Seconds until the last of these is due."""


def check_again(engine: Engine, job: int, claim: Claim, ids: Collection[int]) -> Checked:
    """Look again at deliveries that `claim.worker` holds; those that may no longer be mailed are SKIPPED (I2).

    One SELECT; it writes only if somebody left. What is erased counts as skipped, since no dot was written for it.
    """
    with reading(engine) as connection:
        fit, refused = _judged(_held(connection, claim, ids), claim.now)
    if len(fit) == len(ids):
        return Checked(claimed=tuple(fit))
    with writing(engine) as connection:
        fit, refused = _judged(_held(connection, claim, ids), claim.now)
        skipped = _skip(connection, claim, refused)
        gone = erased_of(connection, ids)
        move_erased(connection, job, State.CLAIMED, [move(State.CLAIMED, Event.RELEASE)] * len(gone))
    return Checked(claimed=tuple(fit), skipped=skipped + len(gone))


class _Row(NamedTuple):
    """What `_people` selects, as it comes out of JSON."""

    id: int
    attempts: int
    ref: str
    subscription_state: str
    suppression: int | None
    address: str
    name: str
    organisation: str
    attributes: str | None
    every_days: int | None
    last_sent: str | None
    """Of another issue of the list; only where they chose "less often"."""


def _people() -> Select[Any]:
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
        subscription.c.every_days,
        _last_sent().label("last_sent"),
    )
    return select(*columns).select_from(people.outerjoin(suppression, suppression.c.subscriber_id == subscriber.c.id))


def _last_sent() -> ColumnElement[Any]:
    """When another issue of the list went out to them; looked for only where they chose "less often".

    Of two jobs that hold a delivery of theirs at once, the older one counts for the younger, so that one goes out.
    """
    other = delivery.alias("other")
    gone = other.c.state.in_([int(State.SENT), int(State.UNKNOWN)])
    going = (other.c.state == int(State.CLAIMED)) & (other.c.job_id < delivery.c.job_id)
    theirs = other.c.subscription_id == subscription.c.id, other.c.id != delivery.c.id
    last = select(func.max(other.c.updated_at)).where(*theirs, gone | going).scalar_subquery()
    return case((subscription.c.every_days.is_not(None), last))


def _found(connection: Connection, state: State, asked: Mapping[str, Any]) -> list[many.Row]:
    """Deliveries that may be claimed (values as in _Row), locked for this transaction, lowest number first."""
    return sorted(many.fetch(connection, _candidates(connection.dialect.name, state), dict(asked)), key=_NUMBER)


@cache
def _candidates(dialect: str, state: State) -> Executable:
    query = _people().where(delivery.c.job_id == bindparam("job"), delivery.c.state == int(state))
    if state is State.DEFERRED:
        query = query.where(delivery.c.due_at <= bindparam("now")).order_by(delivery.c.due_at)
    ordered = query.order_by(delivery.c.id).limit(bindparam("size"))
    # locked on PostgreSQL; SQLite has one writer anyway
    return many.as_json(dialect, ordered.with_for_update(of=delivery, skip_locked=True))


def _held(connection: Connection, claim: Claim, ids: Collection[int]) -> list[many.Row]:
    """Those of these deliveries that the worker holds (values as in _Row), locked for this transaction."""
    dialect = connection.dialect.name
    asked = {"by": claim.worker, "ids": json.dumps(list(ids))}
    return many.fetch(connection, _held_by(dialect), asked)


@cache
def _held_by(dialect: str) -> Executable:
    held = delivery.c.worker == bindparam("by"), delivery.c.state == int(State.CLAIMED)
    among = delivery.c.id.in_(many.ids_of(dialect, "ids"))
    return many.as_json(dialect, _people().where(among, *held).with_for_update(of=delivery))


def _take(connection: Connection, claim: Claim, rows: Sequence[many.Row]) -> Batch:
    fit, refused = _judged(rows, claim.now)
    skipped = _skip(connection, claim, refused)
    update_ids(
        connection,
        [item.delivery for item in fit],
        {
            "state": int(State.CLAIMED),
            "worker": claim.worker,
            "lease_until": claim.now + claim.lease,
            "updated_at": claim.now,
        },
    )
    return Batch(claimed=tuple(fit), skipped=skipped)


_Refused: TypeAlias = Mapping[Reason, Sequence[int]]


def _judged(rows: Iterable[many.Row], now: datetime) -> tuple[list[Claimed], _Refused]:
    """Those that may be mailed, and by reason the others (I2). Nothing is made twice: every message comes by here."""
    fit: list[Claimed] = []
    refused: dict[Reason, list[int]] = {}
    for values in rows:
        number, attempts, ref, state, suppressed, address, name, organisation, attributes, _, last_sent = values
        is_plain = state == _ACTIVE and suppressed is None and last_sent is None
        if not is_plain and (reason := _why_not(_Row(*values), now)):
            refused.setdefault(reason, []).append(number)
            continue
        own = json.loads(attributes) or {} if attributes and attributes != "{}" else {}
        fit.append(Claimed(number, attempts, bytes.fromhex(ref), address, name, organisation, own))
    return fit, refused


def _skip(connection: Connection, claim: Claim, refused: _Refused) -> int:
    """Skip those that may not be mailed; how many. A claimed one is released and skipped in one move."""
    skip = {"state": int(State.SKIPPED), "due_at": None, "worker": None, "lease_until": None, "updated_at": claim.now}
    return sum(update_ids(connection, ids, {**skip, "reason": reason}) for reason, ids in refused.items())


def _why_not(row: _Row, now: datetime) -> Reason | None:
    if row.subscription_state != _ACTIVE:
        return Reason.UNSUBSCRIBED
    if row.suppression is not None:
        return Reason.SUPPRESSED
    if row.last_sent is None:
        return None
    last = datetime.fromisoformat(row.last_sent)
    aware = last if last.tzinfo else last.replace(tzinfo=UTC)  # SQLite keeps no zone: it is UTC
    return Reason.LESS_OFTEN if is_too_soon(aware, row.every_days, now) else None
