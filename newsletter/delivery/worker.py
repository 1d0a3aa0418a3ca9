"""Running a send job of a project: the one entry for `send`, `serve` and `jobs resume` (edge)."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock

from sqlalchemy import Engine

from newsletter.config import Configuration
from newsletter.config_relays import Relay
from newsletter.delivery.control import Pace, Progress
from newsletter.delivery.endpoint import Endpoint, endpoint_of
from newsletter.delivery.forecast import spread_speed
from newsletter.delivery.hold import holding
from newsletter.delivery.job import JobEvent, SendJob
from newsletter.delivery.letters import Sign, letter_writer
from newsletter.delivery.manners import manners_of
from newsletter.delivery.means import JobResult, Means
from newsletter.delivery.recovery import Books
from newsletter.delivery.relays import Limits, Via, together
from newsletter.delivery.run import Run
from newsletter.delivery.signing import processes_for
from newsletter.message.dkim import Signer
from newsletter.store import jobs
from newsletter.store.dkim_keys import signer_of
from newsletter.store.identity import check
from subscribers.clock import Clock, utc_now
from subscribers.errors import ConfigurationError, NegativeError
from subscribers.ledger_entry import Record
from subscribers.store import anything_overdue
from subscribers.tokens import Keyring
from subscribers.transactions import reading

SPOOL = "spool"
"""Folder of journals and locks, below data_dir."""
COLLECT_AFTER = 50_000
"""Objects made and not freed until the garbage collector looks at the young ones."""
_RUNS: list[tuple[int, int, int]] = []
"""One for each run of this process, the first with what the collector was told before."""
_RUNS_LOCK = Lock()


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
    patience: float = 3600
    """Seconds that a run waits for the next slot of a limit, or for the hours for sending, before it ends."""
    power_safe: bool | None = None
    """Whether the journal is synced before every group of dots; as the configuration says if not given."""
    erase_first: Callable[[], None] = lambda: None
    """Erases what is due before a job begins; raises NegativeError if it stays due, also for what only files show (I4).
    `send` does so before it plans."""
    renewed: set[str] = field(default_factory=set)
    """Lists of which this process looked once whether their jobs wait for slots that do not hold any more."""
    begin: Callable[[SendJob], None] = lambda _: None
    """Called with the job held, right before it starts; what it raises leaves the job as it is."""


def run_job(sending: Sending, job: SendJob, *, report: Callable[[Progress], None] | None = None) -> JobResult:
    """Run `job` in this thread until it is done, interrupted, paused, or only waits.

    Raises ConflictError (another process sends it; it is paused, finished or cancelled), NegativeError (erasure is
    overdue, I4), ConfigurationError (also for a database that was restored or copied), ServiceError (relay or database;
    what was sent is recorded or in the journal).
    """
    check(sending.engine, sending.configuration.data_dir)
    sending.erase_first()
    result = run_with(means_of(sending, job, report), job, sending.begin)
    check(sending.engine, sending.configuration.data_dir)  # a state of the database from before this run shows
    return result


def means_of(sending: Sending, job: SendJob, report: Callable[[Progress], None] | None = None) -> Means:
    """What the configuration says about sending this job; raises ConfigurationError."""
    configuration = sending.configuration
    mailing_list = configuration.mailing_list(job.list_slug)
    first, *others = vias_of(configuration, job)
    signer = signer_of(configuration, job.list_slug)
    is_signed_ahead = signer is not None and processes_for(signer, job.audience) > 0
    return Means(
        books=books_of(sending),
        spool=configuration.data_dir / SPOOL,
        endpoint=first.endpoint,
        pace=first.pace,
        weight=first.weight,
        relay=first.name,
        limits=first.limits,
        others=tuple(others),
        manners=manners_of(configuration, job.list_slug, patience=sending.patience),
        write=letter_writer(
            configuration,
            sending.keyring,
            job,
            jobs.load_issue(sending.engine, job.digest),
            sending.clock,
            None if is_signed_ahead else _sign(signer, sending.clock),
        ),
        signer=signer if is_signed_ahead else None,
        expire_after=timedelta(hours=mailing_list.expire_after_hours),
        report=report,
        should_stop=sending.should_stop,
        power_safe=is_power_safe(sending),
    )


def vias_of(configuration: Configuration, job: SendJob) -> tuple[Via, ...]:
    """The relays of the job, the list's first one first, without those whose password cannot be read.

    Raises ConfigurationError if that leaves none.
    """
    mailing_list = configuration.mailing_list(job.list_slug)
    vias: list[Via] = []
    problem: ConfigurationError | None = None
    for name, relay in configuration.relays_of(job.list_slug).items():
        try:
            vias.append(_via(name, relay, endpoint_of(configuration, relay, mailing_list)))
        except ConfigurationError as error:
            problem = problem or error
    if problem and not vias:
        raise problem
    return together(vias, spread_speed(job.audience, job.spread))


def _via(name: str, relay: Relay, endpoint: Endpoint) -> Via:
    return Via(
        name=name,
        endpoint=endpoint,
        pace=Pace(
            connections=relay.connections,
            messages_per_connection=relay.messages_per_connection,
            messages_per_second=relay.messages_per_second,
        ),
        weight=relay.weight,
        limits=Limits(connections=relay.connections, messages_per_second=relay.messages_per_second),
    )


def signing(configuration: Configuration, list_slug: str, clock: Clock = utc_now) -> Sign | None:
    """What signs the messages of a list, None if it names no key (A21); raises ConfigurationError for a bad key."""
    return _sign(signer_of(configuration, list_slug), clock)


def _sign(signer: Signer | None, clock: Clock) -> Sign | None:
    return (lambda message: signer.signatures(message, clock())) if signer else None


def is_power_safe(sending: Sending) -> bool:
    """Whether a run stays exact over a power cut: as asked, else as set, else with a database server (PostgreSQL)."""
    for said in (sending.power_safe, sending.configuration.pace.power_safe):
        if said is not None:
            return said
    return sending.engine.dialect.name == "postgresql"


def books_of(sending: Sending) -> Books:
    """Where outcomes of this project are written down."""
    lists = sending.configuration.lists.items()
    policies = {slug: item.policy for slug, item in lists}
    return Books(engine=sending.engine, remember=sending.remember, policies=policies, clock=sending.clock)


def run_with(means: Means, job: SendJob, begin: Callable[[SendJob], None] = lambda _: None) -> JobResult:
    """The same with everything handed in."""
    engine, clock = means.books.engine, means.books.clock
    with reading(engine) as connection:
        if anything_overdue(connection, now=clock()):
            raise NegativeError(
                "data of people who left is overdue for erasure: no job runs before it is gone (I4)",
                remedy="run `newsletter retention run`",
            )
    with holding(engine, means.spool, job, clock) as hold:
        begin(job)
        started = jobs.change_job(engine, job.id, JobEvent.START, clock())
        return in_event_loop(Run(means, started, hold))


def in_event_loop(run: Run) -> JobResult:
    """On uvloop where it exists, on asyncio otherwise."""
    with _collecting_seldom(), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(run.whole())


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Let the garbage collector leave alone what was there before, and look at the rest after more than a batch.

    A message makes no cycles, but enough objects to have the whole program looked through again and again: a tenth of
    all processor time, with everybody waiting. Jobs run in threads of `serve` too: the first one changes it, the last
    one changes it back.
    """
    with _RUNS_LOCK:
        _RUNS.append(gc.get_threshold())
        if len(_RUNS) == 1:
            gc.freeze()
            gc.set_threshold(COLLECT_AFTER, *_RUNS[0][1:])
    try:
        yield
    finally:
        with _RUNS_LOCK:
            before = _RUNS.pop(0)
            if _RUNS:
                _RUNS[0] = before
            else:
                gc.set_threshold(*before)
                gc.unfreeze()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
