"""`newsletter send` as an operator meets it: asked twice, asked at once, stopped, refused, without a relay."""

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.delivery.catcher import Catcher
from tests.support.cli import command, environment, newsletter
from tests.support.smtp import nothing_listens

PEOPLE = 300


@dataclass(frozen=True)
class Site:
    """A project with subscribers, and the catcher that takes its mail."""

    folder: Path
    catcher: Catcher
    maildir: Path

    @property
    def env(self) -> dict[str, str]:
        return {"NEWSLETTER__RELAYS__MAIN__PORT": str(self.catcher.port)}

    def received(self) -> Counter[bytes]:
        """Mails per address."""
        return Counter(
            next(line for line in path.read_bytes().splitlines() if line.startswith(b"Delivered-To:"))
            for path in (self.maildir / "new").iterdir()
        )

    def send(self, *arguments: str) -> list[str]:
        return command("send", "issues/nieuwsbrief.md", "--yes", *arguments)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    newsletter("init", "p", cwd=tmp_path).expect(0)
    folder = tmp_path / "p"
    rows = "".join(f"lezer{number}@gemeente.example,Lezer {number}\n" for number in range(PEOPLE))
    (folder / "lezers.csv").write_text("email,name\n" + rows)
    newsletter(
        "subscribers", "import", "lezers.csv", "--list", "nieuwsbrief", "--basis", "consent", "--source", "form",
        cwd=folder,
    ).expect(0)  # fmt: skip
    with Catcher(tmp_path / "mail", port=0) as catcher:
        yield Site(folder, catcher, tmp_path / "mail")


def test_two_sends_at_once_mail_everybody_once(site: Site) -> None:
    both = [
        subprocess.Popen(
            site.send(),
            cwd=site.folder,
            env=environment(site.env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[0] for process in both]
    assert not any("Traceback" in text for text in said), said
    assert {process.returncode for process in both} <= {0, 2}
    assert 0 in {process.returncode for process in both}
    assert len(site.received()) == PEOPLE
    assert set(site.received().values()) == {1}


def test_a_second_send_mails_nobody(site: Site) -> None:
    newsletter("send", "issues/nieuwsbrief.md", "--yes", cwd=site.folder, env=site.env).expect(0)
    again = newsletter("send", "issues/nieuwsbrief.md", "--yes", cwd=site.folder, env=site.env).expect(0)
    assert "nobody gets it twice" in again.out
    assert set(site.received().values()) == {1}


def test_a_changed_issue_under_the_same_slug_is_refused_naming_the_job(site: Site) -> None:
    newsletter("send", "issues/nieuwsbrief.md", "--yes", cwd=site.folder, env=site.env).expect(0)
    file = site.folder / "issues" / "nieuwsbrief.md"
    file.write_text(file.read_text() + "\nEen zin erbij.\n")
    refused = newsletter("send", "issues/nieuwsbrief.md", "--yes", cwd=site.folder, env=site.env).expect(2)
    assert "job 1" in refused.said
    assert "another slug" in refused.said


def test_sigterm_records_everything_and_the_same_command_goes_on(site: Site) -> None:
    process = subprocess.Popen(
        site.send(), cwd=site.folder, env=environment(site.env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    while not site.received():
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode in {0, 130}  # 0 if it was done before the signal arrived
    assert b": interrupted; " in said or process.returncode == 0
    assert b": running; " not in said
    newsletter("send", "issues/nieuwsbrief.md", "--yes", cwd=site.folder, env=site.env).expect(0)
    assert len(site.received()) == PEOPLE
    assert set(site.received().values()) == {1}


def test_who_leaves_between_two_sends_gets_nothing(site: Site) -> None:
    newsletter(
        "subscribers", "unsubscribe", "lezer7@gemeente.example", "--list", "nieuwsbrief", "--yes", cwd=site.folder
    ).expect(0)
    newsletter("send", "issues/uitnodiging.md", "--yes", cwd=site.folder, env=site.env).expect(0)
    assert len(site.received()) == PEOPLE - 1
    assert not any(b"lezer7@" in address for address in site.received())


def test_without_a_terminal_and_without_yes_nothing_is_sent(site: Site) -> None:
    refused = newsletter("send", "issues/nieuwsbrief.md", cwd=site.folder, env=site.env).expect(2)
    assert "--yes" in refused.said
    assert not site.received()
    assert json.loads(newsletter("jobs", "--json", cwd=site.folder).expect(0).out) == []


def test_an_absent_relay_is_said_and_nothing_is_lost(site: Site) -> None:
    closed = {"NEWSLETTER__RELAYS__MAIN__PORT": "1"}
    said = newsletter("send", "issues/nieuwsbrief.md", "--yes", cwd=site.folder, env=closed).expect(3).said
    assert "127.0.0.1:1" in said
    newsletter("send", "issues/nieuwsbrief.md", "--yes", cwd=site.folder, env=site.env).expect(0)
    assert len(site.received()) == PEOPLE


def test_json_gives_one_object_per_line_and_the_counts(site: Site) -> None:
    done = newsletter("send", "issues/nieuwsbrief.md", "--yes", "--json", cwd=site.folder, env=site.env).expect(0)
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert lines[-1]["event"] == "end"
    assert lines[-1]["counts"]["sent"] == PEOPLE
    assert (lines[-1]["reason"], lines[-1]["remedy"], lines[-1]["next_due"]) == (None, None, None)
    done = newsletter("send", "issues/nieuwsbrief.md", "--yes", "--json", cwd=site.folder, env=site.env).expect(0)
    (again,) = [json.loads(line) for line in done.out.splitlines()]
    assert again.keys() == lines[-1].keys()
    assert (again["activity"], again["handled"], again["seconds"], again["stop"]) == ("finished", 0, 0, None)


def test_a_reader_that_goes_away_stops_no_mailing(site: Site) -> None:
    with subprocess.Popen(
        site.send("--json"),
        cwd=site.folder,
        env=environment(site.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 0
    assert said == "Nobody gets what is printed here any more (Broken pipe); the work goes on.\n"
    assert len(site.received()) == PEOPLE


def test_a_test_mail_is_sent_and_recorded_nowhere(site: Site) -> None:
    """Also when the first of its relays is not there."""
    with nothing_listens() as port:
        toml = site.folder / "newsletter.toml"
        text = toml.read_text().replace("[lists.nieuwsbrief]", '[lists.nieuwsbrief]\nrelay = ["gone", "main"]', 1)
        toml.write_text(f'{text}\n[relays.gone]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n')
        sent = newsletter(
            "test", "issues/nieuwsbrief.md", "--to", "redactie@example.org", cwd=site.folder, env=site.env
        )
    assert sent.expect(0)
    assert list(site.received()) == [b"Delivered-To: redactie@example.org"]
    assert json.loads(newsletter("jobs", "--json", cwd=site.folder).expect(0).out) == []


def test_nothing_is_sent_while_an_erasure_is_overdue_and_cannot_be_done(site: Site) -> None:
    """The scrub cannot finish while somebody reads the database: no job starts (I4, I5)."""
    import sqlite3
    from datetime import UTC, datetime, timedelta

    newsletter(
        "subscribers", "unsubscribe", "lezer7@gemeente.example", "--list", "nieuwsbrief", "--yes", cwd=site.folder
    ).expect(0)
    database = site.folder / "data" / "newsletter.sqlite3"
    past = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE subscription SET erase_at = ? WHERE erase_at IS NOT NULL", (past,))
    connection.close()
    reader = sqlite3.connect(database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM subscriber").fetchone()
    refused = newsletter("send", "issues/uitnodiging.md", "--yes", cwd=site.folder, env=site.env).expect(1)
    assert "overdue" in refused.said
    assert not site.received()
    reader.close()
    newsletter("send", "issues/uitnodiging.md", "--yes", cwd=site.folder, env=site.env).expect(0)
    assert len(site.received()) == PEOPLE - 1
