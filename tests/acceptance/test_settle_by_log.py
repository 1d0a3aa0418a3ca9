"""`newsletter jobs settle --maillog` after `kill -9`, before a real relay: everybody gets it once (I3, A24)."""

import json
import random
import subprocess
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.cli import command, environment, newsletter
from tests.support.exim import Exim, running_exim
from tests.support.postfix import Postfix, running_postfix
from tests.support.slow_proxy import slow_proxy
from tests.support.smtp import make_authority

PEOPLE = 400
SEND = ("send", "issues/nieuwsbrief.md", "--yes")
STAMP = {Postfix: "%b %e %H:%M:%S", Exim: "%Y-%m-%d %H:%M:%S"}
OTHER = {
    Postfix: "relay postfix/anvil[1]: statistics: max connection rate 1/60s",
    Exim: "no host name found for IP address 127.0.0.1",
}
"""A line about something else."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    newsletter("init", "p", cwd=tmp_path).expect(0)
    rows = "".join(f"p{number}@example.org,Lezer {number}\n" for number in range(PEOPLE))
    (tmp_path / "p" / "lezers.csv").write_text("email,name\n" + rows)
    newsletter(
        "subscribers", "import", "lezers.csv", "--list", "nieuwsbrief", "--basis", "consent", "--source", "form",
        "--consented-at", "2026-01-01", cwd=tmp_path / "p",
    ).expect(0)  # fmt: skip
    return tmp_path / "p"


def counts(project: Path) -> dict[str, int]:
    found = json.loads(newsletter("jobs", "show", "1", "--json", cwd=project).expect(0).out)
    return {state: number for state, number in found["counts"].items() if number}


def kill_midway(project: Path, server: Postfix | Exim, relay: dict[str, str], chance: random.Random) -> None:
    """Send until the relay takes mail, then `kill -9`."""
    before = server.taken
    with subprocess.Popen(
        command(*SEND), cwd=project, env=environment(relay), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and server.taken < before + 5:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 0.3))
        process.kill()


def log_around(server: Postfix | Exim, folder: Path) -> Path:
    """The relay's log as it is a quarter of an hour later, with lines of others before and after."""
    now, stamp, other = datetime.now().astimezone(), STAMP[type(server)], OTHER[type(server)]
    before, after = now - timedelta(minutes=15), now + timedelta(minutes=15)
    path = folder / "mail.log"
    path.write_text(f"{before.strftime(stamp)} {other}\n{server.log}{after.strftime(stamp)} {other}\n")
    return path


@pytest.mark.parametrize(
    ("running", "mark"),
    [
        pytest.param(running_postfix, b"X-Original-To: ", marks=pytest.mark.system("postfix"), id="postfix"),
        pytest.param(running_exim, b"Envelope-to: ", marks=pytest.mark.system("exim"), id="exim"),
    ],
)
def test_a24_after_kills_the_log_leaves_nothing_unknown_and_everybody_gets_it_once(
    project, tmp_path, is_full, running, mark
) -> None:
    chance = random.Random(20270614)
    with running(make_authority(tmp_path / "authority")) as server:
        relay = {"NEWSLETTER__RELAYS__MAIN__PORT": str(server.port)}
        with slow_proxy(server.port, 0.05) as port:
            for _ in range(5 if is_full else 2):
                kill_midway(project, server, {"NEWSLETTER__RELAYS__MAIN__PORT": str(port)}, chance)
        newsletter(*SEND, cwd=project, env=relay).expect(1)
        before = counts(project)
        log = log_around(server, tmp_path)
        assert before["unknown"] > 0
        done = newsletter("jobs", "settle", "1", "--maillog", str(log), "--yes", cwd=project).expect(0)
        assert "0 stay unknown" in done.out
        newsletter(*SEND, cwd=project, env=relay).expect(0)
        assert counts(project) == {"sent": PEOPLE}
        mails = server.wait_for(PEOPLE)
    received = Counter(line for mail in mails for line in mail.split(b"\n") if line.startswith(mark))
    assert len(received) == PEOPLE
    assert set(received.values()) == {1}
