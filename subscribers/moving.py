"""A change of address: nothing is changed before both mailboxes agreed, and nobody learns whether the new one is known.

Asked on a page whose link may have been forwarded, so the old mailbox must agree too; who asks in a session that was
opened from the old mailbox (`/mijn/`) has agreed by that. If the new address belongs to somebody we know, and that
mailbox agrees, it is the same person: the subscriptions are put together there. An address that is not mailed is asked
nothing, so such a change is never completed; who asks hears the same as ever.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from subscribers.address import Address, parse_address
from subscribers.clock import require_aware
from subscribers.joining import REF_OCTETS
from subscribers.ledger_entry import Record
from subscribers.merging import Merge, lock_both
from subscribers.notice import NoticeKind
from subscribers.outbox import count_since, queue_notice
from subscribers.overwriting import scrub_soon
from subscribers.records import find, find_by_id
from subscribers.retention import Period, Policies, deadline
from subscribers.tables import address_change, notice

KEEP_DAYS = 7
"""How long both ends have to agree."""
MOST_MAILS = 6
"""Mails about changes of address to one person's choice of mailboxes, in a day: three requests."""
MOST_TO_ONE = 3
"""Mails in a day to one new address, whoever names it."""
DAY = timedelta(days=1)
RULE = "address-changes"
"""By which its rows are erased (subscribers/tables)."""
_KINDS = frozenset({NoticeKind.ADDRESS_OLD, NoticeKind.ADDRESS_NEW})


class End(StrEnum):
    """Which mailbox a link was sent to."""

    OLD = "old"
    """Where mail goes now."""
    NEW = "new"
    """Where it is to go."""


class Step(StrEnum):
    """What became of a yes or a no."""

    WAITING = "waiting"
    """This end agreed; the other has not yet."""
    MOVED = "moved"
    """Both agreed: mail goes to the new address from now on."""
    REFUSED = "refused"
    """One end said no: the request is forgotten."""
    GONE = "gone"
    """No such request any more: done, refused, replaced by a newer one, or too old."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A request as the bearer of a link to one of its ends may see it."""

    end: End
    subscriber_id: int
    list: str
    new_address: str


def ask_to_move(
    connection: Connection,
    subscriber_id: int,
    new: Address,
    *,
    list_slug: str,
    now: datetime,
    zone: ZoneInfo,
    old_agrees: bool = False,
) -> bool:
    """Mail both ends and remember the request, in the place of an earlier one. Tell who asked nothing of the result.

    False if nothing was done: too many requests today, nobody there any more, or the address it is already.
    """
    moment = require_aware(now)
    person = find_by_id(connection, subscriber_id)
    if person is None or person.suppressed or person.address == new.spelling:
        return False
    if count_since(connection, subscriber_id, _KINDS, moment - DAY) >= MOST_MAILS:
        return False
    about: dict[str, Any] = {"subscriber_id": subscriber_id, "list_slug": list_slug, "now": moment, "zone": zone}
    old_ref = queue_notice(connection, kind=NoticeKind.ADDRESS_OLD, keep_days=KEEP_DAYS, **about)
    new_ref = _ask_new(connection, new, about)
    _forget(connection, address_change.c.subscriber_id == subscriber_id, moment)
    connection.execute(
        insert(address_change).values(
            subscriber_id=subscriber_id,
            list=list_slug,
            new_address=new.spelling,
            old_ref=old_ref,
            new_ref=new_ref,
            asked_at=moment,
            old_agreed_at=moment if old_agrees else None,
            erase_at=deadline(moment, Period(KEEP_DAYS), zone),
        )
    )
    return True


def find_change(connection: Connection, ref: bytes, *, now: datetime) -> Change | None:
    """The request one of whose ends is called `ref`, or None; changes nothing."""
    row = _row(connection, ref, now)
    if row is None:
        return None
    end = _end(row, ref)
    return Change(
        end=end,
        subscriber_id=row.subscriber_id,
        list=row.list,
        new_address=row.new_address,
    )


def agree(connection: Connection, ref: bytes, *, now: datetime, policies: Policies, record: Record) -> Step:
    """One end says yes; when both have, the address changes in this transaction. Safe to repeat."""
    moment = require_aware(now)
    row = _row(connection, ref, moment, lock=True)
    if row is None:
        return Step.GONE
    column = "old_agreed_at" if _end(row, ref) is End.OLD else "new_agreed_at"
    both = {"old_agreed_at": row.old_agreed_at, "new_agreed_at": row.new_agreed_at, column: moment}
    if None in both.values():
        connection.execute(update(address_change).where(address_change.c.id == row.id).values({column: moment}))
        return Step.WAITING
    _forget(connection, address_change.c.id == row.id, moment)
    move = Merge(connection=connection, now=moment, policies=policies, record=record)
    return Step.MOVED if move.to_address(row.subscriber_id, parse_address(row.new_address)) else Step.GONE


def refuse(connection: Connection, ref: bytes, *, now: datetime) -> Step:
    """One end says no: the request is forgotten, and the other end's link is good for nothing."""
    row = _row(connection, ref, require_aware(now), lock=True)
    if row is None:
        return Step.GONE
    _forget(connection, address_change.c.id == row.id, now)
    return Step.REFUSED


def _forget(connection: Connection, which: ColumnElement[bool], now: datetime) -> None:
    """A request is over; it may name somebody who is not with us, so its bytes go with the next run."""
    gone = connection.execute(delete(address_change).where(which)).rowcount
    scrub_soon(connection, {address_change.name: gone}, now, rule=RULE)


def _ask_new(connection: Connection, new: Address, about: dict[str, Any]) -> bytes | None:
    """Mail the new address, unless it is not mailed or was named often; its end then has a name that nobody gets."""
    known = find(connection, new)
    if (known and known.suppressed) or _was_named_often(connection, new, about["now"]):
        return secrets.token_bytes(REF_OCTETS)
    kind = NoticeKind.ADDRESS_NEW
    return queue_notice(connection, kind=kind, keep_days=KEEP_DAYS, to_address=new.spelling, **about)


def _was_named_often(connection: Connection, new: Address, now: datetime) -> bool:
    lately = select(notice.c.to_address).where(notice.c.kind == NoticeKind.ADDRESS_NEW, notice.c.created_at > now - DAY)
    named = [text for text in connection.scalars(lately) if text and parse_address(text).key == new.key]
    return len(named) >= MOST_TO_ONE


def _row(connection: Connection, ref: bytes, now: datetime, *, lock: bool = False) -> Any:  # noqa: ANN401 - a row
    named = or_(address_change.c.old_ref == ref, address_change.c.new_ref == ref)
    if lock:  # both people before what hangs on them, as an erasure does; a ref never comes to name another address
        asked = connection.execute(select(address_change.c.subscriber_id, address_change.c.new_address).where(named))
        for who in asked.all():
            lock_both(connection, who.subscriber_id, parse_address(who.new_address))
    query = select(address_change).where(named, address_change.c.erase_at > now)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def _end(row: Any, ref: bytes) -> End:  # noqa: ANN401 - a row
    return End.OLD if bytes(row.old_ref) == ref else End.NEW
