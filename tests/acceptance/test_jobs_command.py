"""`newsletter jobs` as an operator meets it: who is unknown, what became of them, and a job whose process died."""

import gzip
import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.cli.common import open_project
from newsletter.delivery.outcome import State
from newsletter.message.ids import message_ids
from newsletter.store import settling
from newsletter.store.jobs import get_job
from tests.support.cli import Outcome, command, environment, newsletter
from tests.support.smtp import CLOSE, ScriptedServer, at

PEOPLE = 12
SEND = ("send", "issues/nieuwsbrief.md", "--yes")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jobs")
    newsletter("init", "p", cwd=folder).expect(0)
    rows = "".join(f"lezer{number}@gemeente.example,Lezer {number}\n" for number in range(PEOPLE))
    (folder / "p" / "lezers.csv").write_text("email,name\n" + rows)
    newsletter(
        "subscribers", "import", "lezers.csv", "--list", "nieuwsbrief", "--basis", "consent", "--source", "form",
        cwd=folder / "p",
    ).expect(0)  # fmt: skip
    return folder / "p"


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    subprocess.run(["cp", "-a", str(made), str(tmp_path / "p")], check=True)
    return tmp_path / "p"


def relay(server: ScriptedServer) -> dict[str, str]:
    return {"NEWSLETTER__RELAYS__MAIN__PORT": str(server.port), "NEWSLETTER__RELAYS__MAIN__CONNECTIONS": "1"}


def ask(project: Path, *arguments: str) -> Outcome:
    return newsletter("jobs", *arguments, cwd=project)


def counts(project: Path) -> dict[str, int]:
    found = json.loads(ask(project, "show", "1", "--json").expect(0).out)
    return {state: number for state, number in found["counts"].items() if number}


@pytest.fixture
def unknown(project: Path) -> Path:
    """A project whose job is finished, with one delivery unknown."""
    with ScriptedServer(script=at("DOT", CLOSE, recipient="lezer3@", times=1)) as server:
        said = newsletter(*SEND, cwd=project, env=relay(server)).expect(1).said
    assert_says_how_to_settle(said)
    assert counts(project) == {"sent": PEOPLE - 1, "unknown": 1}
    return project


def assert_says_how_to_settle(said: str) -> None:
    text = " ".join(said.split())
    for words in ("jobs show 1 --state unknown", "jobs settle 1 --maillog FILE", "--as-sent", "--resend"):
        assert words in text


def test_the_unknown_ones_are_listed_for_people_and_for_programs(unknown: Path) -> None:
    said = ask(unknown, "show", "1", "--state", "unknown").expect(0)
    assert "lezer3@gemeente.example" in said.out
    assert "no-answer" in said.out
    assert "lezer4@" not in said.out
    assert "personal data" in said.err
    assert "jobs settle 1 --maillog FILE" in " ".join(said.out.split())
    assert_says_how_to_settle(ask(unknown, "show", "1").expect(0).said)
    (line,) = ask(unknown, "show", "1", "--state", "unknown", "--json").expect(0).out.splitlines()
    entry = json.loads(line)
    assert (entry["address"], entry["reason"], entry["code"]) == ("lezer3@gemeente.example", "no-answer", None)
    assert entry["since"]
    assert ask(unknown, "show", "1", "--state", "refused", "--json").expect(0).out == ""
    ask(unknown, "show", "1", "--state", "nonsense").expect(2)


def test_nothing_is_settled_without_being_told_how_or_without_a_yes(unknown: Path) -> None:
    ask(unknown, "settle", "1", "--yes").expect(2)
    ask(unknown, "settle", "1", "--as-sent", "--resend", "--yes").expect(2)
    assert "confirmation" in ask(unknown, "settle", "1", "--resend").expect(2).said
    assert counts(unknown) == {"sent": PEOPLE - 1, "unknown": 1}


def test_settled_as_sent_nobody_gets_it_again(unknown: Path) -> None:
    ask(unknown, "settle", "1", "--as-sent", "--yes").expect(0)
    assert counts(unknown) == {"sent": PEOPLE}
    with ScriptedServer() as server:
        newsletter(*SEND, cwd=unknown, env=relay(server)).expect(0)
        assert server.accepted == []
    again = ask(unknown, "settle", "1", "--as-sent", "--yes").expect(0)
    assert "no unknown" in again.out


def log_lines(minutes: float, text: str = "anvil[1]: statistics") -> str:
    """A line of the relay, so many minutes from now."""
    moment = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="seconds")
    return f"{moment} relay postfix/{text}\n"


def test_the_log_settles_in_whatever_order_its_files_are_named_and_says_why_not(unknown: Path) -> None:
    project = open_project(unknown / "newsletter.toml")
    (entry,) = settling.entries(project.engine, 1, State.UNKNOWN)
    message_id = message_ids(project.keyring, get_job(project.engine, 1).ref, "nieuws.example")
    before, after = log_lines(-15), log_lines(15)
    received = log_lines(0, f"cleanup[1]: A1: message-id={message_id(entry.delivery)}")
    queued = log_lines(0.1, "qmgr[2]: A1: from=<x@example.org>, size=9")
    others = [number for number in range(1, PEOPLE + 1) if number != entry.delivery]
    other = "".join(log_lines(0, f"cleanup[1]: B{number}: message-id={message_id(number)}") for number in others)
    old, new, only = unknown / "mail.log.1.gz", unknown / "mail.log", unknown / "whole.log"
    old.write_bytes(gzip.compress((before + received).encode()))
    new.write_text(queued + after)
    said = ask(unknown, "settle", "1", "--maillog", str(new), "--maillog", str(old))
    assert "1 were taken by the relay, 0 were not, 0 stay unknown" in said.out
    only.write_text(before + received + after)
    assert "`mailq`" in ask(unknown, "settle", "1", "--maillog", str(only), "--yes").expect(1).out
    only.write_text(before + other + after)
    settings = unknown / "newsletter.toml"
    settings.write_text(
        re.sub(r'(?m)^# relay = "main".*', 'relay = ["main", "second"]', settings.read_text())
        + '\n[relays.second]\nhost = "127.0.0.1"\nport = 26\nsecurity = "none"\n'
    )
    several = ask(unknown, "settle", "1", "--maillog", str(only), "--yes").expect(1)
    assert "1: the list has several relays" in several.out
    assert counts(unknown)["unknown"] == 1
    ask(unknown, "settle", "1", "--maillog", str(only), "--all-relays", "--yes").expect(0)
    assert counts(unknown) == {"sent": PEOPLE - 1, "queued": 1}


def test_settled_to_be_resent_the_next_send_mails_exactly_those(unknown: Path) -> None:
    said = ask(unknown, "settle", "1", "--resend", "--yes").expect(0)
    assert "newsletter send" in said.out
    assert counts(unknown) == {"sent": PEOPLE - 1, "queued": 1}
    assert "interrupted" in ask(unknown).expect(0).out
    with ScriptedServer() as server:
        newsletter(*SEND, cwd=unknown, env=relay(server)).expect(0)
        assert server.accepted == ["lezer3@gemeente.example"]
    assert counts(unknown) == {"sent": PEOPLE}
    assert json.loads(ask(unknown, "show", "1", "--json").out)["state"] == "finished"


@contextmanager
def killed(project: Path) -> Iterator[None]:
    """A project whose `send` was killed in the middle of a message."""
    with ScriptedServer(script=at("DOT", "<silence>", recipient="lezer5@")) as server:
        process = subprocess.Popen(
            command(*SEND), cwd=project, env=environment(relay(server)), stdout=subprocess.DEVNULL
        )
        end = time.monotonic() + 60
        while "lezer5@gemeente.example" not in server.seen:
            assert time.monotonic() < end
            time.sleep(0.01)
        shown = ask(project, "show", "1").expect(0).out
        assert "running" in shown
        assert "in the hands of a process" in shown
        process.kill()
        process.wait()
    yield


def test_a_job_whose_process_was_killed_is_shown_as_interrupted_and_cancelled_whole(project: Path) -> None:
    with killed(project):
        for said in (ask(project), ask(project, "show", "1")):
            assert "interrupted" in said.expect(0).out
            assert "running" not in said.out
        assert "in the hands of a process" not in said.out
        assert "left by a process that died" in said.out
        assert "jobs settle" in said.out
        found = json.loads(ask(project, "--json").expect(0).out)[0]
        assert (found["state"], found["activity"]) == ("running", "interrupted")
        assert "is paused: " in ask(project, "pause", "1").expect(0).out
        assert "is paused already" in ask(project, "pause", "1").expect(0).out
        (journal,) = (project / "data" / "spool").glob("*.journal")
        kept = journal.rename(journal.with_suffix(".kept"))
        journal.mkdir()
        shown = ask(project, "show", "1").expect(0)
        assert "cannot be settled" in shown.err
        assert "claimed" in shown.out
        journal.rmdir()
        kept.rename(journal)
        assert counts(project) == {"sent": 5, "unknown": 1, "queued": PEOPLE - 6}, "no run comes to a paused job"
        ask(project, "cancel", "1", "--yes").expect(0)
        again = newsletter(*SEND, cwd=project).expect(1)
        for said in ("was cancelled", "nothing more of it is sent", "another slug"):
            assert said in again.err
        (event,) = newsletter(*SEND, "--json", cwd=project).expect(1).out.splitlines()
        assert json.loads(event)["event"] == "error"
        assert "was cancelled" in json.loads(event)["what"]
        assert counts(project) == {"sent": 5, "unknown": 1, "cancelled": PEOPLE - 6}
        refused = ask(project, "settle", "1", "--resend", "--yes").expect(2)
        assert "cancelled" in refused.said
        ask(project, "settle", "1", "--as-sent", "--yes").expect(0)
        assert counts(project) == {"sent": 6, "cancelled": PEOPLE - 6}


def test_send_and_jobs_have_one_word_for_a_job_of_which_some_wait(project: Path) -> None:
    with ScriptedServer(script=at("RCPT", "451 4.3.2 later", recipient="lezer3@")) as server:
        done = newsletter(*SEND, "--where", 'domain = "gemeente.example"', cwd=project, env=relay(server)).expect(1)
    assert "job 1 (nieuwsbrief/nieuwsbrief): waiting; 12 in" in done.out
    assert "waiting" in ask(project).expect(0).out
    shown = ask(project, "show", "1").expect(0).out
    assert 'Only for readers of whom this holds: domain = "gemeente.example"' in shown


def test_a_relay_that_dies_halfway_leaves_the_counts_on_the_screen(project: Path) -> None:
    script = at("DOT", CLOSE, recipient="lezer5@")

    def dies(peer, verb, argument):
        return CLOSE if "lezer5@gemeente.example" in server.seen else script(peer, verb, argument)

    with ScriptedServer(script=dies) as server:
        said = newsletter(*SEND, cwd=project, env=relay(server), timeout=200).expect(3)
    assert "sent" in said.out
    assert "queued" in said.out
