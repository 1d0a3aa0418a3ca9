"""What an operator decides about a job that nobody sends: cancel it, or say what became of the unknown ones (edge; I3).

First of all what a dead worker left behind is read from its journal, as before a run; a job that another process sends
is left to it. To a paused or cancelled job no run comes, nor to one of which nothing is open: what its worker left is
settled whenever somebody looks, and the latter is finished.
"""

import secrets

from sqlalchemy.exc import SQLAlchemyError

from newsletter.delivery.hold import HeldError, holding
from newsletter.delivery.job import JobEvent, JobState, SendJob
from newsletter.delivery.outcome import Event
from newsletter.delivery.recovery import recover_job
from newsletter.delivery.worker import SPOOL, Sending, books_of
from newsletter.store import deliveries, jobs, settling
from newsletter.store.deliveries import Recovered
from newsletter.store.engine import explain
from newsletter.store.identity import check
from subscribers.errors import NewsletterError, ServiceError
from subscribers.subscription import Actor

STOPPED = (JobState.PAUSED, JobState.CANCELLED)
"""No run comes to such a job."""


def recover_left(sending: Sending, job: SendJob) -> Recovered:
    """Settle what dead workers left behind; raises HeldError if the job is being sent."""
    with holding(sending.engine, sending.configuration.data_dir / SPOOL, job, sending.clock):
        found = _recover(sending, job)
        if jobs.get_job(sending.engine, job.id).state is JobState.RUNNING:
            jobs.finish_if_done(sending.engine, job.id, sending.clock())
        return found


def recover_stopped(sending: Sending) -> list[tuple[SendJob, NewsletterError]]:
    """Settle what dead workers left of paused and cancelled jobs, and finish those of which nothing is open.

    The jobs of which that failed, and why. One that a living process holds is left to it: that process settles
    everything itself.
    """
    found = deliveries.jobs_with_claimed(sending.engine, STOPPED) + deliveries.jobs_with_nothing_open(sending.engine)
    stopped = [jobs.get_job(sending.engine, number) for number in found]
    return [(job, error) for job in stopped if (error := _why_not_recovered(sending, job))]


def _why_not_recovered(sending: Sending, job: SendJob) -> NewsletterError | None:
    try:
        check(sending.engine, sending.configuration.data_dir)  # the journals here may be those of another database
        recover_left(sending, job)
    except HeldError:
        return None
    except NewsletterError as error:
        return error
    except SQLAlchemyError as error:
        return explain(error)
    except OSError as error:
        return ServiceError(f"the spool cannot be used: {error.strerror}", where=str(job))
    return None


def settle_unknown(sending: Sending, job: SendJob, event: Event, *, actor: Actor = Actor.OPERATOR) -> SendJob:
    """Settle every unknown delivery of the job as SETTLE_SENT or SETTLE_UNSENT; the job afterwards.

    With SETTLE_UNSENT a finished job is opened again, before anything is queued, so that the next run finds it.
    Raises HeldError if it is being sent, ConflictError if it was cancelled and nothing of it may be sent.
    """
    with holding(sending.engine, sending.configuration.data_dir / SPOOL, job, sending.clock):
        _recover(sending, job)
        now = sending.clock()
        state = jobs.get_job(sending.engine, job.id).state
        if event is Event.SETTLE_UNSENT and state in {JobState.FINISHED, JobState.CANCELLED}:
            jobs.change_job(sending.engine, job.id, JobEvent.REOPEN, now)
        settling.settle(sending.engine, job.id, event, actor=actor, now=now)
        jobs.finish_if_done(sending.engine, job.id, now)
        return jobs.get_job(sending.engine, job.id)


def cancel(sending: Sending, job: SendJob) -> SendJob:
    """Cancel the job; a worker that sends it ends within seconds, and what a dead one held is settled here."""
    try:
        with holding(sending.engine, sending.configuration.data_dir / SPOOL, job, sending.clock):
            _recover(sending, job)
            return jobs.change_job(sending.engine, job.id, JobEvent.CANCEL, sending.clock())
    except HeldError:
        return jobs.change_job(sending.engine, job.id, JobEvent.CANCEL, sending.clock())


def _recover(sending: Sending, job: SendJob) -> Recovered:
    spool = sending.configuration.data_dir / SPOOL
    found = recover_job(books_of(sending), spool, job.id, secrets.token_hex(8))
    jobs.cancel_rest(sending.engine, job.id, sending.clock())
    return found
