"""`newsletter send`: plan the job, ask, run it with progress, and say what came of it."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

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
)
from newsletter.cli.explain import known_rules
from newsletter.cli.retention import erase_first
from newsletter.cli.scheduling import AtOption, SpreadOption
from newsletter.cli.segments import WhereOption, read_where
from newsletter.cli.sending_shown import end_event, errors_told, run_shown
from newsletter.cli.timing import Timing, is_for_later, read_timing, refuse_for_later, replan, show_timing
from newsletter.cli.workshop import Workpiece, try_relays, work_on
from newsletter.delivery.job import JobState, Plan, SendJob, decide_plan
from newsletter.store import deliveries
from newsletter.store.audience import count_audience
from newsletter.store.identity import check
from newsletter.store.jobs import FrozenIssue, find_job, plan_job
from newsletter.store.media import save_media
from subscribers.clock import utc_now
from subscribers.errors import NegativeError
from subscribers.segment import Segment


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("send")(send)


def send(  # noqa: PLR0913, PLR0917 - Typer reads the options from the signature
    issue: IssueArgument,
    mailing_list: Annotated[
        str | None, typer.Option("--list", metavar="SLUG", help="Send to this list instead of the issue's own.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="RULE", help="Send in spite of errors against this rule; the job records it."),
    ] = None,
    where: WhereOption = None,
    at: AtOption = None,
    spread_over: SpreadOption = None,
    power_safe: Annotated[
        bool,
        typer.Option(
            "--power-safe",
            help="Keep this run exact over a power cut too: sync the disk before every group of messages.",
        ),
    ] = False,
    yes: YesOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send an issue to its list, or go on with what was interrupted. Nobody gets an issue twice.

    An issue with errors is refused, unless each of them is allowed by the name of its rule.

    \b
    Example: newsletter send issues/zomereditie.md
    Example: newsletter send issues/zomereditie.md --where 'organisation ~ "gemeente"'
    Example: newsletter send issues/zomereditie.md --at "2027-06-14 09:00" --spread-over 2
    """
    with errors_told(as_json=as_json):
        allowed = known_rules(allow or [])
        project = open_project(config, issue)
        check(project.engine, project.configuration.data_dir)
        piece = work_on(project, issue, mailing_list)
        segment = read_where(project, piece.issue.list_slug, where, is_kept=True)
        overrides = _refuse_errors(project, piece, allowed, quiet=as_json)
        timing = read_timing(piece.mailing_list, at, spread_over)
        if power_safe:
            refuse_for_later(project, timing)
        job = _plan(project, piece, overrides, segment, timing, yes=yes, quiet=as_json)
        if job is None or is_for_later(project, job, timing, quiet=as_json):
            return
        result = run_shown(project, job, as_json=as_json, power_safe=power_safe)
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


def _plan(
    project: Project,
    piece: Workpiece,
    overrides: Sequence[str],
    segment: Segment | None,
    timing: Timing,
    *,
    yes: bool,
    quiet: bool,
) -> SendJob | None:
    """The job to run; None if it is finished already. Asks before planning, not before resuming what was confirmed."""
    frozen = FrozenIssue(compiled=piece.compilation.compiled, identity=piece.identity)
    existing = find_job(project.engine, frozen.list_slug, frozen.slug)
    if decide_plan(existing, frozen.digest, str(segment or "")) is Plan.NEW:
        _ask(project, piece, segment, timing, yes=yes, quiet=quiet)
    erase_first(project, quiet=quiet)
    save_media(project.configuration.data_dir, piece.compilation.files)
    plan, job = plan_job(
        project.engine,
        project.ledger.append,
        frozen,
        now=utc_now(),
        overrides=overrides,
        segment=segment,
        when=timing.when,
    )
    if plan is Plan.FINISHED:
        _say_finished(project, job, quiet=quiet)
        return None
    if plan is Plan.RESUME:
        job = replan(project, job, timing)
        if not quiet:
            _say_resumed(project, job, segment)
    return job


def _say_resumed(project: Project, job: SendJob, segment: Segment | None) -> None:
    zone = project.configuration.mailing_list(job.list_slug).zone
    console.print(
        f"Going on with {job}: {number(job.audience)} recipients, fixed when it was planned, "
        f"{in_words(job.created_at, zone=zone)}."
    )
    now = count_audience(project.engine, job.list_slug, segment)
    if now > job.audience:
        console.print(f"There are {number(now)} subscribers now; who came later gets the next issue.")


def _ask(
    project: Project, piece: Workpiece, segment: Segment | None, timing: Timing, *, yes: bool, quiet: bool
) -> None:
    slug = piece.issue.list_slug
    count = count_audience(project.engine, slug, segment)
    if not count and segment:
        raise NegativeError(
            f"this holds of nobody on the list {slug}: {segment}",
            remedy=f"`newsletter subscribers count --list {slug} --where …` says for whom a condition holds",
        )
    if not count:
        raise NegativeError(
            f"the list {slug} has no active subscribers",
            remedy=f"`newsletter subscribers import FILE --list {slug} …` adds them",
        )
    people = "1 subscriber" if count == 1 else f"{number(count)} subscribers"
    whom = f"{people} of {piece.mailing_list.title!r}"
    whom += f", those of whom this holds: {segment}," if segment else ""
    if not quiet:
        show_timing(project, slug, segment, timing)
    starts_at = timing.when.starts_at
    when = f" on {in_words(starts_at, zone=piece.mailing_list.zone)}" if starts_at else ""
    _try_relays(project, piece, quiet=quiet)
    confirm(f"Send {piece.issue.slug!r} to {whom}{when}?", yes=yes)


def _try_relays(project: Project, piece: Workpiece, *, quiet: bool) -> None:
    """Ask the relays; say which of them will do nothing for this issue while others can."""
    for words in try_relays(project.configuration, piece):
        if not quiet:
            errors.print(f"Note: {escape(words)}; what it cannot do goes through the other relays.")


def _say_finished(project: Project, job: SendJob, *, quiet: bool) -> None:
    """That nothing is left to send; raises NegativeError if that is because the job was cancelled."""
    since = in_words(job.finished_at, zone=project.configuration.mailing_list(job.list_slug).zone)
    if job.state is JobState.CANCELLED:
        raise NegativeError(
            f"{job} was cancelled on {since}: nothing more of it is sent",
            remedy=f"`newsletter jobs show {job.id} --state cancelled` says who got nothing; under another slug the "
            "issue goes to the whole list again, also to who got it before",
        )
    if quiet:
        print_json_line(end_event(project, job, deliveries.counts(project.engine, job.id)))
    else:
        console.print(
            f"{job} is {job.state} since {since}: nobody gets it twice. `newsletter jobs show {job.id}` has the counts."
        )
