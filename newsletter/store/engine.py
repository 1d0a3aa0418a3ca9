"""Opening the database: SQLite with what exactness and erasure ask of it, PostgreSQL as it is.

SQLite runs in WAL mode with foreign keys, `secure_delete` and `synchronous=FULL`: a commit is durable (fsynced).
Transactions begin explicitly, writers with BEGIN IMMEDIATE, so that waiting happens at the start and never half-way.
"""

import os
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from subscribers.errors import ConfigurationError, ServiceError
from subscribers.transactions import WRITING

BUSY_SECONDS = 30


def connect(url: str) -> Engine:
    """An engine for `url` (SQLite or PostgreSQL); the SQLite file's folder is made, readable by its owner only.

    Raises ConfigurationError for any other URL; nothing is opened yet.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            "[database] url is not an SQLAlchemy URL", remedy="e.g. sqlite:///data/n.sqlite3"
        ) from None
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(url, Path(parsed.database) if parsed.database else None)
        case "postgresql":
            return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        case other:
            raise ConfigurationError(f"[database] url: {other} is not supported", remedy="use sqlite or postgresql")


def _sqlite(url: str, file: Path | None) -> Engine:
    if file:
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise ServiceError(f"the database cannot be opened: {error.strerror}", where=str(file)) from None
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: SqliteConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions are begun by _begin, not guessed by the driver
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


def explain(error: DBAPIError) -> ServiceError:
    """What a person is told when the database fails: the cause in one line, no statement, no values (I7)."""
    cause = str(error.orig).splitlines()[0] if error.orig else type(error).__name__
    remedies = {
        "full": "make room on the disk, then run the command again; what was committed is kept",
        "locked": "another process holds the database; try again when it is done",
        "readonly": "the file or its folder may not be written by this user",
        "could not connect": "start the database, or mend [database] url",
        "connection failed": "start the database, or mend [database] url",
    }
    remedy = next((text for word, text in remedies.items() if word in cause), "see docs/operators.md, Database")
    return ServiceError(f"the database failed: {cause}", remedy=remedy)
