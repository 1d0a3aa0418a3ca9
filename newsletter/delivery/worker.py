"""Running a send job of a project: the one entry for `send`, `serve` and `jobs resume` (edge)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine

from newsletter.config import Configuration
from newsletter.delivery.control import Pace, Progress
from newsletter.delivery.hold import holding
from newsletter.delivery.job import JobEvent, SendJob
from newsletter.delivery.letters import letter_writer
from newsletter.delivery.recovery import Books
from newsletter.delivery.run import JobResult, Means, Run
from newsletter.delivery.smtp import endpoint_of
from newsletter.store import jobs
from subscribers.clock import Clock, utc_now
from subscribers.errors import NegativeError
from subscribers.ledger_entry import Record
from subscribers.retention import RetentionPolicy
from subscribers.store import anything_overdue
from subscribers.tokens import Keyring
from subscribers.transactions import reading

SPOOL = "spool"
"""Folder of journals and locks, below data_dir."""


@dataclass(frozen=True, kw_only=True)
class Sending:
    """The parts of a project that sending needs."""

    configuration: Configuration
    engine: Engine
    remember: Record
    """The ledger's append (I11)."""
    keyring: Keyring
    clock: Clock = utc_now
    should_stop: Callable[[], bool] = lambda: False
    """Asked every second, so that a run in a thread (`serve`) can be ended like one that gets a signal."""


def run_job(sending: Sending, job: SendJob, *, report: Callable[[Progress], None] | None = None) -> JobResult:
    """Run `job` in this thread until it is done, interrupted, paused, or only waits.

    Raises ConflictError (another process sends it; it is paused, finished or cancelled), NegativeError (erasure is
    overdue, I4), ConfigurationError, ServiceError (relay or database; what was sent is recorded or in the journal).
    """
    return run_with(means_of(sending, job, report), job)


def means_of(sending: Sending, job: SendJob, report: Callable[[Progress], None] | None = None) -> Means:
    """What the configuration says about sending this job; raises ConfigurationError."""
    configuration = sending.configuration
    mailing_list = configuration.mailing_list(job.list_slug)
    relay = configuration.relay_of(job.list_slug)
    return Means(
        books=books_of(sending),
        spool=configuration.data_dir / SPOOL,
        endpoint=endpoint_of(configuration, relay),
        pace=Pace(
            connections=relay.connections,
            messages_per_connection=relay.messages_per_connection,
            messages_per_second=relay.messages_per_second,
        ),
        write=letter_writer(
            configuration, sending.keyring, job, jobs.load_issue(sending.engine, job.digest), sending.clock
        ),
        expire_after=timedelta(hours=mailing_list.expire_after_hours),
        report=report,
        should_stop=sending.should_stop,
    )


def books_of(sending: Sending) -> Books:
    """Where outcomes of this project are written down."""
    lists = sending.configuration.lists.items()
    policies = {slug: RetentionPolicy(period=item.retention, zone=item.zone) for slug, item in lists}
    return Books(engine=sending.engine, remember=sending.remember, policies=policies, clock=sending.clock)


def run_with(means: Means, job: SendJob) -> JobResult:
    """The same with everything handed in."""
    engine, clock = means.books.engine, means.books.clock
    with reading(engine) as connection:
        if anything_overdue(connection, now=clock()):
            raise NegativeError(
                "data of people who left is overdue for erasure: no job runs before it is gone (I4)",
                remedy="run `newsletter retention run`",
            )
    with holding(engine, means.spool, job, clock) as hold:
        started = jobs.change_job(engine, job.id, JobEvent.START, clock())
        return in_event_loop(Run(means, started, hold))


def in_event_loop(run: Run) -> JobResult:
    """On uvloop where it exists, on asyncio otherwise."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(run.whole())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
