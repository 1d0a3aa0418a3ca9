"""What the runs of a job leave to the next one: how it went since an operator last decided, and when it was in hand.

A row per job beside what the pacer keeps, gone when the job is over. `health` is that of
newsletter/delivery/pushback.py, `at` when the last run ended, or until when it put the job off, and `until` the time
that it gave the job then: whoever finds another one knows that an operator gave it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete

from newsletter.store import pace as paces
from newsletter.store.tables import pace
from subscribers.transactions import reading, writing


def load(engine: Engine, job: int) -> dict[str, Any]:
    """What the last run left; nothing if there was none, or only one that was killed."""
    with reading(engine) as connection:
        return paces.peek(connection, [paces.name_of(job)]).get(paces.name_of(job), {})


def was_in_hand(engine: Engine, job: int, since: datetime) -> bool:
    """Whether a run of the job ended, or an operator sent it on its way, at `since` or later."""
    at = load(engine, job).get("at")
    return at is not None and datetime.fromisoformat(at) >= since


def save(engine: Engine, job: int, at: datetime, health: Mapping[str, Any], *, before: Mapping[str, Any]) -> None:
    """Leave this to the next run; nothing happens if it is no longer as it was loaded `before`: that counts."""
    with writing(engine) as connection:
        if paces.load(connection, [paces.name_of(job)]).get(paces.name_of(job), {}) == before:
            paces.save(connection, {paces.name_of(job): {"at": at.isoformat(), "health": dict(health)}})


def put_off(connection: Connection, job: int, until: datetime | None) -> None:
    """The job got this time from its own run, since nothing of it may be sent before."""
    state = paces.load(connection, [paces.name_of(job)]).get(paces.name_of(job), {})
    paces.save(connection, {paces.name_of(job): state | {"until": until and until.isoformat()}})


def start_afresh(connection: Connection, job: int, now: datetime) -> None:
    """An operator looked at the job and sends it on: what was counted before counts no more."""
    paces.save(connection, {paces.name_of(job): {"at": now.isoformat()}})


def forget(connection: Connection, job: int) -> None:
    """The job is over."""
    connection.execute(delete(pace).where(pace.c.name == paces.name_of(job)))
