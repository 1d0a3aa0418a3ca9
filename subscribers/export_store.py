"""Reading a list out of the database, page by page of keys: no cursor stays open, memory does not grow (I5)."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, func, select

from subscribers.consent import AGREEING
from subscribers.exporting import Exported
from subscribers.segment import Segment
from subscribers.segment_sql import clause_of
from subscribers.subscription import State
from subscribers.tables import consent, subscriber, subscription, suppression
from subscribers.transactions import reading

PAGE = 5000
SUPPRESSED = "suppressed"
"""State in a file of a person whose address is not mailed, whatever the list says."""


class Chosen(StrEnum):
    """Which people of a list are exported."""

    ACTIVE = "active"
    """Who would get an issue now: active, and not suppressed."""
    PENDING = "pending"
    """Who has still to confirm."""
    ENDED = "ended"
    """Who left, as long as they are known."""
    SUPPRESSED = "suppressed"
    """Whose address is not mailed, whatever the list says."""
    ALL = "all"
    """Everybody who is known."""


_EVERY_STATE = (State.PENDING, State.ACTIVE, State.ENDED)
"""In the order in which people move through them, so that who moves meanwhile is not missed."""
_STATES = {
    Chosen.ACTIVE: (State.ACTIVE,),
    Chosen.PENDING: (State.PENDING,),
    Chosen.ENDED: (State.ENDED,),
    Chosen.SUPPRESSED: _EVERY_STATE,
    Chosen.ALL: _EVERY_STATE,
}


def count(engine: Engine, slug: str, chosen: Chosen, segment: Segment | None = None) -> int:
    """How many people the export will have."""
    with reading(engine) as connection:
        people = [_people(connection, slug, state, chosen, segment).subquery() for state in _STATES[chosen]]
        return sum(connection.scalar(select(func.count()).select_from(part)) or 0 for part in people)


def pages(
    engine: Engine, slug: str, chosen: Chosen, segment: Segment | None = None, *, size: int = PAGE
) -> Iterator[list[Exported]]:
    """The people on the list `slug`, at most `size` at a time: by state, and in the order in which they came."""
    for state in _STATES[chosen]:
        last = 0
        while rows := _page(engine, slug, state, chosen, segment, last, size):
            last = rows[-1].id
            yield [_exported(row) for row in rows]


def _page(
    engine: Engine, slug: str, state: State, chosen: Chosen, segment: Segment | None, last: int, size: int
) -> list[Row[Any]]:
    with reading(engine) as connection:
        people = _people(connection, slug, state, chosen, segment)
        query = people.where(subscription.c.id > last).order_by(subscription.c.id).limit(size)
        return list(connection.execute(query).all())


def _people(connection: Connection, slug: str, state: State, chosen: Chosen, segment: Segment | None) -> Select[Any]:
    held_back = suppression.c.reason.label("suppressed")
    source = subscription.join(subscriber).outerjoin(suppression, suppression.c.subscriber_id == subscriber.c.id)
    person = (subscriber.c.address, subscriber.c.name, subscriber.c.organisation, subscriber.c.attributes)
    one = (subscription.c.id, subscription.c.state, subscription.c.created_at)
    left = (subscription.c.ended_at, subscription.c.ended_reason)
    query = select(*one, *left, *person, held_back, _consented_at()).select_from(source)
    query = query.where(subscription.c.list == slug, subscription.c.state == state.value)
    if chosen is Chosen.SUPPRESSED:
        query = query.where(suppression.c.id.is_not(None))
    elif chosen is not Chosen.ALL:
        query = query.where(suppression.c.id.is_(None))
    return query.where(clause_of(segment, connection.dialect.name)) if segment else query


def _consented_at() -> Any:  # noqa: ANN401 - a piece of SQL
    """The latest moment at which the person said yes, where the list asks for consent."""
    words = [event.value for event in AGREEING]
    agreed = select(func.max(consent.c.at)).where(consent.c.subscription_id == subscription.c.id)
    agreed = agreed.where(consent.c.event.in_(words), consent.c.basis == "consent")
    return agreed.scalar_subquery().label("consented_at")


def _exported(row: Row[Any]) -> Exported:
    return Exported(
        email=row.address,
        name=row.name,
        organisation=row.organisation,
        attributes=row.attributes,
        state=SUPPRESSED if row.suppressed else row.state,
        since=row.created_at,
        consented_at=row.consented_at,
        left_at=row.ended_at,
        reason=row.suppressed or row.ended_reason,
    )
