"""The SendJob: one sending of one issue to a frozen audience; its identity and its states (I6). Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from shlex import quote

from subscribers.clock import require_aware
from subscribers.errors import ConflictError

LOST = "lost-"
"""The digest of a job that only the ledger remembers begins with it: no backup had its issue, and it was sent (I6)."""


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
    AWAIT = "await its time"
    """The operator lets a paused job be, and its time is still to come."""
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
    JobState.PAUSED: {
        JobEvent.RESUME: JobState.RUNNING,
        JobEvent.AWAIT: JobState.PLANNED,
        JobEvent.CANCEL: JobState.CANCELLED,
    },
    JobState.FINISHED: {JobEvent.REOPEN: JobState.RUNNING},
    JobState.CANCELLED: {},
}
"""Every move that exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When a job is sent; without a time at once, by whoever gives the command."""

    starts_at: datetime | None = None
    """Not before this instant; from then on `serve` sends it."""
    spread: timedelta | None = None
    """Over how long it is to be spread."""

    def __post_init__(self) -> None:
        if self.starts_at:
            require_aware(self.starts_at)


AT_ONCE = When()


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
    audience_where: str = ""
    """For whom of the list it is, as a condition; empty: for everybody."""
    starts_at: datetime | None = None
    """Not before this instant; from then on `serve` sends it."""
    spread: timedelta | None = None
    """Over how long it is to be spread."""
    halted: str = ""
    """Why it paused by itself: a word of newsletter/delivery/pushback.py, a colon, and what was counted."""

    def __post_init__(self) -> None:
        require_aware(self.created_at)

    def __str__(self) -> str:
        return f"job {self.id} ({self.list_slug}/{self.slug})"

    @property
    def for_whom(self) -> str:
        """Its readers, in words."""
        return f"readers of whom this holds: {self.audience_where}" if self.audience_where else "the whole list"

    @property
    def how_to_repeat(self) -> str:
        """The option of `send` that means the same readers."""
        return f"add --where {quote(self.audience_where)}" if self.audience_where else "leave --where out"


class Plan(StrEnum):
    """What `send` does with an issue."""

    NEW = "new"
    """Nobody planned it yet."""
    RESUME = "resume"
    """The same issue was planned before: go on where it stopped."""
    FINISHED = "finished"
    """It was sent; nothing is ever planned again for this identity."""


def decide_plan(existing: SendJob | None, digest: str, audience_where: str = "") -> Plan:
    """New, resume or finished; raises ConflictError if the identity belongs to another content or audience (I6)."""
    if existing is None:
        return Plan.NEW
    if is_lost(existing.digest):
        return Plan.FINISHED
    if existing.digest != digest:
        raise ConflictError(
            f"{existing.list_slug}/{existing.slug} was planned before with another content",
            where=str(existing),
            remedy="give the changed issue another slug, or restore the text that was planned",
        )
    if existing.audience_where != audience_where:
        raise ConflictError(
            f"{existing.list_slug}/{existing.slug} was planned before for {existing.for_whom}",
            where=str(existing),
            remedy=f"{existing.how_to_repeat} to go on with it; for other readers give the issue another slug",
        )
    return Plan.FINISHED if existing.state in {JobState.FINISHED, JobState.CANCELLED} else Plan.RESUME


def is_lost(digest: str) -> bool:
    """Whether this is the digest of a job whose issue was lost with what no backup had."""
    return digest.startswith(LOST)


def how_to_resume(job: SendJob, *, has_begun: bool, now: datetime) -> JobEvent:
    """RESUME, or AWAIT for a paused job of which nothing was begun (no delivery was claimed) before its time."""
    is_early = job.starts_at is not None and job.starts_at > now
    return JobEvent.AWAIT if job.state is JobState.PAUSED and is_early and not has_begun else JobEvent.RESUME


def move(job: SendJob, event: JobEvent) -> JobState:
    """The state after `event`; raises ConflictError saying what the job is instead."""
    try:
        return TRANSITIONS[job.state][event]
    except KeyError:
        remedy = f"newsletter jobs resume {job.id}" if job.state is JobState.PAUSED else ""
        if remedy and job.halted:
            remedy = f"`newsletter jobs show {job.id}` says why it halted, and what to do before `{remedy}`"
        raise ConflictError(f"the job is {job.state}: it cannot {event}", where=str(job), remedy=remedy) from None
