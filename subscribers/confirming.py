"""Confirming a sign-up: only here somebody gets on a list by a form, by the POST behind the mailed link (I1, B3).

Idempotent: the link may be used again and changes nothing more. A link from before the person left does not bring them
back; one from after it does, since signing up anew and confirming it is a fresh consent.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from subscribers.address import parse_address
from subscribers.clock import require_aware
from subscribers.consent import ConsentEvent, Evidence
from subscribers.joining import complete
from subscribers.ledger_entry import Entry, Kind, Record
from subscribers.marks import Marker, forget
from subscribers.notice import ASKING, NoticeKind
from subscribers.records import find_by_id
from subscribers.signup import MAILBOX_MAY_BE_BACK
from subscribers.subscription import Actor, State
from subscribers.tables import consent, notice, subscriber, subscription, suppression


class ConfirmOutcome(StrEnum):
    """What became of a press on the button."""

    CONFIRMED = "confirmed"
    """On the list from now on."""
    STANDS = "stands"
    """On the list already: nothing has changed."""
    GONE = "gone"
    """The link is of no use any more: too old, erased, or the person left after it was made."""


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """The outcome, and the list it is about ("" if that is not known any more)."""

    outcome: ConfirmOutcome
    list: str = ""


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """The evidence of the press: which page, which words stood by the button."""

    source: str
    wording: str
    wording_version: str
    basis: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a confirmation link asks its bearer; nothing if it is of no use any more."""

    list: str = ""
    is_imported: bool = False
    """The address came in a file: nobody signed it up."""
    is_answered: bool = False
    """They are on the list: there is nothing left to press."""


def question(connection: Connection, ref: bytes, now: datetime) -> Question:
    """What the link that names the notice `ref` asks. Changes nothing."""
    row = connection.execute(_sign_up(ref)).one_or_none()
    if row is None or not _is_open(row, now):
        return Question()
    return Question(
        list=row.list,
        is_imported=row.kind == NoticeKind.CONFIRM_IMPORTED,
        is_answered=row.state == State.ACTIVE,
    )


def confirm(
    connection: Connection,
    ref: bytes,
    said: Confirmation,
    *,
    now: datetime,
    record: Record,
    marker: Marker | None = None,
) -> Confirmed:
    """Use the link that names the notice `ref`, in the caller's transaction; a mark of their erasure ends (B10)."""
    moment = require_aware(now)
    if connection.execute(_owner(ref).with_for_update()).one_or_none() is None:
        return Confirmed(outcome=ConfirmOutcome.GONE)
    row = connection.execute(_sign_up(ref).with_for_update(of=subscription)).one_or_none()
    if row is None or not _is_open(row, moment):
        return Confirmed(outcome=ConfirmOutcome.GONE)
    if row.state == State.ACTIVE:
        _use(connection, row, moment)
        return Confirmed(outcome=ConfirmOutcome.STANDS, list=row.list)
    if not _lift_suppression(connection, row.subscriber_id):
        return Confirmed(outcome=ConfirmOutcome.GONE)
    _activate(connection, row, said, moment, marker)
    if row.state == State.ENDED:
        record([Entry(kind=Kind.RETURNED, at=moment, ref=row.subscription_ref)])
    return Confirmed(outcome=ConfirmOutcome.CONFIRMED, list=row.list)


def _owner(ref: bytes) -> Any:  # noqa: ANN401 - a piece of SQL
    """The person is locked first, as everybody does."""
    return select(subscriber.c.id).where(
        subscriber.c.id == select(notice.c.subscriber_id).where(notice.c.ref == ref).scalar_subquery()
    )


def _sign_up(ref: bytes) -> Any:  # noqa: ANN401 - a piece of SQL
    """The notice and the subscription that it asks about."""
    both = notice.join(subscription, subscription.c.id == notice.c.subscription_id)
    asked = (notice.c.id, notice.c.kind, notice.c.details, notice.c.created_at, notice.c.erase_at, notice.c.used_at)
    about = (
        subscription.c.id.label("subscription_id"),
        subscription.c.ref.label("subscription_ref"),
        subscription.c.subscriber_id,
        subscription.c.list,
        subscription.c.state,
        subscription.c.ended_at,
    )
    query = select(*asked, *about).select_from(both)
    return query.where(notice.c.ref == ref, notice.c.kind.in_([kind.value for kind in ASKING]))


def _is_open(row: Row[Any], now: datetime) -> bool:
    """Whether the link may still be used: in time, not older than the person's leaving, nor sent to an old address."""
    is_closed = row.used_at is not None and row.state != State.ACTIVE  # subscribers/merging.py
    has_left_since = row.ended_at is not None and row.ended_at >= row.created_at
    return row.erase_at > now and not has_left_since and not is_closed


def _lift_suppression(connection: Connection, subscriber_id: int) -> bool:
    """A mailbox that was gone and confirms is back; False if the person is not mailed for another reason."""
    mine = suppression.c.subscriber_id == subscriber_id
    reason = connection.scalar(select(suppression.c.reason).where(mine))
    if reason in MAILBOX_MAY_BE_BACK:
        connection.execute(delete(suppression).where(mine))
        return True
    return reason is None


def _activate(
    connection: Connection, row: Row[Any], said: Confirmation, moment: datetime, marker: Marker | None
) -> None:
    back = {"state": State.ACTIVE.value, "created_at": moment, "actor": Actor.SUBSCRIBER.value}
    back |= {"ended_at": None, "ended_reason": None, "erase_at": None, "period": None}
    connection.execute(update(subscription).where(subscription.c.id == row.subscription_id).values(**back))
    evidence = Evidence(
        event=ConsentEvent.CONFIRMED,
        at=moment,
        basis=said.basis,
        source=said.source,
        wording=said.wording,
        wording_version=said.wording_version,
        actor=Actor.SUBSCRIBER,
    )
    connection.execute(insert(consent).values(evidence.row(row.subscription_id)))
    person = find_by_id(connection, row.subscriber_id)
    if person is not None:
        given = {"name": row.details.get("name", ""), "organisation": row.details.get("organisation", "")}
        complete(connection, person, {**given, "attributes": {}})
        if marker:
            forget(connection, parse_address(person.address).key, marker)
    _use(connection, row, moment)


def _use(connection: Connection, row: Row[Any], moment: datetime) -> None:
    """The link was used; what it brought along stands with the person now."""
    if row.used_at is None:
        connection.execute(update(notice).where(notice.c.id == row.id).values(used_at=moment, details={}))
