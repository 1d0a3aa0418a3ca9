"""Which database is the real one: nothing is sent from a restored, copied or older one before an operator says so.

A server that comes up from a snapshot, and sends again what it had sent, is what this prevents (decision 0014). Three
things must agree before a job, a retry or a notice goes out:

    the random id        in the database and in data_dir/installation
    the place            the database file (SQLite) or data_dir, told from a copy of it (newsletter/store/place.py)
    the turn             a random word that both change whenever somebody looks: an older database has an older one

and nobody restored the database without accepting it since.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, delete, insert, inspect, select, update

from newsletter.store.durable import sync_folder
from newsletter.store.numbering import move_on
from newsletter.store.place import is_same_place, place_of
from newsletter.store.tables import installation
from subscribers.clock import require_aware, utc_now
from subscribers.errors import ConfigurationError, ServiceError
from subscribers.transactions import reading, writing

FILE_NAME = "installation"
ID_OCTETS = 16


class Doubt(StrEnum):
    """Why this may not be the database that has the truth."""

    RESTORED = "restored"
    """It came out of a backup, and nobody accepted it yet."""
    OLDER = "older"
    """An older state of it was put back: others have worked with this folder since."""
    ELSEWHERE = "elsewhere"
    """It is a copy, or was moved to another disk or folder."""


_SAID = {
    Doubt.RESTORED: (
        "the database was restored from a backup, and nobody has accepted it yet: nothing is sent before that",
        "look at `newsletter jobs`: what a backup cannot know is unknown there; then `newsletter database accept`",
    ),
    Doubt.OLDER: (
        "the database is older than this folder: an earlier state of it was put back, and nothing is sent from it",
        "`newsletter database replay` brings it up to date with the ledger; then `newsletter database accept`",
    ),
    Doubt.ELSEWHERE: (
        "the database is a copy, or was moved to another disk or folder: nothing is sent from it",
        (
            "if it was moved, and nothing runs with the old one: `newsletter database accept --moved`; "
            "if it is a copy or an older state: `newsletter database replay`, then `newsletter database accept`"
        ),
    ),
}


@dataclass(frozen=True, kw_only=True)
class _File:
    """What data_dir/installation says; two turns only while one takes the place of the other."""

    ref: bytes
    turns: tuple[bytes, ...]

    def text(self) -> str:
        return json.dumps({"v": 1, "id": self.ref.hex(), "turns": [turn.hex() for turn in self.turns]}) + "\n"

    @classmethod
    def read(cls, text: str) -> Self:
        values: Any = json.loads(text)
        return cls(ref=bytes.fromhex(values["id"]), turns=tuple(bytes.fromhex(turn) for turn in values["turns"]))


def check(engine: Engine, data_dir: Path) -> None:
    """Raise ConfigurationError unless this is the database that may send; a new one is bound to `data_dir`.

    Call it before anything goes out, and after: each call lets the turn go on, so that a state from before it shows.
    """
    with _alone(data_dir):
        with reading(engine) as connection:
            row = connection.execute(select(installation)).one_or_none()
        if row is None:
            _bind(engine, data_dir, is_first=_read(data_dir) is None)
            return
        doubt = _doubt(engine, data_dir, row)
        if doubt:
            what, remedy = _SAID[doubt]
            raise ConfigurationError(what, where=str(data_dir), remedy=remedy)
        _turn(engine, data_dir, row)


def doubt_of(engine: Engine, data_dir: Path) -> Doubt | None:
    """Why nothing is sent from this database; None if it may send, or was never used. Changes nothing."""
    with reading(engine) as connection:
        row = connection.execute(select(installation)).one_or_none()
    return _doubt(engine, data_dir, row) if row else None


def accept(engine: Engine, data_dir: Path, *, is_moved: bool = False) -> Doubt | None:
    """The operator's word: this is the one. What the doubt was, None if there was none.

    `is_moved` says that a database found elsewhere is the old one, moved, with nothing missing. Raises
    ConfigurationError if it must be brought up to date with the ledger first.
    """
    with _alone(data_dir):
        doubt = doubt_of(engine, data_dir)
        if doubt and needs_replay(doubt, is_moved=is_moved):
            what, remedy = _SAID[doubt]
            raise ConfigurationError(what, where=str(data_dir), remedy=remedy)
        _bind(engine, data_dir, is_first=False)
    return doubt


def needs_replay(doubt: Doubt, *, is_moved: bool) -> bool:
    """Whether the operator's word is not enough: what happened since must be replayed first."""
    return doubt is Doubt.OLDER or (doubt is Doubt.ELSEWHERE and not is_moved)


def mark_restored(connection: Connection, *, now: datetime, backup_at: datetime | None) -> None:
    """Write down that this database came out of a backup: the accept of before counts no more."""
    connection.execute(delete(installation))
    row = {"ref": secrets.token_bytes(ID_OCTETS), "turn": secrets.token_bytes(ID_OCTETS), "place": ""}
    marks = {"seen_at": require_aware(now), "restored_at": now, "restored_from": backup_at}
    connection.execute(insert(installation).values(id=1, **row, **marks))


def last_seen(engine: Engine) -> datetime | None:
    """A moment at which this database surely was in use; None if it never sent anything."""
    if not inspect(engine).has_table(installation.name):
        return None
    with reading(engine) as connection:
        found: datetime | None = connection.scalar(select(installation.c.seen_at))
    return found


def _doubt(engine: Engine, data_dir: Path, row: Any) -> Doubt | None:  # noqa: ANN401 - a row
    if row.restored_at is not None:
        return Doubt.RESTORED
    file = _read(data_dir)
    if file is None or bytes(row.ref) != file.ref or not is_same_place(row.place, _witness(engine, data_dir)):
        return Doubt.ELSEWHERE
    return None if bytes(row.turn) in file.turns else Doubt.OLDER


def _witness(engine: Engine, data_dir: Path) -> str:
    """The place of the database file; of data_dir for a database on a server."""
    name = engine.url.database if engine.dialect.name == "sqlite" else None
    return place_of(Path(name) if name else data_dir)


def _bind(engine: Engine, data_dir: Path, *, is_first: bool) -> None:
    """Make database and folder belong together, from now on, by a new id.

    Unless it `is_first` in this folder, another may have given numbers that this one does not know of.
    """
    file = _File(ref=secrets.token_bytes(ID_OCTETS), turns=(secrets.token_bytes(ID_OCTETS),))
    values = {"id": 1, "ref": file.ref, "turn": file.turns[0], "seen_at": utc_now()}
    before = _read(data_dir)
    _write(data_dir, file)
    try:
        with writing(engine) as connection:
            connection.execute(delete(installation))
            connection.execute(insert(installation).values(**values, place=_witness(engine, data_dir)))
            if not is_first:
                move_on(connection, utc_now())
    except BaseException:
        if before:
            _write(data_dir, before)
        raise


def _turn(engine: Engine, data_dir: Path, row: Any) -> None:  # noqa: ANN401 - a row
    """Both change the word: the file knows old and new one while the database changes, so a crash leaves no doubt."""
    file = _File(ref=bytes(row.ref), turns=(bytes(row.turn), secrets.token_bytes(ID_OCTETS)))
    _write(data_dir, file)
    with writing(engine) as connection:
        connection.execute(update(installation).values(turn=file.turns[-1], seen_at=utc_now()))
    _write(data_dir, replace(file, turns=file.turns[-1:]))


def _read(data_dir: Path) -> _File | None:
    """What the file says; None if there is none, or it is damaged."""
    try:
        return _File.read((data_dir / FILE_NAME).read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None
    except OSError as error:
        raise _failed(data_dir, error) from None


def _write(data_dir: Path, file: _File) -> None:
    """The file, whole and on the disk before it takes its name."""
    path = data_dir / FILE_NAME
    new = path.with_name(f".{FILE_NAME}.new")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as target:
            target.write(file.text())
            target.flush()
            os.fsync(target.fileno())
        new.replace(path)
        sync_folder(data_dir)
    except OSError as error:
        raise _failed(data_dir, error) from None


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """One process at a time compares and turns."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(data_dir / f".{FILE_NAME}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _failed(data_dir, error) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _failed(data_dir: Path, error: OSError) -> ServiceError:
    return ServiceError(f"the data folder cannot be used: {error.strerror}", where=str(data_dir / FILE_NAME))
