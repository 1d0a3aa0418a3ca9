"""When a job is sent, and why it stopped by itself: what changes of a job besides its state."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Engine, select, update

from newsletter.delivery.job import TRANSITIONS, JobEvent, JobState, SendJob, how_to_resume
from newsletter.delivery.outcome import State
from newsletter.store import pace, so_far
from newsletter.store.jobs import change_job, get_job
from newsletter.store.tables import delivery, job_tally, send_job
from subscribers.transactions import reading, writing

_BEGUN = [int(state) for state in State if state is not State.QUEUED]


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


def put_off(engine: Engine, identity: int, guard: str, until: Callable[[], datetime | None]) -> datetime | None:
    """The run of the job ends, and `serve` is to go on with it at the time that `until` says; that time.

    It is asked while the row `guard` of the pacer is locked: nobody places anew meanwhile who waits.
    """
    with writing(engine) as connection:
        pace.load(connection, [guard])
        at = until()
        connection.execute(update(send_job).where(send_job.c.id == identity).values(starts_at=at))
        so_far.put_off(connection, identity, at)
    return at


def borrow(engine: Engine, identity: int) -> None:
    """Let `serve` go on with a job that has no time, whatever ends its run, until it is handed back.

    Its time becomes that of its planning: one that has come, and from which nothing else is counted.
    """
    with writing(engine) as connection:
        mine = update(send_job).where(send_job.c.id == identity, send_job.c.starts_at.is_(None))
        connection.execute(mine.values(starts_at=send_job.c.created_at))


def hand_back(engine: Engine, identity: int) -> None:
    """A borrowed job of which nothing is queued or claimed is again for whoever gives the command.

    Nothing happens to one with a time of its own.
    """
    begun = delivery.c.job_id == identity, delivery.c.state.in_([int(State.QUEUED), int(State.CLAIMED)])
    with writing(engine) as connection:
        mine = update(send_job).where(send_job.c.id == identity, send_job.c.starts_at == send_job.c.created_at)
        connection.execute(mine.where(~select(delivery.c.id).where(*begun).exists()).values(starts_at=None))


def resume(engine: Engine, identity: int, now: datetime) -> SendJob:
    """Let a paused job go on; one that nobody began waits for its time, if that is still to come.

    Raises ConflictError if it is not paused.
    """
    job = get_job(engine, identity)
    return change_job(engine, identity, how_to_resume(job, has_begun=_has_begun(engine, identity), now=now), now)


def _has_begun(engine: Engine, identity: int) -> bool:
    """Whether a delivery was ever claimed, those erased since included."""
    with reading(engine) as connection:
        return any(
            connection.scalar(
                select(table.c.job_id).where(table.c.job_id == identity, table.c.state.in_(_BEGUN)).limit(1)
            )
            for table in (delivery, job_tally)
        )
