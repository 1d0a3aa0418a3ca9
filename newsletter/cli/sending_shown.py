"""Running a job while somebody watches: progress, or lines of JSON, and what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from newsletter.cli.common import Project, console, errors, in_words, number, print_json_line
from newsletter.cli.counts import aside_of, counts_by_name, counts_table
from newsletter.cli.entries import unknown_hint
from newsletter.cli.job_showing import activity_of
from newsletter.cli.send_progress import reporting
from newsletter.cli.sending_parts import sending_of
from newsletter.cli.timing import show_halt, why_halted
from newsletter.cli.unread import whoever_reads
from newsletter.delivery.control import Stop
from newsletter.delivery.job import SendJob
from newsletter.delivery.means import JobResult
from newsletter.delivery.outcome import State
from newsletter.delivery.worker import run_job
from newsletter.store import deliveries
from newsletter.store.engine import explain
from newsletter.store.job_times import schedule
from subscribers.errors import NewsletterError, ServiceError


@contextmanager
def errors_told(*, as_json: bool) -> Iterator[None]:
    """What a person can mend and ends the command is the last event for programs too; it goes on to the exit status."""
    try:
        yield
    except (NewsletterError, SQLAlchemyError) as problem:
        error = explain(problem) if isinstance(problem, SQLAlchemyError) else problem
        with whoever_reads():
            if as_json:
                print_json_line({"event": "error", "what": error.what, "where": error.where, "remedy": error.remedy})
        raise


def run_shown(project: Project, job: SendJob, *, as_json: bool, power_safe: bool = False) -> JobResult:
    """Run `job` with a progress bar, or with a line of JSON now and then, and show the result."""
    try:
        with reporting(job, as_json=as_json) as reporter:
            sending = replace(sending_of(project), power_safe=power_safe or None)
            result = run_job(sending, job, report=reporter)
    except ServiceError:
        with whoever_reads():
            _show_how_far(project, job, quiet=as_json)
        raise
    if result.stop is Stop.INTERRUPTED and result.job.starts_at:
        # theirs to go on with, no longer that of `serve`
        result = replace(result, job=schedule(project.engine, job.id, None))
    with whoever_reads():
        if as_json:
            print_json_line(_end_of(project, result))
        else:
            show_result(project, result)
            console.file.flush()  # here, where it may fail
    return result


def _show_how_far(project: Project, job: SendJob, *, quiet: bool) -> None:
    """The counts of a run that relay or database ended; the error says the rest."""
    with suppress(SQLAlchemyError):  # the database may be what is gone
        if not quiet:
            counts = deliveries.counts(project.engine, job.id)
            console.print(counts_table(counts, aside_of(project.engine, job.id, counts)))


def show_result(project: Project, result: JobResult) -> None:
    """Counts by state, why it ended, and what happens next."""
    recovered = asdict(result.recovered)
    if any(recovered.values()):
        console.print(
            "Left behind by an earlier run that died: " + ", ".join(f"{n} {what}" for what, n in recovered.items())
        )
    console.print(counts_table(result.counts, aside_of(project.engine, result.job.id, result.counts)))
    activity = activity_of(project, result.job, result.counts)
    console.print(f"{result.job}: {activity}; {number(result.handled)} in {result.seconds:.1f} s ({result.rate:.0f}/s)")
    if result.stop is Stop.INTERRUPTED:
        errors.print("Interrupted: what was in flight is finished and recorded. The same command goes on.")
    if result.stop is Stop.HALTED:
        show_halt(result.job)
    if hint := unknown_hint(result.job, result.counts):
        errors.print(hint)
    if result.next_due and not result.stop:
        zone = project.configuration.mailing_list(result.job.list_slug).zone
        when = in_words(result.next_due, zone=zone)
        errors.print(f"Some wait. The next attempt is due {when}: `newsletter serve`, or this command again then.")


def end_event(
    project: Project,
    job: SendJob,
    counts: dict[State, int],
    *,
    handled: int = 0,
    seconds: float = 0.0,
    next_due: datetime | None = None,
    stop: Stop | None = None,
) -> dict[str, object]:
    """What docs/operators.md says of the event `end`; every key, whatever came of the job."""
    reason, remedy = why_halted(job) if stop is Stop.HALTED else (None, None)
    return {
        "event": "end",
        "job": job.id,
        "state": job.state,
        "activity": activity_of(project, job, counts),
        "counts": counts_by_name(counts, aside_of(project.engine, job.id, counts)),
        "handled": handled,
        "seconds": round(seconds, 3),
        "next_due": next_due,
        "stop": stop,
        "reason": reason,
        "remedy": remedy,
    }


def _end_of(project: Project, result: JobResult) -> dict[str, object]:
    return end_event(
        project,
        result.job,
        result.counts,
        handled=result.handled,
        seconds=result.seconds,
        next_due=result.next_due,
        stop=result.stop,
    )
