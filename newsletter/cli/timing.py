"""What a job's time means for the commands: planning, moving, saying when, and why one halted."""

from dataclasses import dataclass, field
from datetime import timedelta

from rich.markup import escape

from newsletter.cli.common import Project, console, errors, in_words, print_json_line
from newsletter.cli.scheduling import calculate, duration, is_limited, parse_at, show_forecast
from newsletter.cli.sending_parts import sending_of
from newsletter.config_lists import MailingList
from newsletter.delivery.job import JobState, SendJob, When
from newsletter.delivery.pushback import remedy
from newsletter.delivery.worker import is_power_safe
from newsletter.store.domains import count_by_domain
from newsletter.store.job_times import schedule
from subscribers.clock import utc_now
from subscribers.errors import ConflictError, InputError, NegativeError
from subscribers.segment import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What `send` was told about time."""

    when: When = field(default_factory=When)
    is_told: bool = False
    """--at was given; with `now` it has no `starts_at`."""


def read_timing(mailing_list: MailingList, at: str | None, spread_over: float | None) -> Timing:
    """Read `--at` and `--spread-over`; raises InputError."""
    return Timing(
        when=When(
            starts_at=parse_at(at, mailing_list.zone, utc_now()),
            spread=timedelta(hours=spread_over) if spread_over else None,
        ),
        is_told=at is not None,
    )


def refuse_for_later(project: Project, timing: Timing) -> None:
    """`--power-safe` is of the run of this command: raises InputError if `serve` is to send it instead."""
    if timing.when.starts_at and not is_power_safe(sending_of(project)):
        raise InputError(
            "--power-safe asks for this run only, and with --at `newsletter serve` sends it",
            where="--power-safe",
            remedy="set power_safe in newsletter.toml ([pace]): every job keeps to it, under `newsletter serve` too",
        )


def show_timing(project: Project, list_slug: str, segment: Segment | None, timing: Timing) -> None:
    """How long it will take, before asking; nothing where no limit is set."""
    when = timing.when
    if not is_limited(project, list_slug, when.spread):
        return
    mix = count_by_domain(project.engine, list_slug, segment)
    found = calculate(project, list_slug, mix, start=when.starts_at or utc_now(), spread=when.spread)
    show_forecast(found, project.configuration.mailing_list(list_slug).zone)


def replan(project: Project, job: SendJob, timing: Timing) -> SendJob:
    """Move a job that was planned before to another time, if one was given; raises for what cannot be changed."""
    if timing.when.spread and timing.when.spread != job.spread:
        raise ConflictError(
            "over how long a job is spread is fixed when it is planned",
            where=str(job),
            remedy="leave --spread-over out",
        )
    if job.state is JobState.PAUSED and timing.when.starts_at:
        raise ConflictError(
            "the job is paused: nobody would start it then",
            where=str(job),
            remedy=f"`newsletter jobs resume {job.id}` first, then --at moves it",
        )
    if timing.is_told:
        return schedule(project.engine, job.id, timing.when.starts_at)
    if job.state is JobState.PLANNED and job.starts_at and job.starts_at > utc_now():
        zone = project.configuration.mailing_list(job.list_slug).zone
        raise NegativeError(
            f"it is planned for {in_words(job.starts_at, zone=zone)}: nothing is sent before",
            where=str(job),
            remedy="`--at now` sends it at once, `--at TIME` moves it, `newsletter serve` starts it at its time",
        )
    return job


def is_for_later(project: Project, job: SendJob, timing: Timing, *, quiet: bool) -> bool:
    """Whether the job was told to start later; says so."""
    if not timing.is_told or job.starts_at is None:
        return False
    when = in_words(job.starts_at, zone=project.configuration.mailing_list(job.list_slug).zone)
    if quiet:
        print_json_line({"event": "planned", "job": job.id, "starts_at": job.starts_at, "audience": job.audience})
    else:
        console.print(f"{job} is planned for {when}: `newsletter serve` starts it then, and must be running.")
    return True


def how_it_goes_on(project: Project, job: SendJob) -> str:
    """Who sends what is left of the job, and when, as the end of a sentence."""
    if job.starts_at is None:
        return "`newsletter send` with the same issue takes it from there"
    if job.starts_at <= utc_now():
        return "`newsletter serve` goes on with it, and so does `newsletter send` with the same issue"
    zone = project.configuration.lists[job.list_slug].zone if job.list_slug in project.configuration.lists else None
    verb = "starts it" if job.state is JobState.PLANNED else "goes on with it"
    return f"`newsletter serve` {verb} on {in_words(job.starts_at, zone=zone)}, and must be running then"


def show_schedule(project: Project, job: SendJob) -> None:
    """When it starts, over how long it is spread, and why it halted; nothing for an ordinary job."""
    lists = project.configuration.lists
    zone = lists[job.list_slug].zone if job.list_slug in lists else None
    if job.starts_at and job.starts_at > utc_now() and (then := _what_happens_then(job)):
        console.print(then.format(in_words(job.starts_at, zone=zone)))
    if job.spread:
        console.print(f"Spread over {duration(job.spread)}")
    if job.halted:
        show_halt(job)


def _what_happens_then(job: SendJob) -> str:
    """What comes of a time that is still to come, with a gap for it; nothing for a job that has ended."""
    if job.state is JobState.PLANNED:
        return "Planned for {}: `newsletter serve` starts it then."
    if job.state is JobState.RUNNING:
        return "Waits until {}: `newsletter serve` goes on then."
    if job.state is JobState.PAUSED:
        return f"Planned for {{}}, and paused: nobody starts it before `newsletter jobs resume {job.id}`."
    return ""


def show_halt(job: SendJob) -> None:
    """Why a job paused by itself, and what to do."""
    what, then = why_halted(job)
    errors.print(f"[bold red]Halted[/]: {escape(what)}. {escape(then)}.")


def why_halted(job: SendJob) -> tuple[str, str]:
    """What made the job pause by itself, and what to do."""
    why, _, what = job.halted.partition(": ")
    return what, remedy(why).replace("JOB", str(job.id))
