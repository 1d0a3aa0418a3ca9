"""The SendJob: one sending of one issue to a frozen audience; its identity and its states (I6). Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from subscribers.clock import require_aware
from subscribers.errors import ConflictError


class JobState(StrEnum):
    """State of a send job."""

    PLANNED = "planned"
    """Audience and issue are frozen; nothing was sent yet."""
    RUNNING = "running"
    """A worker sends it, or did until it was interrupted."""
    PAUSED = "paused"
    """The operator stopped it; `newsletter jobs resume` goes on."""
    FINISHED = "finished"
    """No delivery is open. Never planned again, also after its deliveries were erased."""
    CANCELLED = "cancelled"
    """The operator ended it; what was not sent stays unsent."""


class JobEvent(StrEnum):
    """What happens to a job."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    FINISH = "finish"
    CANCEL = "cancel"
    REOPEN = "reopen"
    """Deliveries were queued again by the operator (settled as unsent, requeued)."""


TRANSITIONS: dict[JobState, dict[JobEvent, JobState]] = {
    JobState.PLANNED: {
        JobEvent.START: JobState.RUNNING,
        JobEvent.PAUSE: JobState.PAUSED,
        JobEvent.CANCEL: JobState.CANCELLED,
        JobEvent.FINISH: JobState.FINISHED,
    },
    JobState.RUNNING: {
        JobEvent.START: JobState.RUNNING,
        JobEvent.PAUSE: JobState.PAUSED,
        JobEvent.CANCEL: JobState.CANCELLED,
        JobEvent.FINISH: JobState.FINISHED,
    },
    JobState.PAUSED: {JobEvent.RESUME: JobState.RUNNING, JobEvent.CANCEL: JobState.CANCELLED},
    JobState.FINISHED: {JobEvent.REOPEN: JobState.RUNNING},
    JobState.CANCELLED: {},
}
"""Every move that exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendJob:
    """A job as the store keeps it."""

    id: int
    ref: bytes
    """16 random bytes: its name in Message-IDs and ledger."""
    list_slug: str
    slug: str
    digest: str
    """Of the compiled issue and the header identity that it froze."""
    state: JobState
    audience: int
    """Deliveries that were planned."""
    created_at: datetime
    finished_at: datetime | None = None
    overrides: tuple[str, ...] = ()
    """Rules of preflight whose errors the operator let pass."""

    def __post_init__(self) -> None:
        require_aware(self.created_at)

    def __str__(self) -> str:
        return f"job {self.id} ({self.list_slug}/{self.slug})"


class Plan(StrEnum):
    """What `send` does with an issue."""

    NEW = "new"
    """Nobody planned it yet."""
    RESUME = "resume"
    """The same issue was planned before: go on where it stopped."""
    FINISHED = "finished"
    """It was sent; nothing is ever planned again for this identity."""


def decide_plan(existing: SendJob | None, digest: str) -> Plan:
    """New, resume or finished; raises ConflictError if the identity belongs to another content (I6)."""
    if existing is None:
        return Plan.NEW
    if existing.digest != digest:
        raise ConflictError(
            f"{existing.list_slug}/{existing.slug} was planned before with another content",
            where=str(existing),
            remedy="give the changed issue another slug, or restore the text that was planned",
        )
    return Plan.FINISHED if existing.state in {JobState.FINISHED, JobState.CANCELLED} else Plan.RESUME


def move(job: SendJob, event: JobEvent) -> JobState:
    """The state after `event`; raises ConflictError saying what the job is instead."""
    try:
        return TRANSITIONS[job.state][event]
    except KeyError:
        remedy = {JobState.PAUSED: f"newsletter jobs resume {job.id}"}.get(job.state, "")
        raise ConflictError(f"the job is {job.state}: it cannot {event}", where=str(job), remedy=remedy) from None
