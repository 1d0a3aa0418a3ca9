"""How the readers of a list spread over domains: for the calculation of how long a job takes."""

from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select

from newsletter.store import many
from subscribers.segment import Segment
from subscribers.segment_sql import clause_of
from subscribers.subscription import State
from subscribers.tables import subscriber, subscription, suppression
from subscribers.transactions import reading


def count_by_domain(engine: Engine, list_slug: str, segment: Segment | None = None) -> dict[str, int]:
    """Domain → how many would be mailed now."""
    domain = domain_of_key(engine.dialect.name)
    held_back = suppression.c.subscriber_id == subscription.c.subscriber_id
    people = subscription.join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
    query = (
        select(domain, func.count())
        .select_from(people.outerjoin(suppression, held_back))
        .where(subscription.c.list == list_slug, subscription.c.state == State.ACTIVE, suppression.c.id.is_(None))
    )
    if segment:
        query = query.where(clause_of(segment, engine.dialect.name))
    with reading(engine) as connection:
        return {str(name): int(number) for name, number in connection.execute(query.group_by(domain))}


def domain_of_key(dialect: str) -> ColumnElement[Any]:
    """The domain of a subscriber's address, in SQL."""
    key = subscriber.c.address_key
    at = func.strpos(key, "@") if dialect == many.POSTGRESQL else func.instr(key, "@")
    return func.substr(key, at + 1)
