"""A real Postfix between us and the world: its bounces come back by LMTP and suppress the right person (A18, A23)."""

import json
import re
import signal
import smtplib
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.cli import ROOT, command, environment, newsletter
from tests.support.postfix import running_postfix
from tests.support.smtp import make_authority

pytestmark = pytest.mark.system("postfix")

ACCEPTS_UNKNOWN = "\nsmtpd_reject_unlisted_recipient = no\nsoft_bounce = no\n"
"""As a relay in front of another server does: it learns later that there is no such user, and says so by mail."""


def documented(file: str) -> str:
    """The lines that docs/operators.md gives for a file of Postfix."""
    chapter = (ROOT / "docs" / "operators.md").read_text().partition("### A mail server of your own: Postfix")[2]
    return re.search(rf"{file}`[^`]*(?:`postmap [^`]*`[^`]*)?```\n(.*?)```", chapter, re.DOTALL)[1]


def main_cf(transport: Path) -> str:
    return documented("main.cf").replace("hash:/etc/postfix/transport", f"texthash:{transport}")


@contextmanager
def listening(folder: Path, env: dict[str, str]) -> Iterator[str]:
    """`newsletter feedback listen`; gives where it listens."""
    process = subprocess.Popen(
        command("feedback", "listen"), cwd=folder, env=environment(env), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        assert "Taking mail by lmtp at" in line, line + process.stdout.read()
        yield line.split(" at ")[1].strip()
    finally:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=30)[0]
    assert process.returncode == 0, said
    assert "Traceback" not in said, said


@pytest.fixture
def project(tmp_path: Path) -> Path:
    newsletter("init", "p", cwd=tmp_path).expect(0)
    file = tmp_path / "p" / "newsletter.toml"
    text = file.read_text().replace("[lists.nieuwsbrief]", LIST, 1)
    file.write_text(text + LISTEN)
    for address in ("p1@example.org", "nobody@example.org", "p2@example.org"):
        newsletter(
            "subscribers", "add", address, "--list", "nieuwsbrief", "--basis", "consent", "--source", "test",
            cwd=tmp_path / "p",
        ).expect(0)  # fmt: skip
    return tmp_path / "p"


LIST = '[lists.nieuwsbrief]\nenvelope = "verp"\nbounce_mailbox = "bounces@bounce.example.org"'
LISTEN = '\n[feedback.listen]\naddress = "127.0.0.1:0"\n'


def shown(project: Path, address: str) -> dict:
    return json.loads(newsletter("subscribers", "show", address, "--json", cwd=project).expect(0).out)


def wait_until(condition, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.3)
    return False


def test_a_mail_to_an_unknown_user_bounces_at_postfix_and_suppresses_that_one_person(project: Path, tmp_path: Path):
    env: dict[str, str] = {}
    with listening(project, env) as where:
        lines = documented("/transport").replace("127.0.0.1:2424", where)
        transport = tmp_path / "transport"
        transport.write_text(lines)
        authority = make_authority(tmp_path / "authority")
        with running_postfix(authority, main_cf(transport) + ACCEPTS_UNKNOWN, documented("master.cf")) as postfix:
            env["NEWSLETTER__RELAYS__MAIN__PORT"] = str(postfix.port)
            newsletter("send", "issues/nieuwsbrief.md", "--yes", cwd=project, env=env).expect(0)
            mails = postfix.wait_for(2)
            assert {re.search(rb"Return-Path: <(b-\d+-[0-9a-f]{20}@bounce\.example\.org)>", mail)[1] for mail in mails}
            gone = wait_until(lambda: "hard-bounce" in json.dumps(shown(project, "nobody@example.org")))
            assert gone, postfix.log
            _leave_by_mail(mails, postfix.port)
            left = wait_until(lambda: "unsubscribed" in json.dumps(shown(project, "p1@example.org")))
            assert left, postfix.log
    assert '"state": "active"' in json.dumps(shown(project, "p2@example.org"))
    assert "5.1.1" in json.dumps(shown(project, "nobody@example.org"))
    newsletter("feedback", "list", cwd=project).expect(0)


def _leave_by_mail(mails: list[bytes], port: int) -> None:
    """What a mail program does with the mailto of List-Unsubscribe (A15)."""
    (mail,) = [mail for mail in mails if b"To: p1@example.org" in mail]
    unfolded = re.sub(rb"\r?\n[ \t]", b" ", mail)
    box, subject = re.search(rb"<mailto:([^?>]+)\?subject=([^>]+)>", unfolded).groups()
    text = f"From: p1@example.org\r\nTo: {box.decode()}\r\nSubject: {subject.decode().replace('%20', ' ')}\r\n\r\n"
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("p1@example.org", [box.decode()], text)
