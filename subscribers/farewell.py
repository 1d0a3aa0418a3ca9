"""The one mail that a list may send when somebody leaves: a farewell, or "was it you?" to the owner of the mailbox.

A newsletter that was forwarded carries the way out of whom it was sent to. Where the list asks for it, the owner is
told of each act, once a day at most for a subscription, however often somebody leaves and returns; the mail's button
takes the act back. Whoever opens the page of a subscription that has ended can have such a button mailed to its owner.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from subscribers.leaving import EndOutcome, EndResult
from subscribers.notice import NoticeKind
from subscribers.outbox import queue_notice
from subscribers.retention import MAXIMUM_DAYS, Policies, policy_of
from subscribers.returning import may_return
from subscribers.tables import notice, subscriber, subscription

ONCE_IN = timedelta(days=1)
MOST_LINKS = 2
"""Links back that are mailed about one ending when somebody asks: whoever holds a forwarded mail may be asking."""


def queue_leaving_mails(
    connection: Connection,
    ended: Sequence[EndResult],
    wanted: Mapping[str, NoticeKind],
    *,
    policies: Policies,
    now: datetime,
) -> int:
    """Queue the mail of each list that wants one (`wanted`, by slug) for what has just ended; how many.

    Call it in the transaction that ended them. Who had left before, or is unknown, gets none.
    """
    wants = [item for item in ended if item.outcome is EndOutcome.ENDED and item.list in wanted]
    return sum(_queue(connection, item, wanted[item.list], policies, now) for item in wants)


def queue_undo_link(connection: Connection, ref: bytes, *, policies: Policies, now: datetime) -> bool:
    """Mail the owner of an ended subscription the link that takes the ending back: once a day, twice in all.

    False, and nothing is queued, if it cannot be taken back, or is not there.
    """
    row = connection.execute(select(subscription).where(subscription.c.ref == ref)).one_or_none()
    if row is None or not may_return(connection, row) or _was_told(connection, row, NoticeKind.UNDO, now):
        return False
    if _links_mailed(connection, row) >= MOST_LINKS:
        return False
    policy = policy_of(policies, row.list)
    queue_notice(
        connection,
        kind=NoticeKind.UNDO,
        subscriber_id=row.subscriber_id,
        subscription_id=row.id,
        list_slug=row.list,
        now=now,
        keep_days=policy.period.days or MAXIMUM_DAYS,
        not_after=row.erase_at,
        zone=policy.zone,
    )
    return True


def _queue(connection: Connection, item: EndResult, kind: NoticeKind, policies: Policies, now: datetime) -> bool:
    columns = (subscription.c.id, subscription.c.subscriber_id, subscription.c.ended_at)
    row = connection.execute(select(*columns).where(subscription.c.ref == item.ref)).one()
    if _was_told(connection, row, kind, now):
        return False
    policy = policy_of(policies, item.list)
    queue_notice(
        connection,
        kind=kind,
        subscriber_id=row.subscriber_id,
        subscription_id=row.id,
        list_slug=item.list,
        now=now,
        keep_days=policy.period.days or MAXIMUM_DAYS,
        zone=policy.zone,
    )
    return True


def _was_told(connection: Connection, row: Any, kind: NoticeKind, now: datetime) -> bool:  # noqa: ANN401 - a row
    """Whether a mail about this subscription was queued lately, or about another that ended in the same act."""
    connection.execute(select(subscriber.c.id).where(subscriber.c.id == row.subscriber_id).with_for_update())
    about = notice.join(subscription, subscription.c.id == notice.c.subscription_id)
    same = (subscription.c.id == row.id) | (subscription.c.ended_at == row.ended_at)
    mine = select(notice.c.id).select_from(about).where(notice.c.subscriber_id == row.subscriber_id, same)
    lately = mine.where(notice.c.kind == kind.value, notice.c.created_at > now - ONCE_IN)
    return connection.execute(lately.limit(1)).first() is not None


def _links_mailed(connection: Connection, row: Any) -> int:  # noqa: ANN401 - a row
    """How many links back were queued since this ending; `_was_told` has locked the person."""
    mine = (notice.c.subscription_id == row.id) & (notice.c.kind == NoticeKind.UNDO.value)
    since = select(func.count()).select_from(notice).where(mine, notice.c.created_at >= row.ended_at)
    return connection.scalar(since) or 0
