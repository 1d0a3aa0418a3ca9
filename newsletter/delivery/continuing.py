"""Starting planned jobs and going on with deferred deliveries: what `serve` does between two commands (edge).

A job with a time of its own (`send --at`, or a run that ended because its next slot was far away) is started then.
Of the others only deferred deliveries: one that still has queued ones was stopped by somebody, and is theirs to go on
with. While these are tried the job is ours: what a hiccup or a kill leaves queued or claimed is tried at the next look.
Each job runs in a thread of its own, so that one that takes hours holds nobody. Every look also settles what dead
workers left of jobs that were paused or cancelled, and finishes those of which nothing is open any more.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from newsletter.delivery.hold import HeldError
from newsletter.delivery.job import JobState, SendJob
from newsletter.delivery.kept_lines import renew
from newsletter.delivery.manners import receivers_of
from newsletter.delivery.means import JobResult
from newsletter.delivery.outcome import State
from newsletter.delivery.pacing import microseconds
from newsletter.delivery.settling import recover_stopped
from newsletter.delivery.worker import Sending, run_job
from newsletter.store import deliveries, job_times, jobs
from newsletter.store.engine import explain
from subscribers.errors import ConflictError, NewsletterError, ServiceError

AT_ONCE = 8
"""Jobs that are sent at the same time; those over one relay share what it takes (newsletter/delivery/portions.py)."""
LOOK_SECONDS = 60.0
"""While some are sent: how often to look whether others became due."""
_GOES_ON = (JobState.PLANNED, JobState.RUNNING)


class _NotDueError(ConflictError):
    """The job was moved, stopped or finished while it waited for its turn."""


class ContinuingError(ServiceError):
    """Some jobs could not go on; `results` are those of the others, which did."""

    def __init__(self, failures: Sequence[str], results: Sequence[JobResult]) -> None:
        super().__init__("\n".join(failures))
        self.results = tuple(results)


@dataclass(kw_only=True)
class _Round:
    """The jobs that are sent now, and what became of the others."""

    sending: Sending
    running: dict[Future[JobResult], SendJob] = field(default_factory=dict)
    results: list[JobResult] = field(default_factory=list)
    failures: dict[int, str] = field(default_factory=dict)
    unexpected: Exception | None = None
    """The last error that is one of the program."""

    def begin(self, pool: ThreadPoolExecutor) -> None:
        """Start those that are due and are not being sent; settle what is left of those that are stopped."""
        busy = {job.id for job in self.running.values()}
        try:
            self._renew_slots()
            for job in self._due():
                if job.id not in busy:
                    self.running[pool.submit(_go_on, self.sending, job)] = job
            self.failures |= {job.id: _in_words(job, error) for job, error in recover_stopped(self.sending)}
        except SQLAlchemyError as error:
            self.failures[0] = str(explain(error))  # those that run go on

    def _renew_slots(self) -> None:
        """Where limits changed, or a job stopped, who waits for a slot may have one sooner; no run of it looks."""
        engine, configuration, now = self.sending.engine, self.sending.configuration, self.sending.clock()
        waiting = jobs.list_jobs(engine, None, [JobState.RUNNING])
        for slug in {job.list_slug for job in waiting if job.starts_at and job.starts_at > now}:
            if slug in configuration.lists:
                is_first = slug not in self.sending.renewed
                renew(receivers_of(configuration, slug), engine, microseconds(now), is_first=is_first)
                self.sending.renewed.add(slug)

    def _due(self) -> Iterator[SendJob]:
        for job in reversed(jobs.list_jobs(self.sending.engine, None, _GOES_ON)):
            if not self.sending.should_stop() and _is_due(self.sending, job):
                yield job

    def end(self, seconds: float) -> None:
        """Wait so long for one to end; a job that another process holds is left to it."""
        for done in wait(self.running, seconds, FIRST_COMPLETED).done:
            job = self.running.pop(done)
            self.failures.pop(job.id, None)
            try:
                self.results.append(done.result())
            except (HeldError, _NotDueError):
                continue
            except NewsletterError as error:
                self.failures[job.id] = _in_words(job, error)
            except SQLAlchemyError as error:
                self.failures[job.id] = _in_words(job, explain(error))
            except Exception as error:  # noqa: BLE001 - the others are still sent; it is told after the round
                self.failures[job.id] = f"{job}: {type(error).__name__}"  # its words may hold values (I7)
                self.unexpected = error


def continue_due(sending: Sending, look_seconds: float = LOOK_SECONDS) -> list[JobResult]:
    """Run every job whose time has come, and every one that waits for nothing but deferred deliveries, if one is due.

    Returns when none is left. One that cannot go on does not stop the others; ContinuingError says what each lacks.
    """
    now = _Round(sending=sending)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="newsletter-job") as pool:
        now.begin(pool)
        looked = time.monotonic()
        while now.running:
            now.end(max(0.0, looked + look_seconds - time.monotonic()))
            if time.monotonic() - looked >= look_seconds:
                now.begin(pool)
                looked = time.monotonic()
    if now.failures:
        raise ContinuingError(list(now.failures.values()), now.results) from now.unexpected
    return now.results


def _go_on(sending: Sending, job: SendJob) -> JobResult:
    """Run the job as one of ours, until nothing of it is queued or claimed any more.

    Raises HeldError if another process sends it, and _NotDueError: nothing of it was changed.
    """
    result = run_job(replace(sending, begin=partial(_borrow, sending)), job)
    job_times.hand_back(sending.engine, job.id)
    return result


def _borrow(sending: Sending, job: SendJob) -> None:
    """The job is held: nobody else's, and what is true of it now counts, since it may have waited for a thread."""
    now = jobs.get_job(sending.engine, job.id)
    if now.state not in _GOES_ON or not _is_due(sending, now):
        raise _NotDueError("the job is not to be sent now", where=str(job))
    job_times.borrow(sending.engine, job.id)


def _in_words(job: SendJob, error: NewsletterError) -> str:
    return str(error) if error.where == str(job) else f"{job}: {error}"


def _is_due(sending: Sending, job: SendJob) -> bool:
    if job.starts_at and job.starts_at > sending.clock():
        return False
    if job.state is JobState.PLANNED:
        return job.starts_at is not None
    counts = deliveries.counts(sending.engine, job.id)
    if counts[State.QUEUED] or counts[State.CLAIMED]:
        return job.starts_at is not None
    due = deliveries.next_due(sending.engine, job.id)
    return due is not None and due <= sending.clock()
