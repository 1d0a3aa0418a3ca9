"""Reading what is known: one person by address, one subscription by its random id, everything about one person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, Table, select

from subscribers.address import Address, parse_address
from subscribers.erasure import FROM_SUBSCRIBER, hanging_on, rows_under
from subscribers.schema import declared, metadata
from subscribers.subscription import EndedReason, State
from subscribers.tables import subscriber, subscription, suppression


@dataclass(frozen=True, kw_only=True)
class SubscriptionRecord:
    """One person on one list."""

    id: int
    ref: bytes
    subscriber_id: int
    list: str
    state: State
    ended_reason: EndedReason | None
    created_at: datetime
    ended_at: datetime | None
    erase_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class SubscriberRecord:
    """One person, with every subscription; `suppressed` is the reason why nothing is mailed, or None."""

    id: int
    ref: bytes
    address: str
    name: str
    organisation: str
    attributes: dict[str, str]
    created_at: datetime
    subscriptions: tuple[SubscriptionRecord, ...]
    suppressed: str | None

    def on(self, slug: str) -> SubscriptionRecord | None:
        """The subscription to the list `slug`, if there ever was one that is not erased."""
        return next((item for item in self.subscriptions if item.list == slug), None)


def find(connection: Connection, address: str | Address) -> SubscriberRecord | None:
    """The person with this address, in any spelling; raises AddressError if it is not an address."""
    key = (parse_address(address) if isinstance(address, str) else address).key
    row = connection.execute(select(subscriber).where(subscriber.c.address_key == key)).one_or_none()
    return None if row is None else _person(connection, row)


def find_by_id(connection: Connection, subscriber_id: int) -> SubscriberRecord | None:
    """The person with this id, or None once erased."""
    row = connection.execute(select(subscriber).where(subscriber.c.id == subscriber_id)).one_or_none()
    return None if row is None else _person(connection, row)


def find_subscription(connection: Connection, ref: bytes) -> SubscriptionRecord | None:
    """The subscription that a token names, or None once erased."""
    row = connection.execute(select(subscription).where(subscription.c.ref == ref)).one_or_none()
    return None if row is None else _subscription(row)


def known_about(connection: Connection, subscriber_id: int) -> dict[str, list[dict[str, object]]]:
    """All that is stored about a person, by table and column, derived from the schema (B8); no empty tables.

    A row that names its parent shows that parent's name first: every one of a parent with `Table.info["known_as"]` (a
    delivery its mailing), and those that a table names in `Table.info["parent_names"]` (a consent its list).
    """
    found = {table.name: _personal_rows(connection, table, subscriber_id) for table in _personal_tables()}
    return {name: rows for name, rows in found.items() if rows}


def _personal_tables() -> list[Table]:
    return list(hanging_on(metadata, FROM_SUBSCRIBER))


def _personal_rows(connection: Connection, table: Table, subscriber_id: int) -> list[dict[str, object]]:
    columns: list[Any] = [column for column in table.columns if declared(column).personal]
    source: Any = table
    for parent, key in _named_parents(table):
        source = source.join(parent, key == parent.c[key_column(key)])
        columns = [*(parent.c[name].label(f"{parent.name}_{name}") for name in _names(table, parent)), *columns]
    if not columns:
        return []
    query = select(*columns).select_from(source).where(rows_under(metadata, table, subscriber_id))
    return [dict(row) for row in connection.execute(query.order_by(*table.primary_key.columns)).mappings()]


def _named_parents(table: Table) -> list[tuple[Table, Any]]:
    keys = sorted(table.foreign_keys, key=lambda key: key.parent.name)
    return [(key.column.table, key.parent) for key in keys if _names(table, key.column.table)]


def _names(table: Table, parent: Table) -> tuple[str, ...]:
    names: tuple[str, ...] = parent.info.get("known_as") or table.info.get("parent_names", {}).get(parent.name, ())
    return names


def key_column(column: Any) -> str:  # noqa: ANN401 - a Column of any type
    """Name of the column that a foreign key column points at."""
    (key,) = column.foreign_keys
    return cast("str", key.column.name)


def _person(connection: Connection, row: Row[Any]) -> SubscriberRecord:
    mine = select(subscription).where(subscription.c.subscriber_id == row.id).order_by(subscription.c.list)
    reason = connection.scalar(select(suppression.c.reason).where(suppression.c.subscriber_id == row.id))
    return SubscriberRecord(
        id=row.id,
        ref=row.ref,
        address=row.address,
        name=row.name,
        organisation=row.organisation,
        attributes=row.attributes,
        created_at=row.created_at,
        subscriptions=tuple(_subscription(item) for item in connection.execute(mine)),
        suppressed=reason,
    )


def _subscription(row: Row[Any]) -> SubscriptionRecord:
    return SubscriptionRecord(
        id=row.id,
        ref=row.ref,
        subscriber_id=row.subscriber_id,
        list=row.list,
        state=State(row.state),
        ended_reason=EndedReason(row.ended_reason) if row.ended_reason else None,
        created_at=row.created_at,
        ended_at=row.ended_at,
        erase_at=row.erase_at,
    )
