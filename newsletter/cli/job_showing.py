"""How a job looks in the terminal: its activity, a row of the list, and all that is known of it."""

from dataclasses import asdict

from rich.markup import escape

from newsletter.cli.common import Project, console, in_short, in_words, number, print_json
from newsletter.cli.counts import aside_of, counts_by_name, counts_table
from newsletter.cli.entries import unknown_hint
from newsletter.cli.timing import how_it_goes_on, show_schedule
from newsletter.cli.waiting import waiting_events, waiting_of, waiting_words
from newsletter.delivery.hold import is_running
from newsletter.delivery.job import JobState, SendJob, is_lost
from newsletter.delivery.outcome import OPEN, State
from newsletter.store import deliveries
from newsletter.store.feedback import bounce_counts
from subscribers.clock import utc_now
from subscribers.transactions import reading

LOST_RECORD = "record lost"
LOST_WORDS = (
    "after the backup that was restored; its record is lost. Who got it is not known here: the relay's log may tell. "
    "It is never sent again."
)


def activity_of(project: Project, job: SendJob, counts: dict[State, int]) -> str:
    """The state for people: a job is "running" only while a process sends it, and of a lost one nothing is known."""
    if is_lost(job.digest):
        return LOST_RECORD
    if job.state is not JobState.RUNNING or is_running(project.engine, job, utc_now()):
        return str(job.state)
    only_waits = counts[State.DEFERRED] and not counts[State.QUEUED] and not counts[State.CLAIMED]
    is_for_later = job.starts_at is not None and job.starts_at > utc_now()
    return "waiting" if only_waits or is_for_later else "interrupted"


def job_cells(project: Project, job: SendJob, counts: dict[State, int]) -> list[str]:
    """A row of the list of jobs."""
    lists = project.configuration.lists
    zone = lists[job.list_slug].zone if job.list_slug in lists else None
    bad = sum(counts.get(state, 0) for state in (State.REFUSED, State.EXPIRED, State.SKIPPED, State.CANCELLED))
    still = sum(counts.get(state, 0) for state in OPEN)
    figures = (job.audience, counts.get(State.SENT, 0), bad, counts.get(State.UNKNOWN, 0), still)
    planned = in_short(job.created_at, zone=zone)
    activity = activity_of(project, job, counts)
    shown = ["?"] * len(figures) if activity == LOST_RECORD else [number(figure) for figure in figures]
    return [str(job.id), f"{job.list_slug}/{job.slug}", activity, *shown, planned]


def job_as_json(project: Project, job: SendJob, counts: dict[State, int]) -> dict[str, object]:
    """A job for machines."""
    named = counts_by_name(counts, aside_of(project.engine, job.id, counts))
    return {**asdict(job), "activity": activity_of(project, job, counts), "counts": named}


def show_job(project: Project, job: SendJob, *, as_json: bool = False) -> None:
    """How many in each state, what came back, what waits, and when the next attempt is due."""
    counts = deliveries.counts(project.engine, job.id)
    due = deliveries.next_due(project.engine, job.id)
    waiting = waiting_of(project, job) if counts[State.DEFERRED] else ()
    if as_json:
        more = {"next_due": due, "came_back": came_back(project, job.id), "slowest": waiting_events(waiting)}
        print_json({**job_as_json(project, job, counts), **more})
        return
    activity = activity_of(project, job, counts)
    if activity == LOST_RECORD:
        console.print(f"{job}: planned {in_words(job.created_at, zone=project.zone)}, {LOST_WORDS}")
        return
    _show_plan(project, job, activity)
    aside = aside_of(project.engine, job.id, counts)
    console.print(counts_table(counts, aside, is_left=not is_running(project.engine, job, utc_now())))
    if hint := unknown_hint(job, counts):
        console.print(hint)
    if bounced := came_back(project, job.id):
        said = ", ".join(f"{number(count)} {kind}" for kind, count in bounced.items())
        console.print(f"Sent, and came back by mail: {said}. Policy means: about us, not about the reader.")
    lists = project.configuration.lists
    zone = lists[job.list_slug].zone if job.list_slug in lists else project.zone
    if job.state is JobState.PAUSED:
        console.print(f"Nothing of it is sent until `newsletter jobs resume {job.id}`.")
        return
    if waiting:
        console.print(f"Waiting, the most first: {escape(waiting_words(waiting, zone))}.")
    if due:
        console.print(f"The next attempt is due {in_words(due, zone=zone)}.")


def _show_plan(project: Project, job: SendJob, activity: str) -> None:
    console.print(f"{job}: {activity}, digest {job.digest}")
    show_schedule(project, job)
    if job.audience_where:
        console.print(f"Only for {escape(job.for_whom)}")
    if activity == "interrupted":
        console.print(f"No process sends it now: {how_it_goes_on(project, job)}.")
    if job.overrides:
        console.print(f"Sent in spite of errors against {', '.join(job.overrides)}")


def came_back(project: Project, job: int) -> dict[str, int]:
    """Bounces of the job by what they said (hard, soft, policy, unknown), those erased meanwhile included."""
    with reading(project.engine) as connection:
        return dict(sorted(bounce_counts(connection, job).items()))
