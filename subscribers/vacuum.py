"""Making deleted rows unreadable: after it no byte of them is in the database's files (I5).

SQLite: `secure_delete` alone leaves copies in the file (page splits) and in the write-ahead log. Truncate the log,
rewrite the file, truncate the log again; an open reader or writer prevents that and is reported, not waited for long.
PostgreSQL: rewrite the tables. An old snapshot elsewhere keeps dead rows alive through the rewrite, so what the
database reports about rows it could not remove is read and must be zero. Its WAL archive and replicas are backups.
"""

import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

RETRY_SECONDS = 0.25


def leave_no_byte(engine: Engine, tables: Sequence[str], *, patience: float) -> str | None:
    """Scrub the whole SQLite file, or rewrite `tables` on PostgreSQL; None once done, else the reason why not yet.

    `patience` is how many seconds to wait for readers and writers. Never raises for a busy or full database: what is
    not done stays due.
    """
    if engine.dialect.name == "postgresql":
        return _postgresql(engine, tables, patience)
    try:
        with closing(_private(engine)) as connection:
            return _sqlite(connection, patience)
    except sqlite3.OperationalError as error:
        return f"the database could not be rewritten: {error}"


def _private(engine: Engine) -> sqlite3.Connection:
    """A connection of our own, closed afterwards: its settings reach nobody else."""
    pooled = engine.raw_connection()
    driver = pooled.driver_connection
    pooled.detach()
    if not isinstance(driver, sqlite3.Connection):  # pragma: no cover - the dialect says otherwise
        msg = "not a connection of SQLite"
        raise TypeError(msg)
    return driver


def _sqlite(connection: sqlite3.Connection, patience: float) -> str | None:
    connection.execute(f"PRAGMA busy_timeout={int(patience * 1000)}")
    # The rewrite's temporary copy is a file unlinked at once, not memory: a million people would take hundreds of MB.
    connection.execute("PRAGMA temp_store=FILE")
    if not _truncated(connection):
        return "another process is reading or writing the database"
    connection.execute("VACUUM")
    if not _truncated(connection):
        return "another process began to read the database"
    return None


def _truncated(connection: sqlite3.Connection) -> bool:
    """Empty the write-ahead log; False if a reader or a writer prevents it."""
    busy, _frames, _moved = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return bool(busy == 0)


def _postgresql(engine: Engine, tables: Sequence[str], patience: float) -> str | None:
    until = time.monotonic() + patience
    for table in tables:
        while reason := _rewrite(engine, table, patience):
            if time.monotonic() + RETRY_SECONDS > until:
                return reason
            time.sleep(RETRY_SECONDS)
    return None


def _rewrite(engine: Engine, table: str, patience: float) -> str | None:
    """VACUUM FULL of one table; None if no dead row is left in it."""
    try:
        with _autocommit(engine, patience) as (connection, dead):
            connection.execute(text(f'VACUUM (FULL, VERBOSE) "{table}"'))
    except DBAPIError as error:
        cause = str(error.orig).splitlines()[0] if error.orig else type(error).__name__
        return f"{table} could not be rewritten: {cause}"
    if not dead:
        return f"{table}: this PostgreSQL does not say what its rewrite left behind"
    return f"{table}: an open transaction still sees deleted rows" if any(dead) else None


@contextmanager
def _autocommit(engine: Engine, patience: float) -> Iterator[tuple[Any, list[int]]]:
    """A connection outside transactions, and the numbers of dead rows that its rewrites could not remove."""
    dead: list[int] = []

    def listen(notice: Any) -> None:  # noqa: ANN401 - psycopg's Diagnostic
        # cluster.c, copy_table_data: "N dead row versions cannot be removed yet." in the server's language
        number = re.match(r"\D*(\d+)", notice.message_detail or "")
        if notice.source_function == "copy_table_data" and number:
            dead.append(int(number[1]))

    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver: Any = connection.connection.driver_connection
        driver.add_notice_handler(listen)
        try:
            connection.execute(text(f"SET lock_timeout = {max(1, int(patience * 1000))}"))
            yield connection, dead
        finally:
            driver.remove_notice_handler(listen)
            with suppress(DBAPIError):
                connection.execute(text("RESET lock_timeout"))
