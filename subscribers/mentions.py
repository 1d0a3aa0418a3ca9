"""Addresses of people that stand in rows of somebody else: a change of address that names them (I5)."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, select

from subscribers.address import parse_address
from subscribers.tables import address_change, notice

_WHERE = ((address_change, address_change.c.new_address), (notice, notice.c.to_address))


def erase_mentions(connection: Connection, keys: Collection[str]) -> Counter[str]:
    """Delete the rows that name the people with these address keys, whoever asked; how many, by table.

    What was asked is not completed: its links are good for nothing.
    """
    counts: Counter[str] = Counter()
    for table, column in _WHERE if keys else ():
        counts[table.name] += _erase(connection, table, column, keys)
    return counts


def _erase(connection: Connection, table: Table, column: Column[Any], keys: Collection[str]) -> int:
    texts = connection.execute(select(table.c.id, column.label("text")).where(column.is_not(None)))
    ids = [row.id for row in texts if parse_address(row.text).key in keys]
    return connection.execute(delete(table).where(table.c.id.in_(ids))).rowcount if ids else 0
