"""When a job is sent, and why it stopped by itself: what changes of a job besides its state."""

from datetime import datetime

from sqlalchemy import Connection, Engine, update

from newsletter.delivery.job import TRANSITIONS, JobEvent, JobState, SendJob
from newsletter.store.jobs import get_job
from newsletter.store.tables import send_job
from subscribers.transactions import writing


def halt(engine: Engine, identity: int, why: str) -> bool:
    """Pause a job that must not go on as it is, with the reason; False if it does not run any more."""
    with writing(engine) as connection:
        return halt_within(connection, identity, why)


def halt_within(connection: Connection, identity: int, why: str) -> bool:
    """The same inside the caller's transaction; a worker notices within a second."""
    may = [state.value for state, moves in TRANSITIONS.items() if JobEvent.PAUSE in moves]
    still = update(send_job).where(send_job.c.id == identity, send_job.c.state.in_(may))
    return bool(connection.execute(still.values(state=JobState.PAUSED.value, halted=why)).rowcount)


def schedule(engine: Engine, identity: int, starts_at: datetime | None) -> SendJob:
    """From `starts_at` on `serve` sends the job, and nobody before; None: whoever gives the command."""
    with writing(engine) as connection:
        connection.execute(update(send_job).where(send_job.c.id == identity).values(starts_at=starts_at))
    return get_job(engine, identity)
