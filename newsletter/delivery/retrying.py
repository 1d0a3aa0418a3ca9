"""Queueing again what was refused or expired, by the operator's decision (edge)."""

from newsletter.delivery.hold import holding
from newsletter.delivery.job import JobEvent, JobState, SendJob
from newsletter.delivery.outcome import State
from newsletter.delivery.retry import Reason
from newsletter.delivery.worker import SPOOL, Sending
from newsletter.store import jobs
from newsletter.store.requeue import requeue


def requeue_job(sending: Sending, job: SendJob, state: State, reason: Reason | None) -> int:
    """Queue deliveries again and open a finished job for them; how many. An address that is dead is left out.

    Raises HeldError if the job is being sent, ConflictError if it was cancelled.
    """
    with holding(sending.engine, sending.configuration.data_dir / SPOOL, job, sending.clock):
        now = sending.clock()
        if jobs.get_job(sending.engine, job.id).state in {JobState.FINISHED, JobState.CANCELLED}:
            jobs.change_job(sending.engine, job.id, JobEvent.REOPEN, now)
        return requeue(sending.engine, job.id, state, reason, now)
