"""`newsletter jobs settle --maillog` after `kill -9`, before a real relay: everybody gets it once (I3, A24)."""

import random
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from newsletter.cli.common import open_project
from newsletter.delivery.outcome import State
from newsletter.store import jobs
from tests.support.cli import command, environment, newsletter
from tests.support.exim import Exim, running_exim
from tests.support.postfix import Postfix, running_postfix
from tests.support.sending import World
from tests.support.slow_proxy import slow_proxy
from tests.support.smtp import make_authority

PEOPLE = 400
CONNECTIONS = 4
"""The default of a relay."""
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


def addresses(project: Path) -> dict[State, set[str]]:
    """Who is in which state, where anybody is."""
    opened = open_project(project / "newsletter.toml")
    try:
        world, job = World(opened.engine, project), jobs.get_job(opened.engine, 1)
        return {state: people for state in State if (people := world.addresses(job, state))}
    finally:
        opened.engine.dispose()


def received(server: Postfix | Exim, number: int, mark: bytes) -> Counter[str]:
    """Who got a mail, and how many, once there are so many mails."""
    lines = (line for mail in server.wait_for(number) for line in mail.split(b"\n") if line.startswith(mark))
    return Counter(line.removeprefix(mark).decode().strip() for line in lines)


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
    chance, kills = random.Random(20270614), (10 if is_full else 2)
    with running(make_authority(tmp_path / "authority")) as server:
        relay = {"NEWSLETTER__RELAYS__MAIN__PORT": str(server.port)}
        with slow_proxy(server.port, 0.05) as port:
            for _ in range(kills):
                kill_midway(project, server, {"NEWSLETTER__RELAYS__MAIN__PORT": str(port)}, chance)
        newsletter(*SEND, cwd=project, env=relay).expect(1)
        before = addresses(project)
        log = log_around(server, tmp_path)
        assert 0 < len(before[State.UNKNOWN]) <= kills * CONNECTIONS
        done = newsletter("jobs", "settle", "1", "--maillog", str(log), "--yes", cwd=project).expect(0)
        assert "0 stay unknown" in done.out
        settled = addresses(project)
        taken = received(server, len(settled[State.SENT]), mark)
        assert before[State.SENT] <= set(taken) <= before[State.SENT] | before[State.UNKNOWN]
        rest = before[State.UNKNOWN] - set(taken)
        assert settled == {State.SENT: set(taken), **({State.QUEUED: rest} if rest else {})}
        newsletter(*SEND, cwd=project, env=relay).expect(0)
        assert {state: len(people) for state, people in addresses(project).items()} == {State.SENT: PEOPLE}
        taken = received(server, PEOPLE, mark)
    assert len(taken) == PEOPLE
    assert set(taken.values()) == {1}
    sys.stdout.write(f"{kills} kills: lost 0, doubled 0, unknown {len(before[State.UNKNOWN])}, after settling 0\n")
