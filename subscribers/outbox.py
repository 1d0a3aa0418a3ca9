"""The outbox: service mails that someone asked for (notices), queued in the transaction that makes them necessary.

Never news, never dependent on a send job: `serve` sends them within a second or two, `newsletter notices send` for who
runs no `serve` (newsletter/delivery/notices.py). A notice has a life of its own (`erase_at`) and goes with its person.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, exists, func, insert, select

from subscribers.clock import require_aware
from subscribers.notice import ASKING, NoticeKind, NoticeState
from subscribers.retention import Period, RetentionPolicy, deadline
from subscribers.tables import notice, subscriber

__all__ = ["NoticeKind", "NoticeState", "count_since", "queue_notice", "was_asked_since"]

REF_OCTETS = 16


def queue_notice(  # noqa: PLR0913 - a row of the outbox, by keyword
    connection: Connection,
    *,
    kind: NoticeKind,
    subscriber_id: int,
    list_slug: str,
    now: datetime,
    keep_days: int,
    subscription_id: int | None = None,
    to_address: str | None = None,
    details: Mapping[str, str] | None = None,
    at_most_every: timedelta | None = None,
    not_after: datetime | None = None,
    zone: ZoneInfo | None = None,
) -> bytes | None:
    """Queue one notice inside the caller's transaction; return its ref, which its single-use link names.

    None, and nothing is queued, if this person was sent one of this kind less than `at_most_every` ago, whatever list
    it was about; both kinds that ask for a confirmation count as one. It is erased, and its link with it, at the end of
    the day that lies `keep_days` (1-27) after `now`, counted in `zone` like every deadline; not later than `not_after`,
    when what it is about goes; or earlier, with the person.
    """
    moment = require_aware(now)
    connection.execute(select(subscriber.c.id).where(subscriber.c.id == subscriber_id).with_for_update())
    if at_most_every and _has_younger(connection, kind, subscriber_id, moment - at_most_every):
        return None
    ref = secrets.token_bytes(REF_OCTETS)
    due = deadline(moment, Period(keep_days), zone or RetentionPolicy().zone)
    values = {
        "ref": ref,
        "kind": kind.value,
        "subscriber_id": subscriber_id,
        "subscription_id": subscription_id,
        "list": list_slug,
        "to_address": to_address,
        "details": dict(details or {}),
        "state": NoticeState.QUEUED.value,
        "due_at": moment,
        "created_at": moment,
        "erase_at": min(due, not_after or due),
    }
    connection.execute(insert(notice).values(values))
    return ref


def count_since(
    connection: Connection, subscriber_id: int, kinds: frozenset[NoticeKind], since: datetime, list_slug: str = ""
) -> int:
    """How many notices of these kinds this person was sent, or will be, since an instant; about one list if named."""
    query = select(func.count()).select_from(notice).where(notice.c.subscriber_id == subscriber_id)
    query = query.where(notice.c.kind.in_([kind.value for kind in kinds]), notice.c.created_at > since)
    return connection.scalar(query.where(notice.c.list == list_slug) if list_slug else query) or 0


def was_asked_since(connection: Connection, subscriber_id: int, since: datetime) -> bool:
    """Whether this person was sent, or will be, a mail that asks for a confirmation, made after an instant."""
    return _has_younger(connection, NoticeKind.CONFIRM, subscriber_id, since)


def _has_younger(connection: Connection, kind: NoticeKind, subscriber_id: int, since: datetime) -> bool:
    alike = ASKING if kind in ASKING else {kind}
    mine = exists().where(notice.c.subscriber_id == subscriber_id, notice.c.kind.in_([item.value for item in alike]))
    return bool(connection.scalar(select(mine.where(notice.c.created_at > since))))
