"""Leaving: one-click, by mail, by an operator, or because the mailbox said so. Idempotent, in bulk, with a deadline.

The clock of the deadline starts when the request arrived (I4), not when it was handled. The ledger is written inside
the transaction, before it commits (I11): whoever is told "you have left" stays out, also after a restore.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from subscribers.clock import require_aware
from subscribers.consent import ConsentEvent, Evidence
from subscribers.ledger_entry import Entry, Kind, Record
from subscribers.retention import Policies, RetentionPolicy, deadline, policy_of
from subscribers.subscription import Actor, EndedReason, State
from subscribers.suppression import ENDS_WITH, SuppressionReason
from subscribers.tables import consent, subscriber, subscription, suppression

Request: TypeAlias = tuple[bytes, datetime]
"""Reference of the subscription that a token names, and when the request arrived."""


class EndOutcome(StrEnum):
    """What became of a request to leave; all three are a success for who asked."""

    ENDED = "ended"
    """It was open and has ended now."""
    ALREADY_ENDED = "already-ended"
    """It had ended before; nothing changed."""
    UNKNOWN = "unknown"
    """No such subscription: erased, or never there."""


@dataclass(frozen=True, kw_only=True)
class EndResult:
    """The outcome for one request; `erase_at` is the deadline, None if unknown."""

    ref: bytes
    outcome: EndOutcome
    list: str = ""
    erase_at: datetime | None = None


def end_subscription(  # noqa: PLR0913 - all of it is evidence, by keyword
    connection: Connection,
    ref: bytes,
    *,
    reason: EndedReason,
    actor: Actor,
    policy: RetentionPolicy,
    arrived_at: datetime,
    record: Record,
    source: str = "",
) -> EndResult:
    """End one subscription, whatever list it is on, with the deadline of `policy` counted from `arrived_at`."""
    why = _Why(reason=reason, actor=actor, source=source or reason.value)
    return _end(connection, [(ref, arrived_at)], why, lambda _slug: policy, record)[0]


def end_many(
    connection: Connection,
    requests: Sequence[Request],
    *,
    reason: EndedReason,
    actor: Actor,
    policies: Policies,
    record: Record,
    source: str = "",
) -> list[EndResult]:
    """End many subscriptions in the caller's transaction; one result per request, in order.

    Acknowledge after the transaction has committed, not before (A11: effective before the next send).
    """
    why = _Why(reason=reason, actor=actor, source=source or reason.value)
    return _end(connection, requests, why, lambda slug: policy_of(policies, slug), record)


def suppress(
    connection: Connection,
    subscriber_id: int,
    *,
    reason: SuppressionReason,
    actor: Actor,
    policies: Policies,
    now: datetime,
    record: Record,
) -> bool:
    """Stop mailing a person: every open subscription ends with a deadline. False if unknown or suppressed already.

    The suppression lives as long as the subscriber (B10): who signs up again after the erasure is a new person to us.
    """
    person = select(subscriber.c.ref).where(subscriber.c.id == subscriber_id).with_for_update()
    ref = connection.scalar(person)
    known = connection.scalar(select(suppression.c.id).where(suppression.c.subscriber_id == subscriber_id))
    if ref is None or known is not None:
        return False
    row = {"ref": secrets.token_bytes(16), "subscriber_id": subscriber_id, "reason": reason.value}
    connection.execute(insert(suppression).values(**row, at=require_aware(now), actor=actor.value))
    record([Entry(kind=Kind.SUPPRESSED, at=now, ref=ref, why=reason.value)])
    mine = connection.scalars(select(subscription.c.ref).where(subscription.c.subscriber_id == subscriber_id))
    requests = [(item, now) for item in mine.all()]
    end_many(connection, requests, reason=ENDS_WITH[reason], actor=actor, policies=policies, record=record)
    return True


@dataclass(frozen=True, kw_only=True)
class _Why:
    reason: EndedReason
    actor: Actor
    source: str


def _end(
    connection: Connection,
    requests: Sequence[Request],
    why: _Why,
    policy_for: Callable[[str], RetentionPolicy],
    record: Record,
) -> list[EndResult]:
    arrivals = _earliest(requests)
    rows = {row.ref: row for row in _locked(connection, list(arrivals))}
    ending = {ref: row for ref, row in rows.items() if row.state != State.ENDED}
    changes = {ref: _change(row, arrivals[ref], policy_for(row.list), why.reason) for ref, row in ending.items()}
    _write(connection, list(changes.values()), why)
    reason = why.reason.value
    record([Entry(kind=Kind.ENDED, at=change["b_at"], ref=ref, why=reason) for ref, change in changes.items()])
    return [_result(ref, rows.get(ref), changes.get(ref)) for ref, _ in requests]


def _earliest(requests: Sequence[Request]) -> dict[bytes, datetime]:
    """Whoever asked twice asked at the first moment."""
    found: dict[bytes, datetime] = {}
    for ref, arrived_at in requests:
        moment = require_aware(arrived_at)
        found[ref] = min(found.get(ref, moment), moment)
    return found


def _locked(connection: Connection, refs: list[bytes]) -> Sequence[Any]:
    """The rows, locked in the order of their ids so that two groups cannot wait for each other.

    Their people first, as everybody does: a mail about the ending locks them, too (subscribers/farewell.py).
    """
    if connection.dialect.name != "sqlite":  # which has one writer at a time anyway
        owners = select(subscription.c.subscriber_id).where(subscription.c.ref.in_(refs))
        people = select(subscriber.c.id).where(subscriber.c.id.in_(owners)).order_by(subscriber.c.id)
        connection.execute(people.with_for_update()).all()
    query = select(subscription).where(subscription.c.ref.in_(refs)).order_by(subscription.c.id).with_for_update()
    return connection.execute(query).all()


def _change(row: Row[Any], arrived_at: datetime, policy: RetentionPolicy, reason: EndedReason) -> dict[str, Any]:
    period = policy.period_for(reason)
    due = deadline(arrived_at, period, policy.zone)
    return {"b_id": row.id, "b_at": arrived_at, "b_due": due, "b_period": str(period)}


def _write(connection: Connection, changes: list[dict[str, Any]], why: _Why) -> None:
    if not changes:
        return
    statement = (
        update(subscription)
        .where(subscription.c.id == bindparam("b_id"))
        .values(
            state=State.ENDED.value,
            ended_reason=why.reason.value,
            actor=why.actor.value,
            ended_at=bindparam("b_at"),
            erase_at=bindparam("b_due"),
            period=bindparam("b_period"),
        )
    )
    connection.execute(statement, changes)
    bases = _bases(connection, [change["b_id"] for change in changes])
    connection.execute(insert(consent), [_withdrawal(change, bases, why) for change in changes])


def _withdrawal(change: dict[str, Any], bases: dict[int, str], why: _Why) -> dict[str, Any]:
    evidence = Evidence(
        event=ConsentEvent.WITHDRAWN,
        at=change["b_at"],
        basis=bases.get(change["b_id"], ""),
        source=why.source,
        wording="",
        wording_version="",
        actor=why.actor,
    )
    return evidence.row(change["b_id"])


def _bases(connection: Connection, ids: list[int]) -> dict[int, str]:
    """The legal basis that the latest evidence of each subscription names."""
    latest = (
        select(func.max(consent.c.id)).where(consent.c.subscription_id.in_(ids)).group_by(consent.c.subscription_id)
    )
    query = select(consent.c.subscription_id, consent.c.basis).where(consent.c.id.in_(latest))
    return {row.subscription_id: row.basis for row in connection.execute(query)}


def _result(ref: bytes, row: Row[Any] | None, change: dict[str, Any] | None) -> EndResult:
    if row is None:
        return EndResult(ref=ref, outcome=EndOutcome.UNKNOWN)
    if change is None:
        return EndResult(ref=ref, outcome=EndOutcome.ALREADY_ENDED, list=row.list, erase_at=row.erase_at)
    return EndResult(ref=ref, outcome=EndOutcome.ENDED, list=row.list, erase_at=change["b_due"])
