"""Whom an import may not bring back: addresses that were erased, where the organisation keeps marks of them (B10)."""

from collections.abc import Sequence

from sqlalchemy import Connection, exists, select

from subscribers import marks
from subscribers.marks import Marker
from subscribers.tables import address_mark


def erased_before(connection: Connection, keys: Sequence[str], marker: Marker | None) -> set[str]:
    """Those of the address keys that are marked; costs one question where there are no marks."""
    if marker is None or not keys or not connection.scalar(select(exists().where(address_mark.c.id.is_not(None)))):
        return set()
    return marks.known(connection, keys, marker)
