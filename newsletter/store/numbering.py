"""Numbers that leave the house in a mail mean one person for ever, also after a restore (A18, decision 0014).

Envelope senders and Message-IDs carry the number of a delivery or a notice, signed; everything else that leaves carries
random ids. A database out of a backup does not know which numbers were given since. So before it may give one, it jumps
over all that can have been: a clock that counts microseconds is ahead of every database that counts rows. The same
backup put back twice jumps to different places, which a step of a fixed length would not.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Table, text

from newsletter.store.tables import delivery
from subscribers.clock import require_aware
from subscribers.tables import notice

GIVEN_OUT = (delivery, notice)
"""The tables whose `id` stands in mails (newsletter/message/ids.py)."""
STEP = 1_000_000_000
"""More than is given within the life of a backup: how far a jump goes at least from a number beyond the clock."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def move_on(connection: Connection, now: datetime) -> None:
    """Let the next delivery and the next notice have numbers that were never given; again is harmless."""
    for table in GIVEN_OUT:
        highest = _highest(connection, table)
        _set(connection, table, beyond(highest, require_aware(now)))


def beyond(highest: int, now: datetime) -> int:
    """What counts as given once `highest` was, and nobody knows which since. Pure.

    With a right clock it is below 2**53, which any reader of JSON takes. A number beyond the clock was given while that
    was wrong: the jump starts there, and thousands of those stay below 2**63.
    """
    clock = (now - _EPOCH) // timedelta(microseconds=1)
    return clock if highest < clock else highest + STEP + clock


def _highest(connection: Connection, table: Table) -> int:
    """The last number given, also to a row that is gone; 0 for none."""
    if connection.dialect.name == "sqlite":
        query = text("SELECT max(seq) FROM sqlite_sequence WHERE name = :name")
        return int(connection.scalar(query, {"name": table.name}) or 0)
    last = connection.scalar(text(f"SELECT last_value FROM {_sequence(connection, table)}"))
    return int(last or 0)


def _set(connection: Connection, table: Table, number: int) -> None:
    """`number` counts as given."""
    if connection.dialect.name == "sqlite":
        values = {"name": table.name, "number": number}
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), values)
        return
    values = {"sequence": _sequence(connection, table), "number": number}
    connection.execute(text("SELECT setval(CAST(:sequence AS regclass), :number)"), values)


def _sequence(connection: Connection, table: Table) -> str:
    """Name of the sequence of a table of PostgreSQL, quoted where it must be."""
    return str(connection.scalar(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": table.name}))
