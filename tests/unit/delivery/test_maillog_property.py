"""I3, for logs of any kind: however lines and files are lost and mixed, what the relay took is never judged absent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.maillog import Attempted, Verdict, judge
from newsletter.delivery.maillog_reading import MailLog

START = datetime(2027, 1, 2, 9, tzinfo=UTC)
MESSAGES = 12
NOTICE = "systemd-journald[1]: Suppressed 77 messages from postfix.service"


@dataclass
class Relay:
    """A made-up relay and its log: (time, line), and what became of each message."""

    random: Random
    now: datetime = START - timedelta(minutes=15)
    lines: list[tuple[datetime, str]] = field(default_factory=list)
    took: set[int] = field(default_factory=set)
    queued: set[int] = field(default_factory=set)
    """Those of them that the log shows to be taken."""
    unclear: set[int] = field(default_factory=set)
    """Those broken off on a connection that also began a message and gave no content of it."""
    free: list[tuple[datetime, str]] = field(default_factory=list)
    ids: int = 0

    def say(self, text: str) -> None:
        self.lines.append((self.now, text))

    def idle(self, until: datetime) -> None:
        while self.now < until:
            self.now += timedelta(seconds=30)
            self.say(self.chatter)

    chatter = "postfix/anvil[3]: statistics: max cache size 1"

    def queue_id(self) -> str:
        """A new one, or one of a message that is long gone."""
        if self.free and self.free[0][0] < self.now - timedelta(minutes=2) and self.random.random() < 0.7:
            return self.free.pop(0)[1]
        self.ids += 1
        return f"Q{self.ids}"


class Postfix(Relay):
    def run(self) -> None:
        delivery = 0
        while delivery < MESSAGES:
            self.idle(self.now + timedelta(seconds=self.random.choice([0, 30, 60, 150])))
            delivery = self.session(delivery, self.random.randint(50, 52))

    def session(self, delivery: int, process: int) -> int:
        """Messages on one connection; the number of the last one."""
        smtpd, taken, given = f"postfix/smtpd[{process}]", 0, 0
        self.say(f"{smtpd}: connect from localhost[127.0.0.1]")
        for _ in range(self.random.randint(1, 3)):
            delivery, given = delivery + 1, given + 1
            how = self.random.choice(["queued", "held", "cut", "refused", "unused"])
            queue_id, received = self.queue_id(), f"message-id=<{delivery if self.random.random() < 0.8 else 0}@job>"
            self.say(f"{smtpd}: {queue_id}: client=localhost[127.0.0.1]")
            if how == "unused":
                self.free.append((self.now, queue_id))
                continue
            if how == "cut":
                self.unclear.update({delivery} if taken + 1 < given else ())
                self.broken(smtpd, queue_id, received, f"rcpt={given} data={taken}/{taken + 1}")
                return delivery
            self.say(f"postfix/cleanup[4]: {queue_id}: {received}")
            if how == "refused":
                self.say(f"postfix/cleanup[4]: {queue_id}: milter-reject: END-OF-MESSAGE from localhost[127.0.0.1]: no")
                self.free.append((self.now, queue_id))
                break
            taken += 1
            self.accept(delivery if f"<{delivery}@" in received else 0, queue_id, is_shown=how == "queued")
        self.say(f"{smtpd}: disconnect from localhost[127.0.0.1] ehlo=1 mail={given} rcpt={given} data={taken} quit=1")
        return delivery

    def broken(self, smtpd: str, queue_id: str, received: str, counts: str) -> None:
        ends = [
            f"{smtpd}: lost connection after DATA (40 bytes) from localhost[127.0.0.1]",
            f"{smtpd}: disconnect from localhost[127.0.0.1] ehlo=1 mail=3 {counts} commands=9/10",
        ]
        ends.insert(self.random.randint(0, 2), f"postfix/cleanup[4]: {queue_id}: {received}")
        for line in ends:
            self.say(line)
        self.free.append((self.now, queue_id))

    def accept(self, delivery: int, queue_id: str, *, is_shown: bool) -> None:
        self.took.add(delivery)
        if is_shown:
            self.queued.add(delivery)
            self.say(f"postfix/qmgr[5]: {queue_id}: from=<b@example.org>, size=9, nrcpt=1 (queue active)")
            self.say(f"postfix/virtual[6]: {queue_id}: to=<p1@example.org>, status=sent (delivered to maildir)")
            self.say(f"postfix/qmgr[5]: {queue_id}: removed")
            self.free.append((self.now, queue_id))


class Exim(Relay):
    chatter = "exim[3]: Start queue run: pid=7"

    def run(self) -> None:
        for delivery in range(1, MESSAGES + 1):
            self.idle(self.now + timedelta(seconds=self.random.choice([0, 30, 60, 150])))
            name = f"exim[7]: 1tTAbC-{delivery:06}-2b"
            if self.random.random() < 0.6:
                self.say(f"{name} <= b@example.org H=localhost [127.0.0.1] P=esmtp S=9 id={delivery}@job")
                self.say(f"{name} => p1@example.org R=box T=maildir")
                self.say(f"{name} Completed")
                self.took.add(delivery)
                self.queued.add(delivery)
            elif self.random.random() < 0.5:
                self.say(f"{name} H=localhost [127.0.0.1] F=<b@example.org> rejected after DATA: no")


def known(message_id: str) -> int | None:
    name, _, place = message_id.strip("<>").partition("@")
    return int(name) if place == "job" else None


def worked(kind: type[Relay], random: Random) -> tuple[Relay, Attempted]:
    relay = kind(random)
    relay.idle(START)
    relay.run()
    end = relay.now
    relay.idle(end + timedelta(minutes=15))
    return relay, Attempted(delivery=0, since=START, until=end)


def files_of(relay: Relay, random: Random) -> list[list[tuple[datetime, str]]]:
    """The log in pieces, each of which lasts long enough to be missed."""
    files: list[list[tuple[datetime, str]]] = [[]]
    for moment, line in relay.lines:
        if files[-1] and moment - files[-1][0][0] > timedelta(minutes=2) and random.random() < 0.1:
            files.append([])
        files[-1].append((moment, line))
    return files


def losing(relay: Relay, random: Random) -> Iterator[tuple[datetime, str]]:
    """The log with stretches of any lines dropped, each followed by a notice, as the log service writes it."""
    is_dropping = False
    for moment, line in relay.lines:
        if random.random() < 0.15:
            if is_dropping:
                yield moment, NOTICE
            is_dropping = not is_dropping
        if not is_dropping:
            yield moment, line
    yield relay.lines[-1][0] + timedelta(seconds=1), NOTICE


def verdict_on(files: list[list[tuple[datetime, str]]], window: Attempted) -> Verdict:
    log = MailLog(known=known, zone=UTC, now=START + timedelta(days=1))
    for file in files:
        log.read(f"{moment:%b %e %H:%M:%S} relay {line}\n" for moment, line in file)
    unknown = range(1, MESSAGES + 4)
    return judge(log, [Attempted(delivery=number, since=window.since, until=window.until) for number in unknown])


KINDS = pytest.mark.parametrize("kind", [Postfix, Exim])


@KINDS
@given(random=st.randoms(use_true_random=False))
def test_a_whole_log_in_order_shows_all_that_it_can(kind, random):
    relay, window = worked(kind, random)
    verdict = verdict_on([relay.lines], window)
    if relay.queued:
        assert verdict.taken == relay.queued - {0}
        held = relay.took - relay.queued - {0}
        assert held <= verdict.undecided <= held | relay.unclear
        assert verdict.absent.isdisjoint(relay.took)


@KINDS
@given(random=st.randoms(use_true_random=False))
def test_i3_with_files_missing_and_in_any_order_nothing_taken_is_absent(kind, random):
    relay, window = worked(kind, random)
    files = files_of(relay, random)
    for _ in range(random.randint(0, 2)):
        if len(files) > 1:
            files.pop(random.randrange(len(files)))
    random.shuffle(files)
    assert not verdict_on(files, window).absent & relay.took


@KINDS
@given(random=st.randoms(use_true_random=False))
def test_i3_with_dropped_lines_that_the_log_tells_of_nothing_taken_is_absent(kind, random):
    relay, window = worked(kind, random)
    relay.lines = list(losing(relay, random))
    files = files_of(relay, random)
    random.shuffle(files)
    assert not verdict_on(files, window).absent & relay.took


@KINDS
@given(random=st.randoms(use_true_random=False))
def test_i3_with_two_lines_dropped_in_silence_what_was_received_and_taken_is_not_absent(kind, random):
    relay, window = worked(kind, random)
    for _ in range(2):
        others = [line for line in relay.lines if "message-id=" not in line[1] and " <= " not in line[1]]
        relay.lines.remove(random.choice(others))
    assert not verdict_on(files_of(relay, random), window).absent & relay.took
