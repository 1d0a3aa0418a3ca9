"""`newsletter send`: plan the job, ask, run it with progress, and say what came of it."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, TypeAlias

import typer
from rich.progress import Progress as Bars
from sqlalchemy.exc import DBAPIError

from newsletter.cli.checking import IssueArgument, show_findings
from newsletter.cli.common import (
    ConfigOption,
    JsonOption,
    Project,
    YesOption,
    confirm,
    console,
    errors,
    in_words,
    number,
    open_project,
    print_json_line,
    progress,
)
from newsletter.cli.counts import counts_by_name, counts_table
from newsletter.cli.explain import known_rules
from newsletter.cli.jobs import sending_of
from newsletter.cli.retention import erase_due, show_run
from newsletter.cli.workshop import Workpiece, work_on
from newsletter.delivery.control import Progress, Stop
from newsletter.delivery.job import Plan, SendJob, decide_plan
from newsletter.delivery.outcome import State
from newsletter.delivery.run import JobResult
from newsletter.delivery.smtp import endpoint_of, open_session
from newsletter.delivery.worker import run_job
from newsletter.store import deliveries
from newsletter.store.jobs import FrozenIssue, count_audience, find_job, plan_job
from newsletter.store.media import save_media
from subscribers.clock import utc_now
from subscribers.errors import NegativeError, ServiceError

Reporter: TypeAlias = Callable[[Progress], None]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("send")(send)


def send(
    issue: IssueArgument,
    mailing_list: Annotated[
        str | None, typer.Option("--list", metavar="SLUG", help="Send to this list instead of the issue's own.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="RULE", help="Send in spite of errors against this rule; the job records it."),
    ] = None,
    yes: YesOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send an issue to its list, or go on with what was interrupted. Nobody gets an issue twice.

    An issue with errors is refused, unless each of them is allowed by the name of its rule.

    \b
    Example: newsletter send issues/zomereditie.md
    """
    allowed = known_rules(allow or [])
    project = open_project(config, issue)
    piece = work_on(project, issue, mailing_list)
    overrides = _refuse_errors(project, piece, allowed, quiet=as_json)
    job = _plan(project, piece, overrides, yes=yes, quiet=as_json)
    if job is None:
        return
    result = run_shown(project, job, as_json=as_json)
    if result.exit_status:
        raise typer.Exit(result.exit_status)


def _refuse_errors(project: Project, piece: Workpiece, allowed: Sequence[str], *, quiet: bool) -> tuple[str, ...]:
    """The rules that the issue breaks and may; raises NegativeError for any other. What its job let pass goes on to."""
    if not quiet and piece.findings:
        show_findings(piece.findings, piece.mailing_list.language)
    broken = tuple(dict.fromkeys(finding.rule for finding in piece.errors))
    if not broken:
        return ()
    job = find_job(project.engine, piece.issue.list_slug, piece.issue.slug)
    refused = [rule for rule in broken if rule not in {*allowed, *(job.overrides if job else ())}]
    if refused:
        raise NegativeError(
            f"the issue has errors against {', '.join(refused)} and is not sent",
            where=piece.issue.file,
            remedy=f"mend what is named; `newsletter explain {refused[0]}` says how",
        )
    if not quiet:
        errors.print(f"Let pass by name: {', '.join(broken)}")
    return broken


def _plan(project: Project, piece: Workpiece, overrides: Sequence[str], *, yes: bool, quiet: bool) -> SendJob | None:
    """The job to run; None if it is finished already. Asks before planning, not before resuming what was confirmed."""
    frozen = FrozenIssue(compiled=piece.compilation.compiled, identity=piece.identity)
    existing = find_job(project.engine, frozen.list_slug, frozen.slug)
    if decide_plan(existing, frozen.digest) is Plan.NEW:
        _ask(project, piece, yes=yes)
        asyncio.run(_try_relay(project, piece))
    _erase_first(project, quiet=quiet)
    save_media(project.configuration.data_dir, piece.compilation.files)
    plan, job = plan_job(project.engine, project.ledger.append, frozen, now=utc_now(), overrides=overrides)
    if plan is Plan.FINISHED:
        _say_finished(project, job, quiet=quiet)
        return None
    if plan is Plan.RESUME and not quiet:
        _say_resumed(project, job)
    return job


def _erase_first(project: Project, *, quiet: bool) -> None:
    """What is due is erased before every job (I4), and the receipt is shown."""
    done = erase_due(project, project.engine, quiet=quiet)
    if done.receipt and not quiet:
        show_run(project, done)


async def _try_relay(project: Project, piece: Workpiece) -> None:
    """Greet the relay and leave: planning fixes audience and text, so it must not happen where nothing can be sent."""
    configuration = project.configuration
    session = await open_session(endpoint_of(configuration, configuration.relay_of(piece.issue.list_slug)))
    await session.quit()


def _say_resumed(project: Project, job: SendJob) -> None:
    zone = project.configuration.mailing_list(job.list_slug).zone
    console.print(
        f"Going on with {job}: {number(job.audience)} recipients, fixed when it was planned, "
        f"{in_words(job.created_at, zone=zone)}."
    )
    now = count_audience(project.engine, job.list_slug)
    if now > job.audience:
        console.print(f"The list has {number(now)} subscribers now; who came later gets the next issue.")


def _ask(project: Project, piece: Workpiece, *, yes: bool) -> None:
    slug = piece.issue.list_slug
    count = count_audience(project.engine, slug)
    if not count:
        raise NegativeError(
            f"the list {slug} has no active subscribers",
            remedy=f"`newsletter subscribers import FILE --list {slug} …` adds them",
        )
    people = "1 subscriber" if count == 1 else f"{number(count)} subscribers"
    confirm(f"Send {piece.issue.slug!r} to {people} of {piece.mailing_list.title!r}?", yes=yes)


def _say_finished(project: Project, job: SendJob, *, quiet: bool) -> None:
    zone = project.configuration.mailing_list(job.list_slug).zone
    if quiet:
        counts = counts_by_name(deliveries.counts(project.engine, job.id))
        print_json_line({"event": "end", "job": job.id, "state": job.state, "counts": counts, "handled": 0})
        return
    console.print(
        f"{job} is {job.state} since {in_words(job.finished_at, zone=zone)}: nobody gets it twice. "
        f"`newsletter jobs show {job.id}` has the counts."
    )


# ---------------------------------------------------------------- running


def run_shown(project: Project, job: SendJob, *, as_json: bool) -> JobResult:
    """Run `job` with a progress bar, or with a line of JSON now and then, and show the result."""
    try:
        with progress(quiet=as_json) as bars:
            reporter = _json_reporter() if as_json else _bar_reporter(bars, job)
            result = run_job(sending_of(project), job, report=reporter)
    except ServiceError:
        _show_how_far(project, job, quiet=as_json)
        raise
    if as_json:
        print_json_line({"event": "end", "job": job.id, **_summary(result)})
    else:
        show_result(project, result)
    return result


def _show_how_far(project: Project, job: SendJob, *, quiet: bool) -> None:
    """The counts of a run that relay or database ended; the error says the rest."""
    with suppress(DBAPIError):  # the database may be what is gone
        if not quiet:
            console.print(counts_table(deliveries.counts(project.engine, job.id)))


def _bar_reporter(bars: Bars, job: SendJob) -> Reporter:
    task = bars.add_task(f"Sending {job.list_slug}/{job.slug}", total=max(job.audience, 1))

    def report(now: Progress) -> None:
        bad = sum(now.counts.get(state, 0) for state in (State.REFUSED, State.UNKNOWN, State.EXPIRED))
        waiting = now.counts.get(State.DEFERRED, 0)
        extra = f" [red]{bad} not sent[/]" * bool(bad) + f" [yellow]{waiting} deferred[/]" * bool(waiting)
        bars.update(task, completed=now.done, description=f"Sending {job.list_slug}/{job.slug}{extra}")

    return report


def _json_reporter() -> Reporter:
    last = [-1.0]

    def report(now: Progress) -> None:
        if now.seconds - last[0] >= 1:
            last[0] = now.seconds
            line = {"done": now.done, "audience": now.audience, "rate": round(now.rate, 1)}
            print_json_line({"event": "progress", **line, "counts": counts_by_name(now.counts)})

    return report


def show_result(project: Project, result: JobResult) -> None:
    """Counts by state, why it ended, and what happens next."""
    recovered = asdict(result.recovered)
    if any(recovered.values()):
        console.print(
            "Left behind by an earlier run that died: " + ", ".join(f"{n} {what}" for what, n in recovered.items())
        )
    console.print(counts_table(result.counts))
    console.print(
        f"{result.job}: {result.job.state}; {number(result.handled)} in {result.seconds:.1f} s ({result.rate:.0f}/s)"
    )
    if result.stop is Stop.INTERRUPTED:
        errors.print("Interrupted: what was in flight is finished and recorded. The same command goes on.")
    if result.next_due:
        zone = project.configuration.mailing_list(result.job.list_slug).zone
        when = in_words(result.next_due, zone=zone)
        errors.print(
            f"Some were deferred. The next attempt is due {when}: `newsletter serve`, or this command again then."
        )


def _summary(result: JobResult) -> dict[str, object]:
    return {
        "state": result.job.state,
        "counts": counts_by_name(result.counts),
        "handled": result.handled,
        "seconds": round(result.seconds, 3),
        "next_due": result.next_due,
        "stop": result.stop,
    }
