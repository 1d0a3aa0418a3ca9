"""Reading what the relay's own log says of messages: Postfix and Exim, by Message-ID (I3). Pure.

A message was taken if the log shows what only happens to messages that the relay answered for: for Exim the `<=` line,
for Postfix a line of the queue manager or of a delivery under its queue id. That Postfix read the Message-ID proves
nothing by itself: with a full active queue, or on hold, what was taken has no such line for hours. It was thrown away
only if the log says so: a refusal under the queue id, or a connection that broke amid the content.

Files are read in the order of time; in another order less is settled, never something else. What is kept grows with the
deliveries to be settled, not with the log.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple, TypeAlias

from newsletter.delivery.maillog_coverage import Coverage
from newsletter.delivery.maillog_lines import Kind, Said, message_ids_in, read_line
from newsletter.delivery.maillog_sessions import Sessions
from newsletter.delivery.maillog_times import Stamps

LONGEST_LINE = 8192
LATE_ID = timedelta(minutes=1)
"""Postfix may write the Message-ID of what was broken off so much later than the end of its connection."""
MOST_BROKEN = 10_000
"""Queue ids of broken messages whose Message-ID may still come; the oldest is forgotten, and then proves nothing."""
SAMPLE = 500
"""Of messages whose fate is known, the first and the last so many: their times compare the clocks."""

Known: TypeAlias = Callable[[str], int | None]
"""The delivery of the job that a Message-ID names, None for any other."""
_QueueId: TypeAlias = tuple[str, str, str]
_ABOUT_A_MESSAGE = frozenset((Kind.OPENED, Kind.RECEIVED, Kind.REFUSED, Kind.QUEUED, Kind.REMOVED, Kind.ARRIVED))
_MAY_NAME = frozenset((Kind.FOREIGN, Kind.OTHER, Kind.QUEUED))
"""Lines that may name a message of ours, say in the answer of the next server."""


class _Receipt(NamedTuple):
    """A message of ours that Postfix received, as long as its queue id is its own."""

    delivery: int
    moment: datetime
    is_broken: bool


@dataclass(slots=True, kw_only=True)
class MailLog:
    """What was read so far; `read` takes a file, those of one machine in the order of time."""

    known: Known
    zone: tzinfo
    """In which lines without a zone are written."""
    now: datetime
    """Lines without a year are of the twelve months before this."""
    unknown: Collection[int] | None = None
    """The deliveries to be settled, None for all: of others little is kept, however many."""
    is_of_several: bool = False
    """Several relays wrote these files: those of Exim, which name no machine, are not parts of one log."""
    witnesses: Collection[int] = frozenset()
    """Deliveries that the log must have if it is whole; those it has are `seen`."""
    lines: int = 0
    coverage: Coverage = field(default_factory=Coverage)
    machines: set[str] = field(default_factory=set)
    """Those that have a message of the job in their log."""
    first: datetime | None = None
    """The earliest line of a message of the job."""
    taken: set[int] = field(default_factory=set)
    """Deliveries that the relay answered for."""
    doubtful: set[int] = field(default_factory=set)
    """Deliveries that the log names without saying what became of them."""
    seen: set[int] = field(default_factory=set)
    """Those of `witnesses` that the relay received."""
    early: dict[int, datetime] = field(default_factory=dict)
    late: dict[int, datetime] = field(default_factory=dict)
    _receipts: dict[_QueueId, _Receipt] = field(default_factory=dict)
    _broken: dict[_QueueId, datetime] = field(default_factory=dict)
    _sessions: Sessions = field(default_factory=Sessions)
    _files: int = 0
    _stamps: Stamps = field(init=False)

    def __post_init__(self) -> None:
        self._stamps = Stamps(self.zone, self.now)

    def read(self, lines: Iterable[str]) -> None:
        """Read the lines of a file in any of the known formats; others are passed over."""
        self._files += 1
        self.coverage.next_file()
        self._sessions.forget()
        for line in lines:
            self._line(line[:LONGEST_LINE])

    @property
    def knows_the_job(self) -> bool:
        """Whether any message of the job is in it: the log is of the right relay."""
        return bool(self.machines)

    @property
    def undecided(self) -> set[int]:
        """Deliveries that the log names, and of which it proves neither that they were taken nor the contrary."""
        open_ones = {receipt.delivery for receipt in self._receipts.values() if not receipt.is_broken}
        return (self.doubtful | open_ones) - self.taken

    def reaches(self, machine: str, since: datetime, until: datetime) -> bool:
        """Whether the log of a machine covers this time and its margin; of several, no two may have the same name."""
        return self.coverage.reaches(machine, since, until, may_overlap=not self.is_of_several)

    def _line(self, line: str) -> None:
        read = self._stamps.read(line)
        if read is None:
            return
        stamp, rest = read
        self.lines += 1
        said = read_line(rest)
        if self.is_of_several and not said.machine:
            said = said._replace(machine=f"file {self._files}")
        if said.kind is Kind.LOSS:
            self.coverage.lose(stamp.moment)
        elif said.kind is not Kind.FOREIGN and stamp.is_clear and not self.coverage.see(said.machine, stamp.moment):
            self._sessions.forget()
        if said.kind in _ABOUT_A_MESSAGE:
            self._message(said, stamp.moment)
        if said.kind in _MAY_NAME:
            self._name(rest)
        if broken := self._sessions.follow(said):
            self._break((said.machine, said.instance, broken), stamp.moment)

    def _message(self, said: Said, moment: datetime) -> None:
        queue_id = said.machine, said.instance, said.queue_id
        if said.kind is Kind.ARRIVED:
            delivery = self._ours(said, moment)
            if delivery is not None:
                self.taken.add(delivery)
        elif said.kind is Kind.RECEIVED:
            self._receive(queue_id, said, moment)
        elif said.kind is Kind.REFUSED:
            self._break(queue_id, moment)
        elif said.kind is Kind.OPENED:
            self._broken.pop(queue_id, None)
            self._free(queue_id, moment)
        else:
            self._queued(queue_id, moment)

    def _receive(self, queue_id: _QueueId, said: Said, moment: datetime) -> None:
        broken_at = self._broken.pop(queue_id, None)
        delivery = self._ours(said, moment)
        receipt = self._receipts.get(queue_id)
        if receipt and (delivery, moment) != receipt[:2]:  # equal: the same line, in a copy of the file
            self._free(queue_id, moment)
        if receipt and moment < receipt.moment and delivery is not None:  # read out of order
            self.doubtful.add(delivery)
        elif delivery is not None:
            is_broken = broken_at is not None and timedelta() <= moment - broken_at <= LATE_ID
            self._receipts[queue_id] = _Receipt(delivery, moment, is_broken)

    def _free(self, queue_id: _QueueId, moment: datetime) -> None:
        """Another message has the queue id from here on."""
        receipt = self._receipts.get(queue_id)
        if receipt and moment >= receipt.moment:
            del self._receipts[queue_id]
            if not receipt.is_broken:
                self.doubtful.add(receipt.delivery)

    def _break(self, queue_id: _QueueId, moment: datetime) -> None:
        receipt = self._receipts.get(queue_id)
        if receipt and moment >= receipt.moment:
            self._receipts[queue_id] = receipt._replace(is_broken=True)
            return
        if len(self._broken) >= MOST_BROKEN:
            del self._broken[next(iter(self._broken))]
        self._broken[queue_id] = moment

    def _queued(self, queue_id: _QueueId, moment: datetime) -> None:
        receipt = self._receipts.get(queue_id)
        if receipt and moment >= receipt.moment:
            del self._receipts[queue_id]
            (self.doubtful if receipt.is_broken else self.taken).add(receipt.delivery)

    def _ours(self, said: Said, moment: datetime) -> int | None:
        """The delivery of the job that is to be settled; of others only what compares the clocks is kept."""
        delivery = self.known(said.text)
        if delivery is None:
            return None
        self.machines.add(said.machine)
        self.first = min(self.first or moment, moment)
        if delivery in self.witnesses:
            self.seen.add(delivery)
        if self.unknown is None or delivery in self.unknown:
            return delivery
        if len(self.early) < SAMPLE:
            self.early.setdefault(delivery, moment)
        elif delivery not in self.early and delivery not in self.late:
            self.late[delivery] = moment
            if len(self.late) > SAMPLE:
                del self.late[next(iter(self.late))]
        return None

    def _name(self, text: str) -> None:
        for message_id in message_ids_in(text):
            delivery = self.known(message_id)
            if delivery is not None and (self.unknown is None or delivery in self.unknown):
                self.doubtful.add(delivery)
