"""The bytes of a database while others go on writing: SQLite by its online backup, PostgreSQL by pg_dump (edge)."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias

from sqlalchemy import Engine, text

from newsletter.store.migrate import VERSION_TABLE, metadata
from subscribers.errors import ServiceError
from subscribers.transactions import reading

PAGES = 2000
"""Of SQLite, copied in one step."""
BLOCK = 1 << 20

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many of how many pages are copied, or how many octets of an unknown number (0)."""


def dump(engine: Engine, folder: Path, on_progress: Progress) -> Iterator[bytes]:
    """The database as one consistent state. `folder` has room for a copy of an SQLite file.

    Raises ServiceError if pg_dump is missing or fails.
    """
    return (
        _postgresql(engine, on_progress)
        if engine.dialect.name == "postgresql"
        else _sqlite(engine, folder, on_progress)
    )


def _sqlite(engine: Engine, folder: Path, on_progress: Progress) -> Iterator[bytes]:
    """Copy the pages quickly, then read the copy slowly: whoever scrubs the store waits for the copying only."""
    with _nameless(folder) as (name, file):
        with closing(sqlite3.connect(name)) as target:
            target.execute("PRAGMA journal_mode=OFF")
            target.execute("PRAGMA synchronous=OFF")
            name.unlink()  # killed at any moment, no copy of anybody lies about
            _copy(engine, target, on_progress)
        file.seek(0)
        while block := file.read(BLOCK):
            yield block


@contextmanager
def _nameless(folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new, empty file, open twice: its name is for SQLite, and gone before anything stands in it."""
    descriptor, name = tempfile.mkstemp(prefix=".copy-", suffix=".part", dir=folder)
    try:
        with os.fdopen(descriptor, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # nobody takes it for left behind
            yield Path(name), file
    finally:
        Path(name).unlink(missing_ok=True)


def _copy(engine: Engine, target: sqlite3.Connection, on_progress: Progress) -> None:
    """In steps, from one snapshot: writers go on and their changes do not make it begin anew."""
    pooled = engine.raw_connection()
    source = pooled.driver_connection
    pooled.detach()
    assert isinstance(source, sqlite3.Connection)  # noqa: S101 - the dialect says so
    with closing(source):
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(
            target, pages=PAGES, progress=lambda _status, left, total: on_progress(total - left, total), sleep=0
        )


def _postgresql(engine: Engine, on_progress: Progress) -> Iterator[bytes]:
    program = shutil.which("pg_dump")
    if program is None:
        raise ServiceError(
            "pg_dump is not installed, so this program cannot make a backup of PostgreSQL",
            remedy="install the PostgreSQL client programs of your server's version; or use your own backups of the "
            "server, let them expire in time, and after restoring one run `newsletter database replay`",
        )
    with reading(engine) as connection:
        schema = str(connection.scalar(text("SELECT current_schema()")))
    names = [*sorted(metadata.tables), VERSION_TABLE]
    tables = [f'--table="{schema}"."{name}"' for name in names]
    command = [program, "--format=plain", "--no-owner", "--no-privileges", "--encoding=UTF8", *tables]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - no shell, and no text of others
            command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL, env=environment_of(engine)
        )
        yield from _piped(process, on_progress)
        if process.wait():
            raise failed("pg_dump", errors)


def _piped(process: subprocess.Popen[bytes], on_progress: Progress) -> Iterator[bytes]:
    """What the process prints; it is ended when nobody reads on."""
    octets, is_read = 0, False
    try:
        assert process.stdout  # noqa: S101 - asked for above
        with process.stdout:
            while block := process.stdout.read(BLOCK):
                octets += len(block)
                on_progress(octets, 0)
                yield block
        is_read = True
    finally:
        if not is_read:
            process.kill()
            process.wait()


def environment_of(engine: Engine) -> Mapping[str, str]:
    """How PostgreSQL's programs reach the database: no password on a command line, where others see it."""
    url = engine.url
    given = {
        "PGHOST": url.host or _first(url.query.get("host")),
        "PGPORT": str(url.port) if url.port else _first(url.query.get("port")),
        "PGUSER": url.username,
        "PGPASSWORD": str(url.password) if url.password else None,
        "PGDATABASE": url.database,
        "PGSSLMODE": _first(url.query.get("sslmode")),
        "PGSSLROOTCERT": _first(url.query.get("sslrootcert")),
        "PGOPTIONS": _first(url.query.get("options")),
    }
    return {**os.environ, **{name: value for name, value in given.items() if value}}


def _first(value: str | tuple[str, ...] | None) -> str | None:
    return value[0] if isinstance(value, tuple) else value


def failed(program: str, errors: BinaryIO) -> ServiceError:
    """What a program of PostgreSQL said last; its own words, which name tables and servers, no rows."""
    errors.seek(0)
    lines = [line for line in errors.read(BLOCK).decode(errors="replace").splitlines() if line.strip()]
    said = next((line for line in lines if "rror" in line or "atal" in line.casefold()), lines[-1] if lines else "")
    return ServiceError(
        f"{program} failed: {said[:300]}", remedy="mend what it names; its version must not be older than the server's"
    )
