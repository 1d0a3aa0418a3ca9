"""What a subscriber may choose about one subscription, and what they may correct about themselves.

"Less often" is a number of days, kept with the subscription: at most one issue of the list in so many days, counted by
calendar days in UTC. It is looked at when a delivery is claimed (newsletter/store/claims.py), like everything else that
decides who is mailed (I2). A list that stops offering it changes nothing for who chose it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from subscribers.cell_text import ATTRIBUTE_LIMIT, NAME_LIMIT, clean_text
from subscribers.clock import require_aware
from subscribers.overwriting import scrub_soon
from subscribers.subscription import Actor, State
from subscribers.tables import subscriber, subscription


@dataclass(frozen=True, kw_only=True)
class Preferences:
    """An active subscription as its own page needs it: nothing that says whose it is."""

    id: int
    subscriber_id: int
    list: str
    every_days: int | None
    others: int
    """Further active subscriptions of the same person."""


def preferences_of(connection: Connection, ref: bytes) -> Preferences | None:
    """The preferences of an active subscription; None for one that ended, was erased or never was."""
    row = connection.execute(
        select(subscription).where(subscription.c.ref == ref, subscription.c.state == State.ACTIVE.value)
    ).one_or_none()
    if row is None:
        return None
    mine = (subscription.c.subscriber_id == row.subscriber_id) & (subscription.c.state == State.ACTIVE.value)
    number = connection.scalar(select(func.count()).select_from(subscription).where(mine)) or 1
    return Preferences(
        id=row.id, subscriber_id=row.subscriber_id, list=row.list, every_days=row.every_days, others=number - 1
    )


def active_refs(connection: Connection, subscriber_id: int) -> list[bytes]:
    """The references of all that somebody is subscribed to, in the order in which they came."""
    mine = subscription.c.subscriber_id == subscriber_id, subscription.c.state != State.ENDED.value
    return [
        bytes(ref) for ref in connection.scalars(select(subscription.c.ref).where(*mine).order_by(subscription.c.id))
    ]


def refs_beside(connection: Connection, ref: bytes) -> list[bytes]:
    """The references of all that the person of this subscription is subscribed to, also if it has ended itself."""
    owner = connection.scalar(select(subscription.c.subscriber_id).where(subscription.c.ref == ref))
    return [] if owner is None else active_refs(connection, owner)


def choose_pace(connection: Connection, ref: bytes, every_days: int | None) -> bool:
    """Mail this subscription at most once in `every_days` days, or every issue for None; False if it is not active."""
    mine = update(subscription).where(subscription.c.ref == ref, subscription.c.state == State.ACTIVE.value)
    return bool(connection.execute(mine.values(every_days=every_days, actor=Actor.SUBSCRIBER.value)).rowcount)


def is_too_soon(last: datetime | None, every_days: int | None, now: datetime) -> bool:
    """Whether an issue at `now` would be more than one in `every_days` days, the `last` having gone out then. Pure."""
    if last is None or not every_days:
        return False
    return (require_aware(now).date() - require_aware(last).date()).days < every_days


def correct(
    connection: Connection,
    subscriber_id: int,
    *,
    now: datetime,
    name: str | None = None,
    organisation: str | None = None,
    attributes: Mapping[str, str] | None = None,
) -> bool:
    """Set what is given (AVG 16), also to nothing; None and missing attributes leave what is there. What was there is
    scrubbed by the next retention run.

    False if nobody is there any more. Raises RowRefusedError for a text that is not one harmless line (A4).
    """
    values: dict[str, object] = {}
    if name is not None:
        values["name"] = clean_text(name, NAME_LIMIT, "name")
    if organisation is not None:
        values["organisation"] = clean_text(organisation, NAME_LIMIT, "organisation")
    columns = subscriber.c.name, subscriber.c.organisation, subscriber.c.attributes
    row = connection.execute(select(*columns).where(subscriber.c.id == subscriber_id).with_for_update()).one_or_none()
    if row is None:
        return False
    if attributes:
        cleaned = {key: clean_text(text, ATTRIBUTE_LIMIT, key) for key, text in attributes.items()}
        merged = {**(row.attributes or {}), **cleaned}
        values["attributes"] = {key: text for key, text in merged.items() if text}
    if values:
        connection.execute(update(subscriber).where(subscriber.c.id == subscriber_id).values(**values))
        lost = {f"subscriber.{key}": 1 for key in values if _loses(row, key, values[key])}
        scrub_soon(connection, lost, now, joins=True)
    return True


def _loses(row: Any, key: str, new: Any) -> bool:  # noqa: ANN401 - a row, and a value of one of its columns
    """Whether something that stood there is there no more; an attribute that is added takes nothing away."""
    before = getattr(row, key)
    if isinstance(before, Mapping):
        return not before.items() <= dict(new).items()
    return bool(before) and bool(before != new)
