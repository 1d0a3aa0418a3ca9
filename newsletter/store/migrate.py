"""The schema's version: bringing a database up to date, and refusing to work on one that is not.

A revision is a file `migrations/versions/NNNN_name.py`; the highest number is what this program needs. A fresh SQLite
file is made ready on first use; any other change of a schema is the operator's, by `newsletter database upgrade`.
"""

import os
import re
from pathlib import Path
from weakref import finalize

from sqlalchemy import Connection, Engine, inspect, text

from newsletter.config import Configuration
from newsletter.store import tables
from newsletter.store.engine import connect
from newsletter.store.in_use import work_on
from subscribers.errors import ConfigurationError
from subscribers.transactions import reading, writing

FOLDER = Path(__file__).resolve().parent / "migrations"
VERSION_TABLE = "alembic_version"
RESTORING = "restoring-"
"""Before the version of a store that a backup was put into, until the ledger is replayed: nobody opens it before."""
LOCK = 0x6E6577736C657474
"""Number of PostgreSQL's advisory lock ("newslett"): one upgrade at a time."""

# The tables of mailings belong to the schema as soon as the schema is spoken of.
metadata = tables.send_job.metadata


def open_store(configuration: Configuration) -> Engine:
    """The engine of the configured database, its schema checked; a fresh SQLite file is made ready first.

    Raises ConfigurationError for a schema that is older or newer than this program.
    """
    in_use = work_on(configuration.data_dir)
    engine = connect(configuration.database_url)
    finalize(engine, os.close, in_use)
    if engine.dialect.name == "sqlite" and current(engine) is None:
        upgrade(engine)
    require_current(engine)
    return engine


def known() -> tuple[str, ...]:
    """The revisions that this program knows, oldest first; read from file names, so that starting stays quick."""
    names = sorted(path.name for path in (FOLDER / "versions").glob("[0-9]*_*.py"))
    return tuple(re.split("_", name, maxsplit=1)[0] for name in names)


def needed() -> str:
    """The revision that this program works on."""
    return known()[-1]


def current(engine: Engine) -> str | None:
    """The revision of the database; None for one without a schema."""
    with reading(engine) as connection:
        return _current(connection)


def require_current(engine: Engine) -> None:
    """Raise ConfigurationError unless the database has exactly the schema that this program works on."""
    found = current(engine)
    if found == needed():
        return
    where = engine.url.render_as_string(hide_password=True)
    if found and found.startswith(RESTORING):
        raise ConfigurationError(
            "a backup was put into the database, and what happened since is not replayed yet",
            where=where,
            remedy="run `newsletter database replay`: it goes on where that was cut short",
        )
    if found is None or found in known():
        raise ConfigurationError(
            "the database has no schema yet" if found is None else f"the database has the older schema {found}",
            where=where,
            remedy="run `newsletter database upgrade` (make a backup first)",
        )
    raise ConfigurationError(
        f"the database has schema {found}, made by a newer version of this program",
        where=where,
        remedy=f"install that version again; this one knows schemas up to {needed()} and changed nothing",
    )


def upgrade(engine: Engine) -> tuple[str | None, str]:
    """Bring the schema up to date in one transaction; return the revision before and after. Safe to repeat.

    Raises ConfigurationError for a database that is newer than this program.
    """
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        before = _current(connection)
        if before in {None, *known()[:-1]}:
            _run(connection)
    require_current(engine)
    return before, needed()


def shut(engine: Engine) -> None:
    """Bring a store that came out of a backup to this schema, and let nobody open it until `reopen`; in one step.

    Raises ConfigurationError for a database without a schema, or with a newer one. Safe to repeat.
    """
    with writing(engine) as connection:
        found = (_current(connection) or "").removeprefix(RESTORING)
        if found not in known():
            where = engine.url.render_as_string(hide_password=True)
            raise ConfigurationError(
                f"the backup has schema {found or 'none'}, which this program does not know",
                where=where,
                remedy="use the version of this program that made it, or a newer one",
            )
        _set_version(connection, found)
        if found != needed():
            _run(connection)
        _set_version(connection, RESTORING + needed())


def is_shut(engine: Engine) -> bool:
    """Whether a backup was put into the store, and the ledger is not replayed yet."""
    return (current(engine) or "").startswith(RESTORING)


def reopen(engine: Engine) -> None:
    """The ledger is replayed: everybody may open the store."""
    with writing(engine) as connection:
        _set_version(connection, needed())


def _set_version(connection: Connection, version: str) -> None:
    connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = :version"), {"version": version})


def _run(connection: Connection) -> None:
    _migrate(connection, "head")


def _migrate(connection: Connection, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _current(connection: Connection) -> str | None:
    """The revision that the database names; raise ConfigurationError for tables of ours without one."""
    tables_there = inspect(connection).get_table_names()
    found: str | None = None
    if VERSION_TABLE in tables_there:
        found = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))
    if found is None and (ours := sorted(metadata.tables.keys() & set(tables_there))):
        raise ConfigurationError(
            f"the database holds tables ({', '.join(ours[:3])}...), but not the version of their schema",
            where=connection.engine.url.render_as_string(hide_password=True),
            remedy="it is damaged, or another program's: put the last backup in its place, or name another database",
        )
    return found
