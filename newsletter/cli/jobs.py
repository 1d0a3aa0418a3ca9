"""`newsletter jobs`: what was sent, what waits, what is unknown, and going on with it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from newsletter.cli.common import (
    ConfigOption,
    JsonOption,
    Project,
    YesOption,
    confirm,
    console,
    errors,
    number,
    open_project,
    print_json,
)
from newsletter.cli.entries import show_entries, state_named
from newsletter.cli.job_showing import job_as_json, job_cells, show_job
from newsletter.cli.retrying import ClassOption, RetryOption, retry_job
from newsletter.cli.sending_parts import sending_of
from newsletter.cli.timing import how_it_goes_on
from newsletter.delivery import settling
from newsletter.delivery.job import JobEvent, JobState, SendJob
from newsletter.delivery.outcome import OPEN, Event, State
from newsletter.store import deliveries, job_times
from newsletter.store.identity import check
from newsletter.store.jobs import change_job, get_job, list_jobs
from subscribers.clock import utc_now
from subscribers.errors import ConflictError, InputError

app = typer.Typer(
    help="""Send jobs: list, show, pause, resume, cancel, settle. Without a command: the list.

    \b
    Examples: newsletter jobs
              newsletter jobs show 3 --state unknown
    """,
    invoke_without_command=True,
)

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
    _settle_stopped(project)
    found = [(job, deliveries.counts(project.engine, job.id)) for job in list_jobs(project.engine)]
    if as_json:
        print_json([job_as_json(project, job, counts) for job, counts in found])
        return
    table = Table("Job", "Issue", "State", box=None, pad_edge=False)
    for title in ("Audience", "Sent", "Not sent", "Unknown", "Open"):
        table.add_column(title, justify="right")
    table.add_column("Planned")
    for job, counts in found:
        table.add_row(*job_cells(project, job, counts))
    console.print(table if found else "No job yet: `newsletter send ISSUE` makes one.")


@app.command()
def show(
    job: JobArgument,
    state: Annotated[
        State | None,
        typer.Option(
            "--state",
            parser=state_named,
            metavar="STATE",
            help="List the deliveries in this state (unknown, refused, deferred …), with their addresses.",
        ),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one job: how many in each state, and when the next attempt is due; or who is in one state.

    \b
    Examples: newsletter jobs show 3
              newsletter jobs show 3 --state unknown
    """
    project = open_project(config)
    _settle_stopped(project)
    found = get_job(project.engine, job)
    if state is not None:
        show_entries(project, found, state, as_json=as_json)
        return
    show_job(project, found, as_json=as_json)


@app.command()
def pause(job: JobArgument, config: ConfigOption = None) -> None:
    """Stop claiming within two seconds; what is in flight is finished and recorded.

    \b
    Example: newsletter jobs pause 3
    """
    project, then = open_project(config), f"`newsletter jobs resume {job}` lets it go on"
    found = get_job(project.engine, job)
    if found.state is JobState.PAUSED:
        console.print(f"{found} is paused already: {then}.")
        return
    changed = change_job(project.engine, job, JobEvent.PAUSE, utc_now())
    console.print(f"{changed} is {changed.state}: {then}.")


@app.command()
def resume(
    job: JobArgument,
    retry: RetryOption = None,
    kind: ClassOption = None,
    yes: YesOption = False,
    config: ConfigOption = None,
) -> None:
    """Let a paused job go on: `newsletter send` with the same issue takes it from there, or `newsletter serve` does.

    A job that was planned for a time that is still to come waits for it.

    With --retry, what was refused or expired is queued again first: all of it, or one class. Refusals of the class
    "policy" are about us, not about the readers: mend what is wrong before.

    \b
    Example: newsletter jobs resume 3
    Example: newsletter jobs resume 3 --retry refused --class policy
    """
    project = open_project(config)
    check(project.engine, project.configuration.data_dir)
    if retry is None and kind is not None:
        raise InputError("--class says which of --retry", remedy="add --retry refused")
    if retry is not None:
        retry_job(project, job, retry, kind, yes=yes)
    if retry is None or get_job(project.engine, job).state is JobState.PAUSED:
        changed = job_times.resume(project.engine, job, utc_now())
        console.print(f"{changed} is {changed.state}: {how_it_goes_on(project, changed)}.")


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
    changed = settling.cancel(sending_of(project), found)
    console.print(f"{changed} is {changed.state}: what was sent stays sent.")


@app.command()
def settle(  # noqa: PLR0913, PLR0917 - Typer reads the options from the signature
    job: JobArgument,
    as_sent: Annotated[bool, typer.Option("--as-sent", help="The relay had them: count them as sent.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="The relay never had them: send them again.")] = False,
    maillog: Annotated[
        list[Path] | None,
        typer.Option("--maillog", metavar="FILE", help="The log of the relay decides: Postfix or Exim; repeatable."),
    ] = None,
    log_zone: Annotated[
        str, typer.Option("--log-zone", metavar="ZONE", help="Time zone of log lines that name none; this machine's.")
    ] = "",
    all_relays: Annotated[
        bool, typer.Option("--all-relays", help="The logs named are those of all relays that the job used.")
    ] = False,
    yes: YesOption = False,
    config: ConfigOption = None,
) -> None:
    """Say what became of the unknown deliveries of a job: all of them by your word, or each by the relay's log.

    \b
    Examples: newsletter jobs settle 3 --maillog /var/log/mail.log
              newsletter jobs settle 3 --as-sent
              newsletter jobs settle 3 --resend
    """
    if [as_sent, resend, bool(maillog)].count(True) != 1:
        raise InputError(
            "say which one",
            remedy="--maillog FILE if you have the relay's log; else --as-sent if it had them, --resend if it did not",
        )
    project = open_project(config)
    found = get_job(project.engine, job)
    if resend and found.state is JobState.CANCELLED:
        raise ConflictError("the job is cancelled: nothing of it is sent any more", where=str(found))
    settling.recover_left(sending_of(project), found)
    count = deliveries.counts(project.engine, job)[State.UNKNOWN]
    if not count:
        console.print(f"{found} has no unknown deliveries.")
        return
    if maillog:
        from newsletter.cli.settling import settle_by_log

        settle_by_log(sending_of(project), found, maillog, log_zone, has_all_relays=all_relays, yes=yes)
        return
    confirm(_settling_question(found, count, resend=resend), yes=yes)
    changed = settling.settle_unknown(sending_of(project), found, Event.SETTLE_UNSENT if resend else Event.SETTLE_SENT)
    then = how_it_goes_on(project, changed) if resend else "they count as sent"
    console.print(f"{number(count)} of {changed} settled: {then}.")


def _settling_question(job: SendJob, count: int, *, resend: bool) -> str:
    if resend:
        return f"Send {number(count)} unknown of {job} again? Whoever the relay did mail gets it twice."
    return f"Count {number(count)} unknown of {job} as sent? Whoever the relay did not mail gets nothing."


def _settle_stopped(project: Project) -> None:
    """Before anything is shown: what became of deliveries that a killed process held; says what cannot be settled."""
    for job, error in settling.recover_stopped(sending_of(project)):
        errors.print(escape(f"What a killed process held of {job} cannot be settled: {error}"))
