"""Deliveries that were refused or expired, queued again."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, select, update

from newsletter.delivery.outcome import Event, State, move
from newsletter.delivery.retry import Reason
from newsletter.store import so_far
from newsletter.store.tables import delivery
from subscribers.transactions import reading, writing

NEVER = (Reason.NO_SUCH_ADDRESS, Reason.UNWRITABLE)
"""Trying again changes nothing: the address is dead, or the values of the person fit no message."""


def count_retryable(engine: Engine, job: int, state: State, reason: Reason | None) -> int:
    """How many could be queued again."""
    with reading(engine) as connection:
        return int(connection.scalar(select(func.count()).where(*_these(job, state, reason))) or 0)


def requeue(engine: Engine, job: int, state: State, reason: Reason | None, now: datetime) -> int:
    """Queue them again, with attempts counted anew; how many."""
    values = {"state": int(move(state, Event.REQUEUE)), "attempts": 0, "due_at": None, "updated_at": now}
    with writing(engine) as connection:
        so_far.start_afresh(connection, job, now)
        return connection.execute(update(delivery).where(*_these(job, state, reason)).values(**values)).rowcount


def _these(job: int, state: State, reason: Reason | None) -> list[Any]:
    where = [delivery.c.job_id == job, delivery.c.state == int(state)]
    return [*where, delivery.c.reason == reason if reason else func.coalesce(delivery.c.reason, "").not_in(NEVER)]
