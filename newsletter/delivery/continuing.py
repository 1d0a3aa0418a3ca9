"""Going on with deferred deliveries when they are due: what `serve` does between two commands of the operator (edge).

Only deferred ones: a job that still has queued deliveries was stopped by somebody, and is theirs to go on with.
"""

from newsletter.delivery.job import JobState, SendJob
from newsletter.delivery.outcome import State
from newsletter.delivery.run import JobResult
from newsletter.delivery.worker import Sending, run_job
from newsletter.store import deliveries, jobs
from subscribers.errors import ConflictError


def continue_due(sending: Sending) -> list[JobResult]:
    """Run every job that waits for nothing but deferred deliveries, if one is due; raises what `run_job` raises.

    A job that another process holds at this moment is left to it.
    """
    results = []
    for job in jobs.list_jobs(sending.engine):
        if job.state is JobState.RUNNING and _is_due(sending, job) and not sending.should_stop():
            try:
                results.append(run_job(sending, job))
            except ConflictError:
                continue
    return results


def _is_due(sending: Sending, job: SendJob) -> bool:
    counts = deliveries.counts(sending.engine, job.id)
    if counts[State.QUEUED] or counts[State.CLAIMED]:
        return False
    due = deliveries.next_due(sending.engine, job.id)
    return due is not None and due <= sending.clock()
