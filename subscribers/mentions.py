"""Addresses of people that stand in rows of somebody else: a change of address that names them (I5)."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, select

from subscribers.address import parse_address
from subscribers.tables import address_change, notice, subscriber

_WHERE = ((address_change, address_change.c.new_address), (notice, notice.c.to_address))


def erase_mentions(connection: Connection, subscriber_ids: Collection[int]) -> Counter[str]:
    """Delete the rows that name the addresses of these people, whoever asked; how many, by table.

    What was asked is not completed: its links are good for nothing. Call it before the people themselves are deleted.
    """
    keys = set(connection.scalars(select(subscriber.c.address_key).where(subscriber.c.id.in_(subscriber_ids))))
    counts: Counter[str] = Counter()
    for table, column in _WHERE if keys else ():
        counts[table.name] += _erase(connection, table, column, keys)
    return counts


def _erase(connection: Connection, table: Table, column: Column[Any], keys: Collection[str]) -> int:
    texts = connection.execute(select(table.c.id, column.label("text")).where(column.is_not(None)))
    ids = [row.id for row in texts if parse_address(row.text).key in keys]
    return connection.execute(delete(table).where(table.c.id.in_(ids))).rowcount if ids else 0
