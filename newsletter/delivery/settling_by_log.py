"""Settling the unknown deliveries of a job against the relay's log: files in, verdict out (edge; I3)."""

import gzip
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from pathlib import Path

from newsletter.delivery.hold import holding
from newsletter.delivery.job import JobEvent, JobState, SendJob
from newsletter.delivery.maillog import Attempted, MailLog, Verdict, judge
from newsletter.delivery.outcome import Event, State
from newsletter.delivery.worker import SPOOL, Sending
from newsletter.message.ids import parse_message_id
from newsletter.store import jobs, settling
from subscribers.errors import InputError
from subscribers.subscription import Actor


def read_logs(sending: Sending, job: SendJob, files: Sequence[Path], zone: tzinfo) -> MailLog:
    """What the log files say of the job's messages; raises InputError for one that cannot be read or is no mail log."""
    log = MailLog(known=lambda text: _delivery_of(sending, job, text), zone=zone, now=sending.clock())
    for file in files:
        before = log.lines
        log.read(_lines(file))
        if log.lines == before:
            raise InputError(
                "no line of it begins with a time that a mail log has",
                where=str(file),
                remedy="name the log of the relay: Postfix or Exim, plain or gzipped",
            )
    return log


def judged(sending: Sending, job: SendJob, log: MailLog) -> Verdict:
    """What the log settles of the job's unknown deliveries, none of which is changed.

    An attempt began after the job was planned, and was over when the delivery became unknown.
    """
    unknown = (
        Attempted(delivery=entry.delivery, since=job.created_at, until=entry.since or sending.clock())
        for entry in settling.entries(sending.engine, job.id, State.UNKNOWN)
    )
    return judge(log, unknown)


def apply(sending: Sending, job: SendJob, verdict: Verdict, *, actor: Actor = Actor.OPERATOR) -> SendJob:
    """Count as sent what the relay had, and queue again what it never had; the job afterwards.

    Of a cancelled job nothing is sent any more: what the relay never had is cancelled. Raises HeldError if the job is
    being sent.
    """
    with holding(sending.engine, sending.configuration.data_dir / SPOOL, job, sending.clock):
        now = sending.clock()
        settling.settle(sending.engine, job.id, Event.SETTLE_SENT, actor=actor, ids=verdict.taken, now=now)
        if verdict.absent:
            if jobs.get_job(sending.engine, job.id).state is JobState.FINISHED:
                jobs.change_job(sending.engine, job.id, JobEvent.REOPEN, now)
            settling.settle(sending.engine, job.id, Event.SETTLE_UNSENT, actor=actor, ids=verdict.absent, now=now)
            jobs.cancel_rest(sending.engine, job.id, now)
        jobs.finish_if_done(sending.engine, job.id, now)
        return jobs.get_job(sending.engine, job.id)


def _delivery_of(sending: Sending, job: SendJob, message_id: str) -> int | None:
    found = parse_message_id(sending.keyring, message_id)
    return found.delivery if found and found.job_ref == job.ref else None


def _lines(file: Path) -> Iterator[str]:
    """The lines of a log, whatever bytes it holds; a file that is being written may end in half a line."""
    try:
        with (
            gzip.open(file, "rt", encoding="utf-8", errors="replace")
            if _is_gzip(file)
            else file.open(encoding="utf-8", errors="replace") as stream
        ):
            yield from stream
    except (OSError, EOFError) as error:
        raise InputError(
            f"the log cannot be read: {getattr(error, 'strerror', None) or 'it is damaged'}",
            where=str(file),
            remedy="name a file that you may read, such as a copy of the relay's mail.log",
        ) from None


def _is_gzip(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"
