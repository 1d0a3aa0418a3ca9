"""Joining where it lives: `newsletter serve` mails within seconds, survives a kill, and `signup` prints the form."""

import contextlib
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from newsletter.delivery.catcher import Catcher
from subscribers.store import find
from subscribers.transactions import reading
from tests.support.cli import command, environment, newsletter
from tests.support.signup import link_in, mails, open_project, post
from tests.support.smtp import nothing_listens
from tests.support.web import WebProject


@contextlib.contextmanager
def serving(project: WebProject) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    process = subprocess.Popen(
        command("serve", "--port", "0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment() | {"PYTHONUNBUFFERED": "1"},
        cwd=project.configuration.folder,
    )
    try:
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, process.stderr.read()
        with httpx.Client(base_url=found[0], timeout=20) as client:
            yield process, client
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        process.communicate()


def arrived(folder: Path, number: int, seconds: float = 30) -> float:
    """Seconds until so many mails have arrived."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if (folder / "new").exists() and len(list((folder / "new").iterdir())) >= number:
            return time.monotonic() - started
        time.sleep(0.02)
    raise AssertionError(f"fewer than {number} mails in {seconds} s")


def test_serve_sends_the_confirmation_within_seconds_and_the_link_works(tmp_path: Path) -> None:
    with Catcher(tmp_path / "mail") as catcher:
        project = open_project(tmp_path / "p", catcher.port)
        with serving(project) as (process, client):
            post(client, "jan@example.org")
            assert arrived(tmp_path / "mail", 1) < 5
            (mail,) = mails(tmp_path / "mail")
            assert client.post(link_in(mail)).status_code == 200
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=30)
        assert process.returncode == 0
    with reading(project.engine) as connection:
        assert find(connection, "jan@example.org").on("nieuwsbrief").state == "active"
    assert "jan" not in said
    assert "/bevestig/" not in said
    assert "service mails: 1, of which 1 sent" in said


def test_what_was_queued_before_a_kill_is_sent_by_the_next_serve(tmp_path: Path) -> None:
    with nothing_listens() as port:
        project = open_project(tmp_path / "p", port)
        with serving(project) as (process, client):
            post(client, "jan@example.org")
            for _ in range(500):
                with reading(project.engine) as connection:
                    if find(connection, "jan@example.org"):
                        break
                time.sleep(0.01)
            process.kill()
    with Catcher(tmp_path / "mail", port=port), serving(project):
        arrived(tmp_path / "mail", 1)
        time.sleep(2)
    assert len(mails(tmp_path / "mail")) == 1


def test_signup_prints_pages_and_a_form_without_scripts(tmp_path: Path) -> None:
    open_project(tmp_path)
    listed = newsletter("signup", cwd=tmp_path).expect(0).out
    assert "http://127.0.0.1:8080/aanmelden/nieuwsbrief" in listed
    assert '"signup": "closed"' in newsletter("signup", "--json", cwd=tmp_path).expect(0).out
    form = newsletter("signup", "form", "nieuwsbrief", cwd=tmp_path).expect(0).out
    assert form.startswith('<form action="http://127.0.0.1:8080/aanmelden/nieuwsbrief"')
    assert "Autoriteit Persoonsgegevens" in form
    assert not re.search(r"<script|style=|src=|checked", form)
    closed = newsletter("signup", "form", "intern", cwd=tmp_path).expect(2)
    assert 'signup = "open"' in closed.err
