"""Taking back an ending: who left by a link, or was made to, is back as long as nothing was erased.

An undo takes back the whole act: subscriptions that the same press of a button ended (the same person, the same
instant) return together, or those of them that the page named. The evidence says "returned" with the words that stood
at the button (B3); what was agreed to before stays beside it, with its own. The ledger says it too, so that a restore
does not end them again (I11).
"""

from collections.abc import Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import Connection, insert, select, update

from subscribers.clock import require_aware
from subscribers.consent import AGREEING, ConsentEvent, Evidence, Shown
from subscribers.ledger_entry import Entry, Kind, Record
from subscribers.subscription import Actor, EndedReason, State
from subscribers.tables import consent, subscriber, subscription, suppression

UNDONE = Shown(source="undo of leaving")
"""What is known of an undo by itself: the ledger, for one, keeps no words."""
PRESS_LIFE = timedelta(minutes=15)
"""How long after an ending a press of the button still counts as the one that ended it: twice, or with a slow line."""


class UndoOutcome(StrEnum):
    """What became of an undo."""

    RETURNED = "returned"
    """The subscription is active again."""
    STANDS = "stands"
    """It is active: nothing was to be taken back, or it was taken back before."""
    GONE = "gone"
    """It cannot be taken back: erased, never there, or ended for another reason than the person's own."""


@dataclass(frozen=True, kw_only=True)
class UndoResult:
    """The outcome, and the list of the subscription that was named ("" if it is gone)."""

    outcome: UndoOutcome
    list: str = ""
    lists: tuple[str, ...] = ()
    """All that return, or would."""
    until: datetime | None = None
    """The first moment at which one of them is erased; for RETURNED."""


_Rows: TypeAlias = Sequence[Any]
_Find: TypeAlias = Callable[[Connection, Any], _Rows]


def would_return(connection: Connection, ref: bytes, *, pressed_at: datetime | None = None) -> UndoResult:
    """What an undo would do at this moment. Changes nothing."""
    return _judge(connection, _found, ref, pressed_at, None)[0]


def undo_ending(
    connection: Connection,
    ref: bytes,
    *,
    now: datetime,
    record: Record,
    pressed_at: datetime | None = None,
    said: Shown = UNDONE,
    lists: Collection[str] | None = None,
) -> UndoResult:
    """Make the subscription that `ref` names active again, with all that ended in the same act. Idempotent.

    `said` goes into the evidence: the words of the page on which the button was pressed (B3). With `lists` nothing
    returns but what that page named.
    With `pressed_at` only by who ended it with that press: the button stands in mails that were forwarded, and whoever
    presses it after the owner had left may not bring them back. None for a link that was mailed to the owner.
    """
    moment = require_aware(now)
    result, rows = _judge(connection, _locked, ref, pressed_at, lists)
    if rows:
        _revive(connection, rows, moment, said)
        record([Entry(kind=Kind.RETURNED, at=moment, ref=item.ref) for item in rows])
    return result


def _judge(
    connection: Connection, find: _Find, ref: bytes, pressed_at: datetime | None, lists: Collection[str] | None
) -> tuple[UndoResult, _Rows]:
    """What an undo does, and the rows that return."""
    gone = UndoResult(outcome=UndoOutcome.GONE)
    named = next(iter(find(connection, subscription.c.ref == ref)), None)
    if named is None:
        return gone, ()
    if named.state == State.ACTIVE:
        return UndoResult(outcome=UndoOutcome.STANDS, list=named.list), ()
    if not may_return(connection, named) or not _ended_it(named, pressed_at):
        return gone, ()
    same_act = (subscription.c.subscriber_id == named.subscriber_id) & (subscription.c.ended_at == named.ended_at)
    rows = [row for row in find(connection, same_act) if lists is None or row.list in lists]
    rows = [row for row in rows if may_return(connection, row)]
    if not rows:
        return gone, ()
    names, until = tuple(row.list for row in rows), min(row.erase_at for row in rows)
    return UndoResult(outcome=UndoOutcome.RETURNED, list=named.list, lists=names, until=until), rows


def _found(connection: Connection, where: Any) -> _Rows:  # noqa: ANN401 - a piece of SQL
    return connection.execute(select(subscription).where(where).order_by(subscription.c.id)).all()


def _locked(connection: Connection, where: Any) -> _Rows:  # noqa: ANN401 - a piece of SQL
    """The rows, each person before their subscriptions, as an erasure locks them: neither waits for the other."""
    owners = select(subscription.c.subscriber_id).where(where)
    connection.execute(
        select(subscriber.c.id).where(subscriber.c.id.in_(owners)).order_by(subscriber.c.id).with_for_update()
    ).all()
    return connection.execute(select(subscription).where(where).order_by(subscription.c.id).with_for_update()).all()


def may_return(connection: Connection, row: Any) -> bool:  # noqa: ANN401 - a row
    """Whether its own person ended it, is mailed at all, and had agreed: an unconfirmed sign-up is no consent (B3)."""
    is_own = row.state == State.ENDED and row.ended_reason == EndedReason.UNSUBSCRIBED
    if not is_own or _is_suppressed(connection, row.subscriber_id):
        return False
    return _last_agreement(connection, row.id) is not None


def _ended_it(row: Any, pressed_at: datetime | None) -> bool:  # noqa: ANN401 - a row
    return pressed_at is None or row.ended_at <= pressed_at <= row.ended_at + PRESS_LIFE


def _is_suppressed(connection: Connection, subscriber_id: int) -> bool:
    return connection.scalar(select(suppression.c.id).where(suppression.c.subscriber_id == subscriber_id)) is not None


def _revive(connection: Connection, rows: Sequence[Any], now: datetime, said: Shown) -> None:
    back = {"state": State.ACTIVE.value, "ended_at": None, "ended_reason": None, "erase_at": None, "period": None}
    ids = [row.id for row in rows]
    connection.execute(
        update(subscription).where(subscription.c.id.in_(ids)).values(**back, actor=Actor.SUBSCRIBER.value)
    )
    connection.execute(insert(consent), [_evidence(connection, number, now, said).row(number) for number in ids])


def _evidence(connection: Connection, subscription_id: int, now: datetime, said: Shown) -> Evidence:
    last = _last_agreement(connection, subscription_id)
    return Evidence(
        event=ConsentEvent.RETURNED,
        at=now,
        basis=last.basis if last else "",
        source=said.source,
        wording=said.wording,
        wording_version=said.wording_version,
        actor=Actor.SUBSCRIBER,
    )


def agreed_again(connection: Connection, subscription_id: int, now: datetime, source: str) -> Evidence:
    """Evidence that what was agreed to holds elsewhere from `now` on: the words of that agreement go along.

    Those of the consent itself, not of an undo after it: the subscription that holds them will be erased.
    """
    last = _last_agreement(connection, subscription_id, AGREEING - {ConsentEvent.RETURNED})
    last = last or _last_agreement(connection, subscription_id)
    said = Shown(
        source=source,
        wording=last.wording if last else "",
        wording_version=last.wording_version if last else "",
    )
    return _evidence(connection, subscription_id, now, said)


def _last_agreement(connection: Connection, subscription_id: int, events: AbstractSet[ConsentEvent] = AGREEING) -> Any:  # noqa: ANN401 - a row
    agreed = consent.c.event.in_([event.value for event in events])
    query = select(consent).where(consent.c.subscription_id == subscription_id, agreed).order_by(consent.c.id.desc())
    return connection.execute(query.limit(1)).one_or_none()
