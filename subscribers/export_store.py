"""Reading a list out of the database, page by page of keys: no cursor stays open, memory does not grow (I5)."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, Row, Select, func, select

from subscribers.exporting import Exported
from subscribers.subscription import State
from subscribers.tables import subscriber, subscription, suppression
from subscribers.transactions import reading

PAGE = 5000
SUPPRESSED = "suppressed"
"""State in a file of a person whose address is not mailed, whatever the list says."""


class Chosen(StrEnum):
    """Which people of a list are exported."""

    ACTIVE = "active"
    """Who would get an issue now: active, and not suppressed."""
    ALL = "all"
    """Also who waits, who left and who is not mailed, as long as they are known."""


_STATES = {Chosen.ACTIVE: (State.ACTIVE,), Chosen.ALL: (State.PENDING, State.ACTIVE, State.ENDED)}
"""In the order in which people move through them, so that who moves meanwhile is not missed."""


def count(engine: Engine, slug: str, chosen: Chosen) -> int:
    """How many people the export will have."""
    people = [_people(slug, state, chosen).subquery() for state in _STATES[chosen]]
    with reading(engine) as connection:
        return sum(connection.scalar(select(func.count()).select_from(part)) or 0 for part in people)


def pages(engine: Engine, slug: str, chosen: Chosen, *, size: int = PAGE) -> Iterator[list[Exported]]:
    """The people on the list `slug`, at most `size` at a time: by state, and in the order in which they came."""
    for state in _STATES[chosen]:
        yield from _pages(engine, _people(slug, state, chosen), size)


def _pages(engine: Engine, people: Select[Any], size: int) -> Iterator[list[Exported]]:
    last = 0
    while True:
        with reading(engine) as connection:
            query = people.where(subscription.c.id > last).order_by(subscription.c.id).limit(size)
            rows = connection.execute(query).all()
        if not rows:
            return
        last = rows[-1].id
        yield [_exported(row) for row in rows]


def _people(slug: str, state: State, chosen: Chosen) -> Select[Any]:
    held_back = suppression.c.reason.label("suppressed")
    source = subscription.join(subscriber).outerjoin(suppression, suppression.c.subscriber_id == subscriber.c.id)
    person = (subscriber.c.address, subscriber.c.name, subscriber.c.organisation, subscriber.c.attributes)
    one = (subscription.c.id, subscription.c.state, subscription.c.created_at)
    query = select(*one, subscription.c.ended_at, subscription.c.ended_reason, *person, held_back)
    query = query.select_from(source).where(subscription.c.list == slug, subscription.c.state == state.value)
    return query.where(suppression.c.id.is_(None)) if chosen is Chosen.ACTIVE else query


def _exported(row: Row[Any]) -> Exported:
    return Exported(
        email=row.address,
        name=row.name,
        organisation=row.organisation,
        attributes=row.attributes,
        state=SUPPRESSED if row.suppressed else row.state,
        since=row.created_at,
        left_at=row.ended_at,
        reason=row.suppressed or row.ended_reason,
    )
