"""Alone with the store: the lease `scrub`, held and renewed while the store is rewritten; workers yield to it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from subscribers.leases import JOBS, SCRUB, acquire, is_any_held, new_holder, release, renew
from subscribers.transactions import reading, writing

LEASE_SECONDS = 600.0
"""Without being renewed; longer for a large SQLite file, which nobody can write to while it is rewritten."""
REWRITTEN_PER_SECOND = 2_000_000
"""Octets of an SQLite file, on a slow disk."""
YIELD_SECONDS = 1.5
"""Until every worker has seen the lease (each looks once a second) and what it had in its hands was looked at again."""


@contextmanager
def alone(engine: Engine, now: datetime, patience: float) -> Iterator[bool]:
    """Hold the lease `scrub`, waiting up to `patience` seconds for it, and renew it while it is held."""
    holder, until = new_holder(), time.monotonic() + patience
    while not (is_ours := _take(engine, holder, now)) and time.monotonic() < until:
        time.sleep(0.1)
    if not is_ours:
        yield False
        return
    try:
        with _renewed(engine, holder, now):
            yield True
    finally:
        with writing(engine) as connection:
            release(connection, SCRUB, holder=holder)


def _take(engine: Engine, holder: str, now: datetime) -> bool:
    with writing(engine) as connection:
        return acquire(connection, SCRUB, holder=holder, now=now, seconds=_lease_seconds(engine))


def _lease_seconds(engine: Engine) -> float:
    """While SQLite rewrites its file nothing can be renewed: the lease must outlast that."""
    size = 0
    if engine.dialect.name == "sqlite" and engine.url.database:
        with suppress(OSError):
            size = Path(engine.url.database).stat().st_size
    return LEASE_SECONDS + size / REWRITTEN_PER_SECOND


@contextmanager
def _renewed(engine: Engine, holder: str, now: datetime) -> Iterator[None]:
    """Prolong the lease from a thread of its own, as often as the database lets it."""
    began, done = time.monotonic(), threading.Event()

    def keep() -> None:
        while not done.wait(LEASE_SECONDS / 4):
            at = now + timedelta(seconds=time.monotonic() - began)
            with suppress(DBAPIError), writing(engine) as connection:  # locked while SQLite rewrites: next time
                renew(connection, SCRUB, holder=holder, now=at, seconds=_lease_seconds(engine))

    thread = threading.Thread(target=keep, name="scrub-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def let_workers_yield(engine: Engine, now: datetime) -> None:
    """The receipt says that nobody mails them any more: wait for those who send, if anybody does."""
    with reading(engine) as connection:
        is_sending = is_any_held(connection, JOBS, now=now)
    if is_sending:
        time.sleep(YIELD_SECONDS)
