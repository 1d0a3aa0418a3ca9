"""What the relay's own log says of messages: Postfix and Exim, by Message-ID (I3). Pure.

A message was taken when the log says that it entered the queue: for Postfix `message-id=` and then, under the same
queue id, the queue manager's `from=`; for Exim the `<=` line. A Message-ID without the second line was received up to
some point and thrown away. That a message is absent proves something only if the log covers the time of its attempt on
both sides, and is the log of the relay in question: it must name another message of the same job.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeAlias

MARGIN = timedelta(minutes=1)
"""Of clocks that differ, and of a relay that decides after we hung up."""
LONGEST_LINE = 8192

Known: TypeAlias = Callable[[str], int | None]
"""The delivery of the job that a Message-ID names, None for any other."""

_POSTFIX_ID = re.compile(r" postfix\S*/cleanup\[\d+\]: ([0-9A-Za-z]+): (?:resent-)?message-id=(\S+)")
_POSTFIX_QUEUED = re.compile(r" postfix\S*/n?qmgr\[\d+\]: ([0-9A-Za-z]+): from=<")
_EXIM_TAKEN = re.compile(r" [0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4} <= \S+ .*? id=(\S+)")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?: ?(Z|[+-]\d\d:?\d\d))?(?= )")
_SYSLOG = re.compile(r"(?:<\d+>)?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) ")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}


@dataclass(slots=True)
class MailLog:
    """What was read so far; `read` takes more, a file after the other."""

    known: Known
    zone: tzinfo
    """In which lines without a zone are written."""
    now: datetime
    """Lines without a year are of the twelve months before this."""
    begins: datetime | None = None
    ends: datetime | None = None
    lines: int = 0
    taken: set[int] = field(default_factory=set)
    """Deliveries whose message entered the queue."""
    _received: dict[str, int] = field(default_factory=dict)
    """Queue ids of our messages that were received, and not seen in the queue yet."""

    def read(self, lines: Iterable[str]) -> None:
        """Read lines in any of the known formats; others are passed over."""
        for line in lines:
            self._line(line[:LONGEST_LINE])

    @property
    def knows_the_job(self) -> bool:
        """Whether any message of the job is in it: the log is of the right relay."""
        return bool(self.taken or self._received)

    def covers(self, since: datetime, until: datetime) -> bool:
        """Whether the log begins before and ends after this time, with a margin."""
        if self.begins is None or self.ends is None:
            return False
        return self.begins <= since - MARGIN and self.ends >= until + MARGIN

    def _line(self, line: str) -> None:
        moment = _moment(line, self.zone, self.now)
        if moment is None:
            return
        self.lines += 1
        self.begins = min(self.begins or moment, moment)
        self.ends = max(self.ends or moment, moment)
        if found := _POSTFIX_ID.search(line):
            self._received_by(found[1], found[2])
        elif found := _POSTFIX_QUEUED.search(line):
            delivery = self._received.pop(found[1], None)
            if delivery is not None:
                self.taken.add(delivery)
        elif found := _EXIM_TAKEN.search(line):
            delivery = self.known(found[1])
            if delivery is not None:
                self.taken.add(delivery)

    def _received_by(self, queue_id: str, message_id: str) -> None:
        delivery = self.known(message_id)
        if delivery is not None:
            self._received[queue_id] = delivery


def _moment(line: str, zone: tzinfo, now: datetime) -> datetime | None:
    """When a line was written, in UTC; None for a line that begins with no time."""
    try:
        if found := _ISO.match(line):
            offset = (found[3] or "").replace("Z", "+00:00")
            read = datetime.fromisoformat(f"{found[1]}T{found[2]}{offset}")
            return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
        if found := _SYSLOG.match(line):
            return _of_this_year(found, zone, now)
    except ValueError:
        return None
    return None


def _of_this_year(found: re.Match[str], zone: tzinfo, now: datetime) -> datetime | None:
    month = _MONTHS.get(found[1])
    if month is None:
        return None
    latest = now + timedelta(days=1)
    for year in (latest.year, latest.year - 1):
        try:
            read = datetime(year, month, int(found[2]), int(found[3]), int(found[4]), int(found[5]), tzinfo=zone)
        except ValueError:  # 29 February of another year
            continue
        if read <= latest:
            return read.astimezone(UTC)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """An unknown delivery: its attempt lies between these moments."""

    delivery: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a log settles."""

    taken: frozenset[int]
    """The relay had them."""
    absent: frozenset[int]
    """The relay never had them: the log covers their attempt on both sides."""
    undecided: frozenset[int]
    """The log does not reach far enough, or is not of the relay that the job was sent through."""


def judge(log: MailLog, unknown: Iterable[Attempted]) -> Verdict:
    """What `log` settles of the `unknown` deliveries."""
    taken, absent, undecided = set(), set(), set()
    for item in unknown:
        if item.delivery in log.taken:
            taken.add(item.delivery)
        elif log.knows_the_job and log.covers(item.since, item.until):
            absent.add(item.delivery)
        else:
            undecided.add(item.delivery)
    return Verdict(taken=frozenset(taken), absent=frozenset(absent), undecided=frozenset(undecided))
