"""Leases: a name held by one process at a time, lost by one that died (by expiry, or at once if we can see it).

`scrub` is held while a store is scrubbed: workers yield to it. `job:<id>` is held by who runs a job. A lease is advice
between well-behaved processes; what must never happen twice is guarded by the rows themselves.
"""

import os
import secrets
import socket
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from subscribers.tables import lease

SCRUB = "scrub"
JOBS = "job:"
"""What the names of the leases of running jobs begin with."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def new_holder() -> str:
    """A name for this process, or this part of it: where it runs, its process id, and a random word."""
    return f"{_place()}|{os.getpid()}|{secrets.token_hex(4)}"


def acquire(connection: Connection, name: str, *, holder: str, now: datetime, seconds: float) -> bool:
    """Take or renew the lease `name` until `seconds` from `now`; False if another living process holds it."""
    until = now + timedelta(seconds=seconds)
    free = or_(lease.c.until <= now, lease.c.holder == holder)
    other = holder_of(connection, name, now=now)
    if other is not None and is_dead(other):
        free = or_(free, lease.c.holder == other)
    taken = connection.execute(update(lease).where(lease.c.name == name, free).values(holder=holder, until=until))
    if taken.rowcount:
        return True
    return other is None and _insert(connection, name, holder, until)


def _insert(connection: Connection, name: str, holder: str, until: datetime) -> bool:
    """Insert the lease in a savepoint: whoever comes second finds it taken, and its transaction goes on."""
    try:
        with connection.begin_nested():
            connection.execute(lease.insert().values(name=name, holder=holder, until=until))
    except IntegrityError:
        return False
    return True


def renew(connection: Connection, name: str, *, holder: str, now: datetime, seconds: float) -> bool:
    """Prolong a lease that `holder` still holds, also if it lapsed unnoticed; False if another took it."""
    until = now + timedelta(seconds=seconds)
    mine = update(lease).where(lease.c.name == name, lease.c.holder == holder).values(until=until)
    return bool(connection.execute(mine).rowcount)


def release(connection: Connection, name: str, *, holder: str) -> None:
    """Give the lease back; nothing happens if `holder` does not hold it."""
    connection.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))


def holder_of(connection: Connection, name: str, *, now: datetime) -> str | None:
    """Who holds the lease `name` at `now`, or None if it is free."""
    holder: str | None = connection.scalar(select(lease.c.holder).where(lease.c.name == name, lease.c.until > now))
    return holder


def is_any_held(connection: Connection, prefix: str, *, now: datetime) -> bool:
    """Whether a living process holds a lease whose name begins with `prefix`."""
    names = lease.c.name.startswith(prefix, autoescape=True)
    holders = connection.scalars(select(lease.c.holder).where(names, lease.c.until > now))
    return any(not is_dead(holder) for holder in holders)


def is_dead(holder: str) -> bool:
    """Whether `holder` ran here, in this process-id namespace, and is gone; False if that cannot be known."""
    place, _, rest = holder.partition("|")
    number = rest.partition("|")[0]
    if place != _place() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _place() -> str:
    """This machine since it started, and the process-id namespace: process ids mean nothing elsewhere.

    A clone of the machine may have its name, and the first namespace has the same number on every machine.
    """
    boot = namespace = ""
    with suppress(OSError):
        boot = _BOOT.read_text("ascii").strip()
    with suppress(OSError):
        namespace = str(Path("/proc/self/ns/pid").readlink())
    return f"{socket.gethostname()}/{boot}/{namespace}"
