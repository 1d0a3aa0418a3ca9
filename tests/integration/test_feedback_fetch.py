"""`newsletter feedback fetch` at a real Dovecot: what is understood is moved once it is recorded, the rest is left."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from newsletter.config import load
from newsletter.store.migrate import open_store
from tests.support.cli import environment, newsletter
from tests.support.dovecot import PASSWORD, USER, Dovecot, running_dovecot
from tests.support.feedback import KEYRING, Desk, bounce, complaint, mail, request, token, verp
from tests.support.people import rows
from tests.support.smtp import Authority, make_authority

pytestmark = pytest.mark.system("dovecot")

TOML = """
[site]
base_url = "http://127.0.0.1:8080"

[relays.main]
host = "127.0.0.1"
port = 2525
security = "none"

[lists.nieuws]
title = "Nieuws"
from = "Programma Voorbeeld <nieuws@example.org>"
unsubscribe_mailbox = "afmelden@example.org"
bounce_mailbox = "bounces@bounce.example.org"
envelope = "verp"
basis = "consent"
controller = "Organisatie Voorbeeld"
privacy_url = "https://example.org/privacy"

[feedback.imap]
host = "localhost"
port = {port}
security = "{security}"
username = "{user}"
password_file = "imap-password"
ca_file = "{ca_file}"
"""
DONE = "Newsletter-done"
LETTER = mail("From: els@elders.example", f"To: {USER}", "Subject: Vraag over de bijeenkomst", body="Mag ik mee?")
KILLED_AT = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from newsletter.cli.common import open_project
from newsletter.cli.feedback_edges import fetching_of
left = [int(sys.argv[2])]
def step(name):
    if name == sys.argv[1]:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
replace(fetching_of(open_project(Path("newsletter.toml"))), step=step).run()
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def shared(authority: Authority) -> Iterator[Dovecot]:
    with running_dovecot(authority) as server:
        yield server


@pytest.fixture
def dovecot(shared: Dovecot) -> Dovecot:
    """The server with empty folders."""
    with shared.client() as client:
        for folder in ("INBOX", DONE, "Mensen"):
            if client.select(folder)[0] == "OK" and client.uid("SEARCH", "ALL")[1][0]:
                client.uid("STORE", "1:*", "+FLAGS.SILENT", r"(\Deleted)")
                client.expunge()
    return shared


@dataclass
class Programme:
    """A project with one mailbox."""

    folder: Path
    desk: Desk
    dovecot: Dovecot

    def fetch(self, status: int = 0, *arguments: str) -> dict:
        found = newsletter("feedback", "fetch", "--json", *arguments, cwd=self.folder).expect(status)
        return json.loads(found.out) if status == 0 else {"error": found.err}

    def add(self, line: str) -> None:
        file = self.folder / "newsletter.toml"
        file.write_text(file.read_text() + line + "\n")

    def killed_at(self, step: str, after: int = 0) -> None:
        done = subprocess.run(
            [sys.executable, "-c", KILLED_AT, step, str(after)],
            cwd=self.folder, env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == -9, done.stderr


def programme_of(folder: Path, dovecot: Dovecot, **values: object) -> Programme:
    given = {"port": dovecot.tls_port, "security": "tls", "user": USER, "ca_file": dovecot.ca_file} | values
    (folder / "newsletter.toml").write_text(TOML.format(**given))
    (folder / "imap-password").write_text(PASSWORD)
    (folder / "imap-password").chmod(0o600)
    (folder / "data").mkdir(mode=0o700)
    (folder / "data" / "secret.key").write_text(f"newsletter-secret 1\n1 {KEYRING.keys[1].hex()}\n")
    (folder / "data" / "secret.key").chmod(0o600)
    engine: Engine = open_store(load(folder / "newsletter.toml", {}))
    return Programme(folder, Desk(engine, folder), dovecot)


@pytest.fixture
def programme(tmp_path: Path, dovecot: Dovecot) -> Iterator[Programme]:
    found = programme_of(tmp_path, dovecot)
    yield found
    found.desk.engine.dispose()


def test_what_is_understood_moves_to_the_done_folder_and_a_letter_stays_unread(programme: Programme) -> None:
    desk = programme.desk
    jan, els, piet = (desk.reader(f"{name}@gemeente.example") for name in ("jan", "els", "piet"))
    numbers = desk.sent(jan, els, piet)
    programme.dovecot.deliver(
        bounce(verp(numbers[0])),
        LETTER,
        complaint(verp(numbers[1])),
        request("piet@elders.example", subject=f"unsubscribe {token(piet)}"),
    )
    found = programme.fetch()
    assert found["outcomes"] == {"applied": 3, "human": 1}
    assert [desk.state(ref) for ref in (jan, els, piet)] == [
        "ended hard-bounce", "ended complaint", "ended unsubscribed",
    ]  # fmt: skip
    assert programme.dovecot.mails() == [LETTER]
    assert programme.dovecot.unseen() == 1
    assert len(programme.dovecot.mails(DONE)) == 3
    assert programme.fetch() == {"outcomes": {}, "left": 0, "paused_jobs": []}, "looked at once"


def test_bounces_and_absence_notices_of_other_peoples_mail_are_left_alone(programme: Programme) -> None:
    away = mail("From: els@elders.example", f"To: {USER}", "Subject: Afwezig", "Auto-Submitted: auto-replied")
    other = bounce(USER, "iemand@elders.example")
    programme.dovecot.deliver(away, other)
    assert programme.fetch()["left"] == 2
    assert programme.dovecot.mails() == [away, other]


def test_what_waits_for_a_person_goes_to_the_folder_that_is_named(programme: Programme) -> None:
    programme.add('human_folder = "Mensen"')
    programme.dovecot.deliver(LETTER)
    programme.fetch()
    assert (programme.dovecot.mails(), programme.dovecot.mails("Mensen")) == ([], [LETTER])


@pytest.mark.parametrize("step", ["apply", "move", "mark"])
def test_killed_between_two_steps_nothing_is_lost_and_nothing_counts_twice(programme: Programme, step: str) -> None:
    desk = programme.desk
    refs = [desk.reader(f"p{index}@gemeente.example") for index in range(4)]
    numbers = desk.sent(*refs)
    mails = [
        bounce(verp(number), f"p{index}@gemeente.example", status="4.2.2", number=index)
        for index, number in enumerate(numbers)
    ]
    programme.dovecot.deliver(*mails)
    for after in (0, 1, 0):
        programme.killed_at(step, after)
    programme.fetch()
    assert len(rows(desk.engine, "bounce")) == 4
    assert programme.dovecot.mails() == []
    assert sorted(programme.dovecot.mails(DONE)) == sorted(mails)


def test_the_done_folder_is_emptied_after_days(programme: Programme) -> None:
    programme.fetch()
    old = datetime.now(UTC) - timedelta(days=9)
    programme.dovecot.deliver(b"Subject: oud\r\n\r\n", folder=DONE, when=f"{old:%d-%b-%Y %H:%M:%S} +0000")
    programme.dovecot.deliver(b"Subject: nieuw\r\n\r\n", folder=DONE)
    programme.fetch()
    assert programme.dovecot.mails(DONE) == [b"Subject: nieuw\r\n\r\n"]


def erase(programme: Programme, name: str) -> None:
    newsletter("subscribers", "erase", f"{name}@gemeente.example", "--yes", cwd=programme.folder).expect(0)


def test_the_done_folder_keeps_no_mail_about_who_was_erased_rule_i5(programme: Programme) -> None:
    """The first run after the erasure; the mail of somebody else stays for its days."""
    desk = programme.desk
    numbers = desk.sent(*[desk.reader(f"{name}@gemeente.example") for name in ("jan", "els")])
    for number, name in zip(numbers, ("jan", "els"), strict=True):
        programme.dovecot.deliver(bounce(verp(number), f"{name}@gemeente.example", status="4.2.2"))
    programme.fetch()
    assert len(programme.dovecot.mails(DONE)) == 2
    known = (programme.folder / "data" / "feedback" / "imap-done.jsonl").read_text()
    assert "gemeente" not in known
    erase(programme, "jan")
    programme.fetch()
    (left,) = programme.dovecot.mails(DONE)
    assert b"els@gemeente.example" in left
    erase(programme, "els")
    programme.fetch()
    assert programme.dovecot.mails(DONE) == []


@pytest.mark.parametrize("lost", ["nothing", "the numbers"])
def test_cut_short_before_its_number_is_known_a_mail_about_who_was_erased_goes_too(
    programme: Programme, lost: str
) -> None:
    desk = programme.desk
    (number,) = desk.sent(desk.reader())
    programme.dovecot.deliver(bounce(verp(number), status="4.2.2"))
    programme.killed_at("mark")
    assert len(programme.dovecot.mails(DONE)) == 1
    if lost == "the numbers":
        programme.fetch()
        file = programme.folder / "data" / "feedback" / "imap-done.jsonl"
        file.write_text(file.read_text().replace('"validity": ', '"validity": 9'))
    erase(programme, "jan")
    programme.fetch()
    assert programme.dovecot.mails(DONE) == []


def test_the_clock_of_a_request_starts_when_the_mailbox_got_it_rule_i4(programme: Programme) -> None:
    ref = programme.desk.reader()
    when = datetime.now(UTC).replace(microsecond=0) - timedelta(days=4)
    raw = request(subject=f"unsubscribe {token(ref)}")
    programme.dovecot.deliver(raw, when=f"{when:%d-%b-%Y %H:%M:%S} +0000")
    programme.fetch()
    assert rows(programme.desk.engine, "subscription")[0].ended_at == when


def test_a_mail_about_someone_erased_is_removed_and_not_kept(programme: Programme) -> None:
    ref = programme.desk.reader()
    (number,) = programme.desk.sent(ref)
    newsletter("subscribers", "erase", "jan@gemeente.example", "--yes", cwd=programme.folder).expect(0)
    programme.dovecot.deliver(bounce(verp(number)))
    assert programme.fetch()["outcomes"] == {"unmatched": 1}
    assert programme.dovecot.mails() == programme.dovecot.mails(DONE) == []


def test_a_large_mail_is_left_where_it_is(programme: Programme) -> None:
    programme.add("megabytes = 1")
    large = mail("From: els@elders.example", f"To: {USER}", "Subject: foto", body="x" * 70 + "\r\n") * 16000
    programme.dovecot.deliver(large)
    assert programme.fetch()["left"] == 1
    assert len(programme.dovecot.mails()) == 1


def test_starttls_works_and_no_password_goes_out_without_it(tmp_path: Path, dovecot: Dovecot) -> None:
    found = programme_of(tmp_path, dovecot, security="starttls", port=dovecot.port)
    dovecot.deliver(LETTER)
    assert found.fetch()["left"] == 1
    found.desk.engine.dispose()


def test_a_certificate_of_another_authority_is_refused_before_the_password(tmp_path: Path, dovecot: Dovecot) -> None:
    (tmp_path / "p").mkdir()
    other = make_authority(tmp_path / "other")
    found = programme_of(tmp_path / "p", dovecot, ca_file=other.ca_file)
    before = dovecot.log.count("Login: user")
    assert "certificate is not valid" in found.fetch(3)["error"]
    assert dovecot.log.count("Login: user") == before
    found.desk.engine.dispose()


def test_a_wrong_password_is_said_without_repeating_it(programme: Programme) -> None:
    (programme.folder / "imap-password").write_text("fout-wachtwoord")
    said = programme.fetch(3)["error"]
    assert "refuses the user name or password" in said
    assert "fout-wachtwoord" not in said


def test_without_move_a_mail_is_copied_and_removed_by_its_number(tmp_path: Path, authority: Authority) -> None:
    with running_dovecot(authority, capability="IMAP4rev1 UIDPLUS") as server:
        found = programme_of(tmp_path, server)
        (number,) = found.desk.sent(found.desk.reader())
        server.deliver(LETTER, bounce(verp(number)))
        assert found.fetch()["outcomes"] == {"applied": 1, "human": 1}
        assert server.mails() == [LETTER]
        assert len(server.mails(DONE)) == 1
        found.desk.engine.dispose()
