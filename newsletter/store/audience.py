"""Who of a list an issue is for: everybody who may be mailed at this moment, or those of a segment."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, literal, select, update

from newsletter.delivery.outcome import State
from newsletter.store.tables import delivery, send_job
from subscribers.segment import Segment
from subscribers.segment_sql import clause_of
from subscribers.subscription import State as SubscriptionState
from subscribers.tables import subscriber, subscription, suppression
from subscribers.transactions import reading


def count_audience(engine: Engine, list_slug: str, segment: Segment | None = None) -> int:
    """How many would be mailed if the list were planned now."""
    with reading(engine) as connection:
        rows = _may_be_mailed(connection, list_slug, segment).subquery()
        return int(connection.scalar(select(func.count()).select_from(rows)) or 0)


def freeze_audience(connection: Connection, job: int, list_slug: str, segment: Segment | None, now: datetime) -> None:
    """Queue one delivery of `job` per person, and write down how many; in the transaction that plans it."""
    rows = _may_be_mailed(connection, list_slug, segment).order_by(subscription.c.id)
    rows = rows.with_only_columns(
        literal(job), subscription.c.id, literal(int(State.QUEUED)), literal(now, delivery.c.updated_at.type)
    )
    statement = insert(delivery).from_select(["job_id", "subscription_id", "state", "updated_at"], rows)
    count = connection.execution_options(preserve_rowcount=True).execute(statement).rowcount
    connection.execute(update(send_job).where(send_job.c.id == job).values(audience=count))


def _may_be_mailed(connection: Connection, list_slug: str, segment: Segment | None) -> Any:  # noqa: ANN401 - a piece of SQL
    """Subscriptions of the list that are active and not suppressed at this moment, and in the segment."""
    people: Any = subscription
    if segment:
        people = people.join(subscriber)
    held_back = suppression.c.subscriber_id == subscription.c.subscriber_id
    query = (
        select(subscription.c.id)
        .select_from(people.outerjoin(suppression, held_back))
        .where(
            subscription.c.list == list_slug,
            subscription.c.state == SubscriptionState.ACTIVE,
            suppression.c.id.is_(None),
        )
    )
    return query.where(clause_of(segment, connection.dialect.name)) if segment else query
