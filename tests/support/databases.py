"""Fresh databases for tests: an SQLite file, or a database of a PostgreSQL server that the tests start themselves.

One server per test process, on a unix socket in a temporary folder, never root. Tests of the store share one migrated
database, emptied for each; a test of migrations gets a database of its own.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, text

from newsletter.store.engine import connect
from newsletter.store.migrate import metadata, needed, upgrade
from subscribers.transactions import writing

SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "100",
    "autovacuum": "off",
    "shared_buffers": "64MB",
}


def postgresql_bin() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    assert initdb, "PostgreSQL is not installed"
    return Path(initdb).parent


def server_account() -> str | None:
    """Whom the server runs as: PostgreSQL refuses root, so another account then; None means who we are."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@dataclass
class PostgresServer:
    """A running server below `folder`."""

    folder: Path
    account: str | None
    numbers: Iterator[int] = field(default_factory=count)

    def run(self, program: str, *arguments: str) -> None:
        command = [str(postgresql_bin() / program), *arguments]
        if self.account:
            command = ["runuser", "-u", self.account, "--", *command]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://tests@/{database}?host={self.folder}"

    def start(self) -> None:
        data, log = str(self.folder / "data"), str(self.folder / "log")
        self.run("initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        self.run("pg_ctl", "-D", data, "-l", log, "-w", "-o", f"{options} -k {self.folder}", "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")

    def sql(self, statement: str) -> None:
        engine = connect(self.url("postgres"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))
        engine.dispose()

    def make_shared(self) -> None:
        self.sql("CREATE DATABASE shared")
        with opened(self.url("shared")) as engine:
            upgrade(engine)

    @contextmanager
    def shared_store(self) -> Iterator[Engine]:
        """The migrated database, without a row and with its ids begun anew; left to the next test as it is."""
        with opened(self.url("shared")) as engine:
            with writing(engine) as connection:
                names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
                connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
                connection.execute(text("UPDATE alembic_version SET version_num = :needed"), {"needed": needed()})
            yield engine

    @contextmanager
    def new_database(self) -> Iterator[Engine]:
        """A database without a schema."""
        name = f"test_{next(self.numbers)}"
        self.sql(f"CREATE DATABASE {name}")
        try:
            with opened(self.url(name)) as engine:
                yield engine
        finally:
            self.sql(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server, and stop it and remove its files at the end."""
    folder = Path(tempfile.mkdtemp(prefix="newsletter-pg-"))  # short: a socket's path has 107 octets
    account = server_account()
    if account:
        shutil.chown(folder, account)
    server = PostgresServer(folder, account)
    try:
        server.start()
        try:
            server.make_shared()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """An engine that is closed at the end."""
    engine = connect(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Engine]:
    """A migrated, empty SQLite store in `folder`."""
    with opened(f"sqlite:///{folder / 'newsletter.sqlite3'}") as engine:
        upgrade(engine)
        yield engine
