"""Running a job while somebody watches: progress, or lines of JSON, and what came of it."""

from contextlib import suppress
from dataclasses import asdict, replace

from sqlalchemy.exc import DBAPIError

from newsletter.cli.common import Project, console, errors, in_words, number, print_json_line
from newsletter.cli.counts import counts_by_name, counts_table
from newsletter.cli.job_showing import activity_of
from newsletter.cli.send_progress import reporting
from newsletter.cli.sending_parts import sending_of
from newsletter.cli.timing import show_halt
from newsletter.delivery.control import Stop
from newsletter.delivery.job import SendJob
from newsletter.delivery.means import JobResult
from newsletter.delivery.worker import run_job
from newsletter.store import deliveries
from newsletter.store.job_times import schedule
from subscribers.errors import ServiceError


def run_shown(project: Project, job: SendJob, *, as_json: bool, power_safe: bool = False) -> JobResult:
    """Run `job` with a progress bar, or with a line of JSON now and then, and show the result."""
    try:
        with reporting(job, as_json=as_json) as reporter:
            sending = replace(sending_of(project), power_safe=power_safe or None)
            result = run_job(sending, job, report=reporter)
    except ServiceError as error:
        if as_json:
            print_json_line({"event": "error", "what": error.what, "where": error.where, "remedy": error.remedy})
        _show_how_far(project, job, quiet=as_json)
        raise
    if result.stop is Stop.INTERRUPTED and result.job.starts_at:
        schedule(project.engine, job.id, None)  # theirs to go on with, no longer that of `serve`
    if as_json:
        print_json_line({"event": "end", "job": job.id, **_summary(project, result)})
    else:
        show_result(project, result)
    return result


def _show_how_far(project: Project, job: SendJob, *, quiet: bool) -> None:
    """The counts of a run that relay or database ended; the error says the rest."""
    with suppress(DBAPIError):  # the database may be what is gone
        if not quiet:
            console.print(counts_table(deliveries.counts(project.engine, job.id)))


def show_result(project: Project, result: JobResult) -> None:
    """Counts by state, why it ended, and what happens next."""
    recovered = asdict(result.recovered)
    if any(recovered.values()):
        console.print(
            "Left behind by an earlier run that died: " + ", ".join(f"{n} {what}" for what, n in recovered.items())
        )
    console.print(counts_table(result.counts))
    activity = activity_of(project, result.job, result.counts)
    console.print(f"{result.job}: {activity}; {number(result.handled)} in {result.seconds:.1f} s ({result.rate:.0f}/s)")
    if result.stop is Stop.INTERRUPTED:
        errors.print("Interrupted: what was in flight is finished and recorded. The same command goes on.")
    if result.stop is Stop.HALTED:
        show_halt(result.job)
    if result.next_due and not result.stop:
        zone = project.configuration.mailing_list(result.job.list_slug).zone
        when = in_words(result.next_due, zone=zone)
        errors.print(f"Some wait. The next attempt is due {when}: `newsletter serve`, or this command again then.")


def _summary(project: Project, result: JobResult) -> dict[str, object]:
    return {
        "state": result.job.state,
        "activity": activity_of(project, result.job, result.counts),
        "counts": counts_by_name(result.counts),
        "handled": result.handled,
        "seconds": round(result.seconds, 3),
        "next_due": result.next_due,
        "stop": result.stop,
    }
