"""Canary test: after an erasure no file that the software wrote names the person, whatever the form (I5, B1, B9).

The person goes everywhere a person can: import and its report of refused rows, add, export in both formats, a mail
filled for them, a mailing with its journal and a refusal that quotes the address, the outbox, raw mails that came back
(handled, and waiting for a person), a change of address that waits, an operator's request. Then they are erased, by
request or by their deadline.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.store.rawmail import DONE, HUMAN, RawMail, box
from tests.support.canary import CANARY, traces
from tests.support.cli import newsletter
from tests.support.smtp import ScriptedServer

CONFIGURATION = """
[site]
base_url = "http://127.0.0.1:8080"
[relays.main]
host = "127.0.0.1"
port = {port}
security = "none"
[lists.nieuwsbrief]
title = "Nieuwsbrief Voorbeeld"
from = "Programma Voorbeeld <nieuwsbrief@example.org>"
unsubscribe_mailbox = "afmelden@example.org"
basis = "public-task"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
attributes = ["gemeente"]
"""
ISSUE = """---
list: nieuwsbrief
subject: Zomereditie met de nieuwe subsidieronde
preheader: Aanvragen kan vanaf maandag
date: {day}
---

## Subsidieronde open

Beste {{{{ name | default("lezer") }}}}, vanaf maandag kunt u een aanvraag doen voor de nieuwe ronde.

[Vraag de subsidie aan](https://example.org/subsidie)
"""
LIST = ("--list", "nieuwsbrief", "--basis", "public-task", "--source", "proef")


def refusing(_peer: object, verb: str, argument: str) -> str | None:
    """The relay refuses the canary in words that quote the address, and takes everybody else."""
    return f"550 5.1.1 <{CANARY.address}> is unknown here" if verb == "RCPT" and CANARY.word in argument else None


class Project:
    """A project folder; everything by the commands that an operator uses."""

    def __init__(self, folder: Path, outside: Path, port: int) -> None:
        self.folder, self.outside = folder, outside
        (folder / "issues").mkdir(parents=True)
        (folder / "newsletter.toml").write_text(CONFIGURATION.format(port=port))
        (folder / "issues" / "zomer.md").write_text(ISSUE.format(day=datetime.now(UTC).date()))

    def do(self, *command: str, status: int | tuple[int, ...] = 0) -> str:
        done = newsletter(*command, cwd=self.folder)
        allowed = (status,) if isinstance(status, int) else status
        assert done.status in allowed, done.said
        return done.out

    def spread(self) -> None:
        """The canary goes wherever a person can go."""
        rows = [
            "email,name,organisation,gemeente",
            f"{CANARY.address},{CANARY.name},{CANARY.organisation},{CANARY.word}",
            f"{CANARY.word} is geen adres,x,x,x",
            "blijft@example.org,Blijft,Voorbeeld,Voorbeeldstad",
        ]
        file = self.outside / "people.csv"
        file.write_text("\n".join(rows))
        self.do("subscribers", "import", str(file), *LIST, status=(0, 1))
        for name in ("csv", "jsonl"):
            self.do("subscribers", "export", "--list", "nieuwsbrief", "--format", name)
        self.do("build", "issues/zomer.md", "--as", CANARY.address, status=(0, 1))
        self.do("send", "issues/zomer.md", "--yes", status=(0, 1))
        self.put_raw_mails()

    def put_raw_mails(self) -> None:
        """As `feedback` keeps them: the mail, and the random ref of whom it names."""
        mail = f"From: {CANARY.address}\r\nSubject: Vraag\r\n\r\nGroet, {CANARY.name}\r\n".encode()
        ref = bytes(self.value(f"SELECT ref FROM subscriber WHERE address_key = '{CANARY.address.casefold()}'"))
        for name in (DONE, HUMAN):
            raw = RawMail(content=mail, arrived_at=datetime.now(UTC), why="not understood", people=(ref,))
            box(self.folder / "data", name).put(raw)

    def value(self, query: str) -> object:
        with closing(sqlite3.connect(self.folder / "data" / "newsletter.sqlite3")) as connection:
            return connection.execute(query).fetchone()[0]

    def write(self, statement: str) -> None:
        with closing(sqlite3.connect(self.folder / "data" / "newsletter.sqlite3")) as connection, connection:
            connection.execute(statement)

    def erase_on_request(self) -> None:
        self.do("subscribers", "erase", CANARY.address, "--yes")

    def erase_by_deadline(self) -> None:
        self.do("subscribers", "unsubscribe", CANARY.address, "--list", "nieuwsbrief", "--yes")
        self.write("UPDATE subscription SET erase_at = '2020-01-01 00:00:00.000000' WHERE erase_at IS NOT NULL")
        self.do("retention", "run")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    outside = tmp_path / "outside"
    outside.mkdir()
    with ScriptedServer(script=refusing) as server:
        made = Project(tmp_path / "project", outside, server.port)
        made.spread()
        yield made


@pytest.mark.parametrize("erase", [Project.erase_on_request, Project.erase_by_deadline])
def test_no_file_names_the_canary_after_the_erasure_rule_i5(project: Project, erase: Callable[[Project], None]) -> None:
    before = "\n".join(traces(project.folder))
    for place in ("newsletter.sqlite3", "exports/nieuwsbrief", "exports/zomer", "feedback/done", "feedback/human"):
        assert place in before, f"the canary was never in {place}"
    erase(project)
    assert traces(project.folder) == []
    assert project.value("SELECT count(*) FROM subscriber") == 1, "who stays is there"
    receipt = json.loads(project.do("retention", "report", "--format", "json"))
    assert receipt["receipts"][0]["counts"]["feedback"] == 1
    assert project.value("SELECT sum(count) FROM job_tally") == 1, "the refused mail still counts"


def test_what_the_person_asked_for_in_writing_goes_too(project: Project) -> None:
    """A raw mail about somebody else stays: it waits for a person to read it."""
    other = RawMail(
        content=b"From: blijft@example.org\r\n\r\nVraag", arrived_at=datetime.now(UTC), why="not understood"
    )
    kept = box(project.folder / "data", HUMAN).put(other)
    project.erase_on_request()
    assert kept.exists()
    assert traces(project.folder) == []


def test_reports_and_texts_name_nobody_rule_i7(project: Project) -> None:
    for command in (
        ("retention", "status", "--json"),
        ("retention", "report"),
        ("privacy", "record"),
        ("privacy", "statement", "--list", "nieuwsbrief"),
        ("jobs",),
    ):
        assert CANARY.word not in project.do(*command).casefold()
