"""Settling the unknown deliveries of a job against the relay's log: files in, verdict out (edge; I3)."""

import gzip
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import starmap
from pathlib import Path

from newsletter.delivery.hold import holding
from newsletter.delivery.job import JobEvent, JobState, SendJob
from newsletter.delivery.maillog import Attempted, Verdict, judge, skew_of
from newsletter.delivery.maillog_reading import LONGEST_LINE, MailLog
from newsletter.delivery.maillog_times import Stamps
from newsletter.delivery.maillog_witnesses import AFTER, Recorded, witnesses_of
from newsletter.delivery.outcome import Event, State
from newsletter.delivery.worker import SPOOL, Sending
from newsletter.message.ids import parse_message_id
from newsletter.store import deliveries, jobs, settling
from subscribers.errors import InputError
from subscribers.subscription import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of a verdict."""

    job: SendJob
    unsent: int
    """Deliveries that the relay never had: queued again, or cancelled."""
    left: int
    """Deliveries that are no longer those that were judged: nothing was done with them."""


def unknown_of(sending: Sending, job: SendJob) -> list[Attempted]:
    """The job's unknown deliveries: an attempt began after the job was planned, and was over when it became unknown."""
    unknown = settling.unknown_since(sending.engine, job.id)
    known = witnesses(sending, job, unknown.values())
    return [
        Attempted(delivery=delivery, since=job.created_at, until=moment, witnesses=known[moment])
        for delivery, moment in unknown.items()
    ]


def erased_of(sending: Sending, job: SendJob, unknown: Collection[Attempted]) -> int:
    """How many more are unknown: they were erased, and nothing says by which Message-ID to look for them."""
    return max(0, deliveries.counts(sending.engine, job.id)[State.UNKNOWN] - len(unknown))


def witnesses(sending: Sending, job: SendJob, moments: Collection[datetime]) -> Mapping[datetime, frozenset[int]]:
    """For each moment when an attempt was over, deliveries that the relay took shortly before and after."""
    if not moments:
        return {}
    sent = settling.sent_groups(sending.engine, job.id, max(moments) + AFTER)
    return witnesses_of(moments, starmap(Recorded, sent))


def has_several_relays(sending: Sending, job: SendJob) -> bool:
    """Whether one relay's log may lack what another relay of the job took."""
    return len(sending.configuration.relays_of(job.list_slug)) > 1


def read_logs(
    sending: Sending,
    job: SendJob,
    files: Sequence[Path],
    zone: tzinfo,
    *,
    unknown: Collection[Attempted],
    is_of_several: bool = False,
) -> MailLog:
    """What the log files say of these deliveries, in whatever order they are named.

    `is_of_several`: more than one relay wrote them. Raises InputError for a file that cannot be read or is no mail log.
    """
    log = MailLog(
        known=lambda text: _delivery_of(sending, job, text),
        zone=zone,
        now=sending.clock(),
        unknown=frozenset(item.delivery for item in unknown),
        witnesses=frozenset().union(*{item.witnesses for item in unknown}),
        is_of_several=is_of_several,
    )
    begins = {file: _begins(file, Stamps(zone, log.now)) for file in files}
    for file in sorted(begins, key=lambda file: begins[file]):
        log.read(_lines(file))
    return log


def judged(
    sending: Sending, job: SendJob, log: MailLog, unknown: Collection[Attempted], *, has_all_relays: bool
) -> Verdict:
    """What the log settles of these deliveries, none of which is changed.

    `has_all_relays`: the operator says that it has the logs of all relays of the job.
    """
    is_whole = has_all_relays or not has_several_relays(sending, job)
    return judge(log, unknown, is_whole=is_whole, skew=skew(sending, job, log))


def skew(sending: Sending, job: SendJob, log: MailLog) -> timedelta | None:
    """How far the relay's clock is ahead, by messages that are known to be sent; None if the log has none."""
    seen = log.late | log.early
    return skew_of(seen, settling.sent_at(sending.engine, job.id, seen))


def apply(sending: Sending, job: SendJob, verdict: Verdict, *, actor: Actor = Actor.OPERATOR) -> Settled:
    """Count as sent what the relay had, and queue again what it never had.

    Only what is unknown since the same moment: a log that was read before says nothing of an attempt made since. Of a
    cancelled job nothing is sent any more: what the relay never had is cancelled. Raises HeldError if the job is being
    sent.
    """
    with holding(sending.engine, sending.configuration.data_dir / SPOOL, job, sending.clock):
        now = sending.clock()
        same = settling.unknown_since(sending.engine, job.id).items() & verdict.judged.items()
        still = {delivery for delivery, _ in same}
        taken, absent = verdict.taken & still, verdict.absent & still
        settling.settle(sending.engine, job.id, Event.SETTLE_SENT, actor=actor, ids=taken, now=now)
        if absent:
            if jobs.get_job(sending.engine, job.id).state is JobState.FINISHED:
                jobs.change_job(sending.engine, job.id, JobEvent.REOPEN, now)
            settling.settle(sending.engine, job.id, Event.SETTLE_UNSENT, actor=actor, ids=absent, now=now)
            jobs.cancel_rest(sending.engine, job.id, now)
        jobs.finish_if_done(sending.engine, job.id, now)
        left = len((verdict.taken | verdict.absent) - still)
        return Settled(job=jobs.get_job(sending.engine, job.id), unsent=len(absent), left=left)


def _delivery_of(sending: Sending, job: SendJob, message_id: str) -> int | None:
    found = parse_message_id(sending.keyring, message_id)
    return found.delivery if found and found.job_ref == job.ref else None


def _begins(file: Path, stamps: Stamps) -> datetime:
    """The time of the first line that has one; raises InputError if none has."""
    for line in _lines(file):
        if read := stamps.read(line):
            return read[0].moment
    raise InputError(
        "no line of it begins with a time that a mail log has",
        where=str(file),
        remedy="name the log of the relay: Postfix or Exim, plain or gzipped",
    )


def _lines(file: Path) -> Iterator[str]:
    """The lines of a log, whatever bytes it holds; a file that is being written may end in half a line."""
    try:
        with (
            gzip.open(file, "rt", encoding="utf-8", errors="replace")
            if _is_gzip(file)
            else file.open(encoding="utf-8", errors="replace") as stream
        ):
            while line := stream.readline(LONGEST_LINE):
                yield line
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"the log cannot be read: {getattr(error, 'strerror', None) or 'it is damaged'}",
            where=str(file),
            remedy="name a file that you may read, such as a copy of the relay's mail.log",
        ) from None


def _is_gzip(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"
