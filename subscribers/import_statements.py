"""The SQL of imports: a chunk at a time, SQLite by executemany, PostgreSQL by one statement over arrays.

Both take the same values: those of each row, then those that all rows share. executemany costs PostgreSQL five times
what arrays do; INSERT ... SELECT of a chunk makes SQLite keep a copy of every page that it touches.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, text
from sqlalchemy.types import JSON

from subscribers.schema import Moment

PRAGMAS = ("cache_size=-24576", "wal_autocheckpoint=32768")
"""SQLite while importing: 24 MB of page cache, less than usual, because the rows need memory too; and checkpoints per
128 MB, not per 4 MB, because every chunk touches the same pages of the indexes again."""

_KNOWN = """
SELECT s.address_key, s.id, s.name, s.organisation, s.attributes, n.state, n.ended_reason, x.reason AS suppressed,
       n.id AS subscription_id, n.ref AS subscription_ref, n.actor
FROM {keys} CROSS JOIN subscriber s
LEFT JOIN subscription n ON n.subscriber_id = s.id AND n.list = :list
LEFT JOIN suppression x ON x.subscriber_id = s.id
WHERE s.address_key = k.value
"""
_KEYS = {"sqlite": "json_each(:keys) AS k", "postgresql": "unnest(CAST(:keys AS text[])) AS k(value)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Insert:
    """One INSERT on either database."""

    sqlite: str
    postgresql: str

    def run(self, connection: Connection, rows: Sequence[Sequence[Any]], same: tuple[Any, ...]) -> None:
        """Insert all `rows`, each with the values `same` behind its own."""
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(self.sqlite, [(*row, *same) for row in rows])
        else:
            columns = [list(column) for column in zip(*rows, strict=True)]
            connection.exec_driver_sql(self.postgresql, (*columns, *same))


ADD_SUBSCRIBERS = _Insert(
    sqlite="""
INSERT INTO subscriber (ref, address_key, address, name, organisation, attributes, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address_key) DO NOTHING
""",
    postgresql="""
WITH r (ref, key, address, name, organisation, attributes) AS (
    SELECT * FROM unnest(%s::bytea[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[]))
INSERT INTO subscriber (ref, address_key, address, name, organisation, attributes, created_at)
SELECT ref, key, address, name, organisation, attributes::json, %s FROM r ON CONFLICT (address_key) DO NOTHING
""",
)
"""Per row ref, key, address, name, organisation, attributes; shared: the moment."""

ADD_SUBSCRIPTIONS = _Insert(
    sqlite="""
INSERT INTO subscription (ref, subscriber_id, list, state, created_at, actor)
VALUES (?, (SELECT id FROM subscriber WHERE address_key = ?), ?, ?, ?, ?)
ON CONFLICT (subscriber_id, list) DO NOTHING
""",
    postgresql="""
WITH r (ref, key) AS (SELECT * FROM unnest(%s::bytea[], %s::text[]))
INSERT INTO subscription (ref, subscriber_id, list, state, created_at, actor)
SELECT r.ref, s.id, %s, %s, %s, %s FROM r JOIN subscriber s ON s.address_key = r.key
ON CONFLICT (subscriber_id, list) DO NOTHING
""",
)
"""Per row ref, key of the subscriber; shared: list, state, moment, actor."""

ADD_WITH_MOMENTS = _Insert(
    sqlite="""
INSERT INTO subscription (ref, subscriber_id, created_at, ended_at, erase_at, period, ended_reason, state, list, actor)
VALUES (?, (SELECT id FROM subscriber WHERE address_key = ?), ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (subscriber_id, list) DO NOTHING
""",
    postgresql="""
WITH r (ref, key, created_at, ended_at, erase_at, period, ended_reason, state) AS (
    SELECT * FROM unnest(%s::bytea[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[],
                         %s::text[], %s::text[]))
INSERT INTO subscription (ref, subscriber_id, created_at, ended_at, erase_at, period, ended_reason, state, list, actor)
SELECT r.ref, s.id, r.created_at, r.ended_at, r.erase_at, r.period, r.ended_reason, r.state, %s, %s
FROM r JOIN subscriber s ON s.address_key = r.key
ON CONFLICT (subscriber_id, list) DO NOTHING
""",
)
"""For who waits, has left or was on the list before. Per row ref, key of the subscriber, moments, period, reason and
state; shared: list, actor."""

ADD_SUPPRESSIONS = _Insert(
    sqlite="""
INSERT INTO suppression (ref, subscriber_id, reason, at, actor)
VALUES (?, (SELECT id FROM subscriber WHERE address_key = ?), ?, ?, ?) ON CONFLICT (subscriber_id) DO NOTHING
""",
    postgresql="""
WITH r (ref, key, reason, at) AS (SELECT * FROM unnest(%s::bytea[], %s::text[], %s::text[], %s::timestamptz[]))
INSERT INTO suppression (ref, subscriber_id, reason, at, actor)
SELECT r.ref, s.id, r.reason, r.at, %s FROM r JOIN subscriber s ON s.address_key = r.key
ON CONFLICT (subscriber_id) DO NOTHING
""",
)
"""Per row ref, key of the subscriber, reason, moment; shared: actor."""

# By reference: who joined this very moment by another way has another one, and evidence of their own.
ADD_CONSENTS = _Insert(
    sqlite="""
INSERT INTO consent (subscription_id, at, event, basis, source, wording, wording_version, actor)
SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM subscription WHERE ref = ?1
""",
    postgresql="""
WITH r (ref, at) AS (SELECT * FROM unnest(%s::bytea[], %s::timestamptz[]))
INSERT INTO consent (event, basis, source, wording, wording_version, actor, subscription_id, at)
SELECT %s, %s, %s, %s, %s, %s, n.id, r.at FROM r JOIN subscription n ON n.ref = r.ref
""",
)
"""Per row the subscription's ref and the moment; shared: event, basis, source, wording, its version, actor."""

COMPLETE = text("""
UPDATE subscriber SET name = :name, organisation = :organisation, attributes = :attributes WHERE id = :id
""").bindparams(bindparam("attributes", type_=JSON))


def known(connection: Connection, keys: list[str], slug: str) -> Sequence[Row[Any]]:
    """Who of a chunk is in the database: what is stored, and how they stand with the list `slug`."""
    name = connection.dialect.name
    if name == "sqlite":
        for pragma in PRAGMAS:
            connection.exec_driver_sql(f"PRAGMA {pragma}")
    query = text(_KNOWN.format(keys=_KEYS[name])).columns(attributes=JSON)
    return connection.execute(query, {"list": slug, "keys": json.dumps(keys) if name == "sqlite" else keys}).all()


def writer_of(connection: Connection) -> Callable[[datetime | None], Any]:
    """How the column type writes an instant for this driver."""
    return Moment().dialect_impl(connection.dialect).bind_processor(connection.dialect) or (lambda moment: moment)
