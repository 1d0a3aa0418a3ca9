"""Starting planned jobs and going on with deferred deliveries: what `serve` does between two commands (edge).

A job with a time of its own (`send --at`, or a run that ended because its next slot was far away) is started then.
Of the others only deferred deliveries: one that still has queued ones was stopped by somebody, and is theirs to go on
with.
"""

from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError

from newsletter.delivery.hold import HeldError
from newsletter.delivery.job import JobState, SendJob
from newsletter.delivery.means import JobResult
from newsletter.delivery.outcome import State
from newsletter.delivery.worker import Sending, run_job
from newsletter.store import deliveries, jobs
from newsletter.store.engine import explain
from subscribers.errors import NewsletterError, ServiceError


class ContinuingError(ServiceError):
    """Some jobs could not go on; `results` are those of the others, which did."""

    def __init__(self, failures: Sequence[str], results: Sequence[JobResult]) -> None:
        super().__init__("\n".join(failures))
        self.results = tuple(results)


def continue_due(sending: Sending) -> list[JobResult]:
    """Run every job whose time has come, and every one that waits for nothing but deferred deliveries, if one is due.

    A job that another process holds at this moment is left to it. One that cannot go on does not stop the others; once
    they are through, ContinuingError says what each lacks.
    """
    results: list[JobResult] = []
    failures: list[str] = []
    for job in jobs.list_jobs(sending.engine):
        try:
            if not sending.should_stop() and _is_due(sending, job):
                results.append(run_job(sending, job))
        except HeldError:
            continue
        except NewsletterError as error:
            failures.append(_in_words(job, error))
        except DBAPIError as error:
            failures.append(_in_words(job, explain(error)))
    if failures:
        raise ContinuingError(failures, results)
    return results


def _in_words(job: SendJob, error: NewsletterError) -> str:
    return str(error) if error.where == str(job) else f"{job}: {error}"


def _is_due(sending: Sending, job: SendJob) -> bool:
    if job.state not in {JobState.PLANNED, JobState.RUNNING}:
        return False
    if job.starts_at and job.starts_at > sending.clock():
        return False
    if job.state is JobState.PLANNED:
        return job.starts_at is not None
    counts = deliveries.counts(sending.engine, job.id)
    if counts[State.QUEUED] or counts[State.CLAIMED]:
        return job.starts_at is not None
    due = deliveries.next_due(sending.engine, job.id)
    return due is not None and due <= sending.clock()
