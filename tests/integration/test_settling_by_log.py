"""`jobs settle --maillog` with a store and log files: what a log does not prove stays unknown (I3)."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer

from newsletter.cli.settling import settle_by_log
from newsletter.delivery import settling_by_log
from newsletter.delivery.job import SendJob
from newsletter.delivery.maillog import Doubt, Verdict
from newsletter.delivery.outcome import Event, Outcome, State
from newsletter.delivery.settling import settle_unknown
from newsletter.delivery.worker import Sending
from newsletter.message.identity import identity_of
from newsletter.message.ids import message_ids
from newsletter.store import deliveries
from newsletter.store.claims import Claim, claim_batch
from newsletter.store.jobs import FrozenIssue, plan_job
from subscribers.errors import InputError
from subscribers.ledger_entry import nowhere
from subscribers.scrubbing import erase_subscriber
from subscribers.transactions import writing
from tests.support.web import NOW, WebProject, make_project, sample_issue

PEOPLE = 30
UNKNOWN = 15
"""The number of the delivery whose connection broke after the dot; one goes out every second."""
UTC = ZoneInfo("UTC")


@dataclass(frozen=True, kw_only=True)
class Interrupted:
    """A job of which all were recorded as sent, one each second, and one is unknown."""

    project: WebProject
    sending: Sending
    job: SendJob
    folder: Path

    def tell(self, number: int, event: Event, at: datetime) -> None:
        """Claim the next one and record what became of it."""
        claim_batch(self.project.engine, self.job.id, Claim(worker="w", now=at, lease=timedelta(hours=9)), 1)
        with writing(self.project.engine) as connection:
            deliveries.record(connection, "w", [Outcome(delivery=number, event=event)], at)

    def log(self, *numbers: int) -> Path:
        """The relay's log of a long time, with these messages in it."""
        made = message_ids(self.project.keyring, self.job.ref, "nieuws.example")
        lines = [f"{NOW - timedelta(minutes=20):%Y-%m-%dT%H:%M:%SZ} relay postfix/anvil[1]: statistics\n"]
        for number in numbers:
            at = f"{at_second(number):%Y-%m-%dT%H:%M:%SZ} relay postfix"
            lines.append(f"{at}/cleanup[8]: Q{number}: message-id={made(number)}\n")
            lines.append(f"{at}/qmgr[9]: Q{number}: from=<x@example.org>, size=9, nrcpt=1 (queue active)\n")
        lines.append(f"{NOW + timedelta(minutes=50):%Y-%m-%dT%H:%M:%SZ} relay postfix/anvil[1]: statistics\n")
        path = self.folder / "mail.log"
        path.write_text("".join(lines))
        return path

    def judged(self, *numbers: int) -> Verdict:
        unknown = settling_by_log.unknown_of(self.sending, self.job)
        log = settling_by_log.read_logs(self.sending, self.job, [self.log(*numbers)], UTC, unknown=unknown)
        return settling_by_log.judged(self.sending, self.job, log, unknown, has_all_relays=False)

    def settle(self, *numbers: int) -> None:
        settle_by_log(self.sending, self.job, [self.log(*numbers)], "UTC", has_all_relays=False, yes=True)

    def counts(self) -> dict[State, int]:
        found = deliveries.counts(self.project.engine, self.job.id)
        return {state: number for state, number in found.items() if number}


def at_second(number: int) -> datetime:
    return NOW + timedelta(seconds=number)


SENT = [number for number in range(1, PEOPLE + 1) if number != UNKNOWN]


@pytest.fixture
def interrupted(tmp_path: Path) -> Iterator[Interrupted]:
    project = make_project(tmp_path)
    for number in range(1, PEOPLE + 1):
        project.subscribe(f"lezer{number}@example.org")
    identity = identity_of("nieuwsbrief", project.configuration.mailing_list("nieuwsbrief"))
    frozen = FrozenIssue(compiled=sample_issue(embedded=False), identity=identity)
    _, job = plan_job(project.engine, nowhere, frozen, now=NOW)
    sending = Sending(
        configuration=project.configuration,
        engine=project.engine,
        remember=nowhere,
        keyring=project.keyring,
        clock=lambda: NOW + timedelta(hours=1),
    )
    made = Interrupted(project=project, sending=sending, job=job, folder=tmp_path)
    for number in range(1, PEOPLE + 1):
        made.tell(number, Event.LOSE if number == UNKNOWN else Event.ACCEPT, at_second(number))
    yield made
    project.engine.dispose()


def test_a_log_that_has_all_that_was_sent_around_an_attempt_says_what_never_came(interrupted: Interrupted) -> None:
    assert interrupted.judged(*SENT).absent == {UNKNOWN}
    interrupted.settle(*SENT)
    assert interrupted.counts() == {State.SENT: PEOPLE - 1, State.QUEUED: 1}


@pytest.mark.parametrize("missing", [UNKNOWN - 1, UNKNOWN + 1, UNKNOWN - 6, UNKNOWN + 6])
def test_i3_a_log_that_lacks_what_was_sent_around_an_attempt_says_nothing(
    interrupted: Interrupted, missing: int, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = [number for number in SENT if number != missing]
    verdict = interrupted.judged(*numbers)
    assert (verdict.undecided, verdict.doubts) == ({UNKNOWN}, {Doubt.HOLES: 1})
    with pytest.raises(typer.Exit):
        interrupted.settle(*numbers)
    assert "lacks messages that were sent around that time" in capsys.readouterr().out
    assert interrupted.counts() == {State.SENT: PEOPLE - 1, State.UNKNOWN: 1}


def test_a_log_without_witnesses_still_says_what_was_taken(interrupted: Interrupted) -> None:
    assert interrupted.judged(1, UNKNOWN).taken == {UNKNOWN}


def test_what_the_operator_counted_as_sent_is_no_witness(interrupted: Interrupted) -> None:
    settle_unknown(interrupted.sending, interrupted.job, Event.SETTLE_SENT)
    assert not settling_by_log.unknown_of(interrupted.sending, interrupted.job)
    project = interrupted.project
    project.subscribe("later@example.org")
    (witnesses,) = settling_by_log.witnesses(interrupted.sending, interrupted.job, [at_second(UNKNOWN)]).values()
    assert witnesses == set(range(UNKNOWN - 6, UNKNOWN + 7)) - {UNKNOWN}


def test_i3_a_verdict_says_nothing_of_an_attempt_that_was_made_since(
    interrupted: Interrupted, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """While one sits at the question, another has it sent again, and it is unknown again."""

    def meanwhile(_question: str, *, yes: bool) -> None:
        assert yes
        settle_unknown(interrupted.sending, interrupted.job, Event.SETTLE_UNSENT)
        interrupted.tell(UNKNOWN, Event.LOSE, NOW + timedelta(minutes=55))

    monkeypatch.setattr("newsletter.cli.settling.confirm", meanwhile)
    with pytest.raises(typer.Exit):
        interrupted.settle(*SENT)
    assert interrupted.counts() == {State.SENT: PEOPLE - 1, State.UNKNOWN: 1}
    assert "1: they changed since the log was read" in capsys.readouterr().out


def test_who_is_unknown_and_erased_stays_unknown_and_is_told(
    interrupted: Interrupted, capsys: pytest.CaptureFixture[str]
) -> None:
    erase_subscriber(
        interrupted.project.engine,
        f"lezer{UNKNOWN}@example.org",
        policies=interrupted.project.configuration.policies,
        now=NOW,
        record=nowhere,
    )
    assert interrupted.counts() == {State.SENT: PEOPLE - 1, State.UNKNOWN: 1}
    with pytest.raises(typer.Exit) as ended:
        interrupted.settle(*SENT)
    assert ended.value.exit_code == 1
    said = capsys.readouterr().out
    assert "1 stay unknown" in said
    assert "1: they were erased" in said


def test_a_damaged_gzip_is_told_as_that(interrupted: Interrupted) -> None:
    file = interrupted.folder / "mail.log.1.gz"
    whole = gzip.compress(
        b"".join(b"2027-01-02T10:00:00Z relay postfix/qmgr[9]: %x: removed\n" % n for n in range(999))
    )
    for place in range(30, len(whole) - 8, 97):
        file.write_bytes(whole[:place] + b"\xff" * 20 + whole[place + 20 :])
        with pytest.raises(InputError, match="it is damaged"):
            settling_by_log.read_logs(interrupted.sending, interrupted.job, [file], UTC, unknown=())
