"""Putting a dump of PostgreSQL in the place of the tables, in one transaction, by psql (edge)."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress

from sqlalchemy import Engine, text

from newsletter.store.dumping import environment_of, failed
from newsletter.store.migrate import RESTORING, VERSION_TABLE, metadata
from subscribers.errors import ServiceError
from subscribers.transactions import reading

LOCK_SECONDS = 10


def load(engine: Engine, pieces: Iterable[bytes]) -> None:
    """Replace the tables by those of the dump, and shut the store until the ledger is replayed.

    One transaction: killed at any moment, or if `pieces` raises, the old tables stay. Raises ServiceError.
    """
    program = shutil.which("psql")
    if program is None:
        raise ServiceError(
            "psql is not installed, so this program cannot restore a backup of PostgreSQL",
            remedy="install the PostgreSQL client programs of your server's version",
        )
    with reading(engine) as connection:
        schema = str(connection.scalar(text("SELECT current_schema()")))
    engine.dispose()
    command = [program, "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-"]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - no shell, and no text of others
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, env=environment_of(engine)
        )
        if not _fed(process, _statements(schema, pieces)):
            raise failed("psql", errors)


def _fed(process: subprocess.Popen[bytes], data: Iterable[bytes]) -> bool:
    """Give psql all of it; only then it commits. Whether it did."""
    assert process.stdin  # noqa: S101 - asked for by the caller
    try:
        with suppress(BrokenPipeError), process.stdin as pipe:  # it may end at an error of its own
            for piece in data:
                pipe.write(piece)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process.wait() == 0


def _statements(schema: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield f"SET lock_timeout = '{LOCK_SECONDS}s';\n".encode()
    names = [*sorted(metadata.tables), VERSION_TABLE]
    yield "".join(f'DROP TABLE IF EXISTS "{schema}"."{name}" CASCADE;\n' for name in names).encode()
    yield from pieces
    version = f'"{schema}"."{VERSION_TABLE}"'
    yield f"\nUPDATE {version} SET version_num = '{RESTORING}' || version_num;\n".encode()
