"""`newsletter jobs`: what was sent, what waits, and going on with it."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from newsletter.cli.common import (
    ConfigOption,
    JsonOption,
    Project,
    YesOption,
    confirm,
    console,
    in_short,
    in_words,
    number,
    open_project,
    print_json,
)
from newsletter.cli.counts import counts_by_name, counts_table
from newsletter.delivery.job import JobEvent, SendJob
from newsletter.delivery.outcome import OPEN, State
from newsletter.store import deliveries
from newsletter.store.jobs import change_job, get_job, list_jobs
from subscribers.clock import utc_now

app = typer.Typer(help="Send jobs: list, show, pause, resume, cancel.", invoke_without_command=True)

JobArgument = Annotated[int, typer.Argument(metavar="JOB", help="Number of the job; `newsletter jobs` lists them.")]


@app.callback()
def list_all(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the jobs, newest first.

    \b
    Example: newsletter jobs
    """
    if context.invoked_subcommand:
        return
    project = open_project(config)
    found = [(job, deliveries.counts(project.engine, job.id)) for job in list_jobs(project.engine)]
    if as_json:
        print_json([{**asdict(job), "counts": counts_by_name(counts)} for job, counts in found])
        return
    table = Table("Job", "Issue", "State", box=None, pad_edge=False)
    for title in ("Audience", "Sent", "Not sent", "Unknown", "Open"):
        table.add_column(title, justify="right")
    table.add_column("Planned")
    for job, counts in found:
        table.add_row(*_cells(project, job, counts))
    console.print(table if found else "No job yet: `newsletter send ISSUE` makes one.")


def _cells(project: Project, job: SendJob, counts: dict[State, int]) -> list[str]:
    lists = project.configuration.lists
    zone = lists[job.list_slug].zone if job.list_slug in lists else None
    bad = sum(counts.get(state, 0) for state in (State.REFUSED, State.EXPIRED, State.SKIPPED, State.CANCELLED))
    still = sum(counts.get(state, 0) for state in OPEN)
    figures = (job.audience, counts.get(State.SENT, 0), bad, counts.get(State.UNKNOWN, 0), still)
    planned = in_short(job.created_at, zone=zone)
    return [str(job.id), f"{job.list_slug}/{job.slug}", str(job.state), *map(number, figures), planned]


@app.command()
def show(job: JobArgument, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show one job: how many in each state, and when the next attempt is due.

    \b
    Example: newsletter jobs show 3
    """
    project = open_project(config)
    found = get_job(project.engine, job)
    counts = deliveries.counts(project.engine, job)
    due = deliveries.next_due(project.engine, job)
    if as_json:
        print_json({**asdict(found), "counts": counts_by_name(counts), "next_due": due})
        return
    console.print(f"{found}: {found.state}, digest {found.digest}")
    if found.overrides:
        console.print(f"Sent in spite of errors against {', '.join(found.overrides)}")
    console.print(counts_table(counts))
    if due:
        console.print(
            f"The next attempt is due {in_words(due, zone=project.configuration.mailing_list(found.list_slug).zone)}."
        )


@app.command()
def pause(job: JobArgument, config: ConfigOption = None) -> None:
    """Stop claiming within two seconds; what is in flight is finished and recorded.

    \b
    Example: newsletter jobs pause 3
    """
    _change(
        open_project(config), job, JobEvent.PAUSE, "`newsletter jobs resume` and then `newsletter send` go on with it"
    )


@app.command()
def resume(job: JobArgument, config: ConfigOption = None) -> None:
    """Let a paused job go on: `newsletter send` with the same issue takes it from there.

    \b
    Example: newsletter jobs resume 3
    """
    _change(open_project(config), job, JobEvent.RESUME, "`newsletter send` with the same issue takes it from there")


@app.command()
def cancel(job: JobArgument, yes: YesOption = False, config: ConfigOption = None) -> None:
    """End a job: what was not sent stays unsent, for good.

    \b
    Example: newsletter jobs cancel 3
    """
    project = open_project(config)
    found = get_job(project.engine, job)
    open_ones = sum(count for state, count in deliveries.counts(project.engine, job).items() if state in OPEN)
    confirm(f"Cancel {found}? {number(open_ones)} deliveries will never be sent.", yes=yes)
    _change(project, job, JobEvent.CANCEL, "what was sent stays sent")


def _change(project: Project, job: int, event: JobEvent, then: str) -> None:
    changed = change_job(project.engine, job, event, utc_now())
    console.print(f"{changed} is {changed.state}: {then}.")
