"""Opening the database: SQLite with what exactness and erasure ask of it, PostgreSQL as it is.

SQLite runs in WAL mode with foreign keys, `secure_delete` and `synchronous=FULL`: a commit is durable (fsynced).
Transactions begin explicitly, writers with BEGIN IMMEDIATE, so that waiting happens at the start and never half-way.
"""

import os
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from subscribers.errors import ConfigurationError, ServiceError
from subscribers.segment_sql import add_functions
from subscribers.transactions import WRITING

BUSY_SECONDS = 30
_WITHOUT_VALUES = frozenset({"08", "0A", "25", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58", "XX"})
"""Classes of SQLSTATE whose message is about connection, rights, schema, locks or the machine, never about a row."""


def connect(url: str) -> Engine:
    """An engine for `url` (SQLite or PostgreSQL); the SQLite file's folder is made, readable by its owner only.

    Raises ConfigurationError for any other URL; nothing is opened yet.
    """
    parsed = _parsed(url)
    match parsed.drivername:
        case "sqlite" | "sqlite+pysqlite":
            return _sqlite(_file_of(parsed))
        case "postgresql" | "postgresql+psycopg":
            return _postgresql(parsed.set(drivername="postgresql+psycopg"))
        case other:
            raise _refused(f"{other} is not supported")


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # a ValueError for a port that is no number
        raise _refused("it is not an SQLAlchemy URL") from None


def _refused(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"[database] url: {why}",
        remedy="write sqlite:///data/newsletter.sqlite3 or postgresql://user@host/name, or leave it out",
    )


def _file_of(url: URL) -> Path:
    """The file of an SQLite URL: a store in memory would forget who left."""
    name = url.database or ""
    if not name or ":memory:" in name or name.startswith("file:") or "\0" in name or url.host:
        raise _refused("it names no file")
    if url.query or url.username or url.password:
        raise _refused("it holds more than the name of a file")
    return Path(name)


def _postgresql(url: URL) -> Engine:
    try:
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    except ImportError:
        raise ConfigurationError(
            "[database] url: the driver of PostgreSQL is not installed", remedy="install newsletter[postgresql]"
        ) from None
    except (ArgumentError, ValueError, TypeError):
        raise _refused("it holds a setting that SQLAlchemy does not know") from None


def _sqlite(file: Path) -> Engine:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ServiceError(f"the database cannot be opened: {error.strerror}", where=str(file)) from None
    url = URL.create("sqlite", database=str(file))
    arguments = {"timeout": BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, connect_args=arguments, hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions are begun by _begin, not guessed by the driver
    add_functions(connection)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    mode = "IMMEDIATE" if connection.get_execution_options().get(WRITING) else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")


def explain(error: SQLAlchemyError) -> ServiceError:
    """What a person is told when the database fails: the cause in one line, no statement, no values (I7)."""
    cause = _cause(error) if isinstance(error, DBAPIError) else _cause_on_our_side(error)
    remedies = {
        "connections are in use": "run it again when fewer jobs are sent at once, or less else is going on",
        "full": "make room on the disk, then run the command again; what was committed is kept",
        "locked": "another process holds the database; try again when it is done",
        "readonly": "the file or its folder may not be written by this user",
        "could not connect": "start the database, or mend [database] url",
        "connection failed": "start the database, or mend [database] url",
        "malformed": "the file is damaged: put the last backup in its place",
        "not a database": "the file is damaged, or no database: put the last backup in its place",
        "no such table": "the schema is damaged: put the last backup of the database in its place",
    }
    remedy = next((text for word, text in remedies.items() if word in cause), "the log of the database may say more")
    return ServiceError(f"the database failed: {cause}", remedy=remedy)


def _cause_on_our_side(error: SQLAlchemyError) -> str:
    """What SQLAlchemy itself gave up: its kind alone, since its words may quote values."""
    return "all its connections are in use" if isinstance(error, NoConnectionError) else type(error).__name__


def _cause(error: DBAPIError) -> str:
    """The first line of what the database said, without its details; its kind alone where that line may quote a row.

    PostgreSQL says which: by the class of its code. SQLite quotes no value.
    """
    orig: Any = error.orig
    said = (str(orig).splitlines() if orig else []) or [type(orig or error).__name__]
    if not hasattr(orig, "sqlstate"):
        return said[0]
    is_without_values = orig.sqlstate[:2] in _WITHOUT_VALUES if orig.sqlstate else isinstance(error, OperationalError)
    return said[0] if is_without_values else _kind(orig)


def _kind(orig: Any) -> str:  # noqa: ANN401 - psycopg's error, which need not be installed
    """Kind, code and place of an error: `UniqueViolation (23505) at uq_subscriber_address_key`."""
    code = f" ({orig.sqlstate})" if orig.sqlstate else ""
    column = ".".join(name for name in (orig.diag.table_name, orig.diag.column_name) if name)
    place = orig.diag.constraint_name or column
    return f"{type(orig).__name__}{code}" + (f" at {place}" if place else "")
