"""`newsletter jobs settle --maillog`: what the relay's log says, shown before anything is changed."""

from collections.abc import Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from newsletter.cli.common import confirm, console, in_short, number
from newsletter.delivery import settling_by_log
from newsletter.delivery.job import JobState, SendJob
from newsletter.delivery.maillog import MailLog, Verdict
from newsletter.delivery.worker import Sending
from subscribers.errors import InputError, NegativeError


def settle_by_log(sending: Sending, job: SendJob, files: Sequence[Path], zone_name: str, *, yes: bool) -> None:
    """Settle by the log what it settles; exit status 1 if some stay unknown."""
    zone = _zone(zone_name)
    log = settling_by_log.read_logs(sending, job, files, zone)
    verdict = settling_by_log.judged(sending, job, log)
    console.print(_covered(log, zone))
    console.print(
        f"{number(len(verdict.taken))} were taken by the relay, {number(len(verdict.absent))} were not, "
        f"{number(len(verdict.undecided))} stay unknown."
    )
    if verdict.undecided:
        console.print(_why(job, log))
    if verdict.taken or verdict.absent:
        confirm(_question(job, verdict), yes=yes)
        changed = settling_by_log.apply(sending, job, verdict)
        again = verdict.absent and changed.state is not JobState.CANCELLED
        console.print(
            f"{changed} settled" + (": `newsletter send` with the same issue sends what was not." if again else ".")
        )
    if verdict.undecided:
        raise typer.Exit(NegativeError.exit_status)


def _zone(name: str) -> tzinfo:
    if not name:
        return _zone_of_this_machine()
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"{name!r} is not a time zone", where="--log-zone", remedy="such as Europe/Amsterdam"
        ) from None


def _zone_of_this_machine() -> tzinfo:
    try:
        with Path("/etc/localtime").open("rb") as file:
            return ZoneInfo.from_file(file, key="localtime")
    except (OSError, ValueError):
        return UTC


def _covered(log: MailLog, zone: tzinfo) -> str:
    return f"The log goes from {in_short(log.begins, zone)} to {in_short(log.ends, zone)}."


def _why(job: SendJob, log: MailLog) -> str:
    if not log.knows_the_job:
        return f"No message of {job} is in it: is it the log of the relay that the job was sent through?"
    return "It does not cover their attempts on both sides: add the files before and after with more --maillog."


def _question(job: SendJob, verdict: Verdict) -> str:
    sent = f"count {number(len(verdict.taken))} as sent" if verdict.taken else ""
    again = (
        f"queue {number(len(verdict.absent))} again" if verdict.absent and job.state is not JobState.CANCELLED else ""
    )
    stay = f"cancel {number(len(verdict.absent))}" if verdict.absent and not again else ""
    said = " and ".join(part for part in (sent, again, stay) if part)
    return f"{said[0].upper()}{said[1:]} of {job}?"
