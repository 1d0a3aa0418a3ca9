"""`newsletter jobs settle --maillog`: what the relay's log says, shown before anything is changed."""

from collections.abc import Sequence
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from newsletter.cli.common import confirm, console, in_short, number
from newsletter.delivery import settling_by_log
from newsletter.delivery.job import JobState, SendJob
from newsletter.delivery.maillog import Doubt, Verdict
from newsletter.delivery.maillog_coverage import MARGIN
from newsletter.delivery.maillog_reading import MailLog
from newsletter.delivery.worker import Sending
from subscribers.errors import InputError, NegativeError

MINUTES = int(MARGIN.total_seconds() // 60)
WHY = {
    Doubt.OTHER_RELAY: "no message of the job is in the log: is it the log of the relay that the job was sent through?",
    Doubt.FATE: "the relay received them, or a part of them, and the log does not say what became of them: look in its "
    "queue (`mailq`), and try again with a later log",
    Doubt.RELAYS: "the list has several relays, and another one may have had them: name the logs of all of them, "
    "and say so with --all-relays",
    Doubt.CLOCK: "the times in the log are not those at which we sent: say with --log-zone in which zone they are",
    Doubt.LOSSES: "the log says that lines were dropped around that time",
    Doubt.COVERAGE: f"the log does not cover their attempts and {MINUTES} minutes on both sides, without a gap "
    "between files, on every machine that has mail of the job in it: name more files with --maillog, or wait",
    Doubt.HOLES: "the log lacks messages that were sent around that time: lines were dropped, or another relay or "
    "machine has them: name the logs of all",
}
"""What an operator can do about each doubt."""
ERASED = (
    "they were erased since, so no log is searched for them: --as-sent or --resend counts them, with all others that "
    "are unknown, and mails them nothing"
)
CHANGED = "they changed since the log was read, and were left as they are: look again"


def settle_by_log(
    sending: Sending, job: SendJob, files: Sequence[Path], zone_name: str, *, has_all_relays: bool, yes: bool
) -> None:
    """Settle by the log what it settles; exit status 1 if some stay unknown."""
    zone = _zone(zone_name)
    unknown = settling_by_log.unknown_of(sending, job)
    log = settling_by_log.read_logs(sending, job, files, zone, unknown=unknown, is_of_several=has_all_relays)
    verdict = settling_by_log.judged(sending, job, log, unknown, has_all_relays=has_all_relays)
    erased = settling_by_log.erased_of(sending, job, unknown)
    console.print(_covered(log, zone))
    _tell(verdict, erased)
    left = 0
    if verdict.taken or verdict.absent:
        confirm(_question(job, verdict), yes=yes)
        left = _apply(sending, job, verdict)
    if verdict.undecided or erased or left:
        raise typer.Exit(NegativeError.exit_status)


def _tell(verdict: Verdict, erased: int) -> None:
    console.print(
        f"{number(len(verdict.taken))} were taken by the relay, {number(len(verdict.absent))} were not, "
        f"{number(len(verdict.undecided) + erased)} stay unknown."
    )
    for doubt, count in verdict.doubts.items():
        console.print(f"{number(count)}: {WHY[doubt]}.")
    if erased:
        console.print(f"{number(erased)}: {ERASED}.")


def _apply(sending: Sending, job: SendJob, verdict: Verdict) -> int:
    """Settle by the verdict; how many are no longer those that were judged."""
    settled = settling_by_log.apply(sending, job, verdict)
    if settled.left:
        console.print(f"{number(settled.left)}: {CHANGED}.")
    again = settled.unsent and settled.job.state is not JobState.CANCELLED
    console.print(
        f"{settled.job} settled" + (": `newsletter send` with the same issue sends what was not." if again else ".")
    )
    return settled.left


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
    whole = log.coverage.whole
    if whole is None:
        return "The log has no line of Postfix or Exim."
    return f"The log goes from {in_short(whole.begins, zone)} to {in_short(whole.ends, zone)}."


def _question(job: SendJob, verdict: Verdict) -> str:
    sent = f"count {number(len(verdict.taken))} as sent" if verdict.taken else ""
    again = (
        f"queue {number(len(verdict.absent))} again" if verdict.absent and job.state is not JobState.CANCELLED else ""
    )
    stay = f"cancel {number(len(verdict.absent))}" if verdict.absent and not again else ""
    said = " and ".join(part for part in (sent, again, stay) if part)
    return f"{said[0].upper()}{said[1:]} of {job}?"
