"""`kill -9` at random points, over and over: nobody is lost, nobody gets it twice, and every gap is reported (I3, A24).

Whoever sends is killed: a run of its own, `newsletter serve`, those who sign for it. A few kills at fixed points of
chance, with --full dozens and hundreds. Before real relays and their logs: tests/acceptance/test_settle_by_log.py.
"""

import signal
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from newsletter.cli.common import open_project
from newsletter.store import job_times, jobs
from subscribers.clock import utc_now
from tests.support.cli import newsletter
from tests.support.dkim import dkimpy_verifies, records_of, rsa_key, write_key
from tests.support.killing import Harness, running_to_the_end
from tests.support.sending import World, fresh_store, planned
from tests.support.sending_runner import KEY_FILE
from tests.support.serving import started
from tests.support.smtp import ScriptedServer

pytestmark = pytest.mark.timeout(900)
PEOPLE = 150
MANY = 1000
"""From so many on `serve` has an RSA signature made by a process of its own, where there are two processors."""
SETTINGS = """
[dkim.rsa]
domain = "example.org"
selector = "rsa2027"
key_file = "rsa.pem"
"""
ISSUE = """\
---
list: nieuwsbrief
subject: Uitgave {number}
preheader: Wat er deze week komt
date: 2027-06-14
---

Beste {{{{ name | default("lezer") }}}},

Een regel tekst van uitgave {number}.
"""


@pytest.fixture
def world(tmp_path):
    with fresh_store(tmp_path) as engine:
        yield World(engine, tmp_path)


def harness_of(world: World, server: ScriptedServer, *more: str, **changes) -> Harness:
    """Jobs of one store, sent by runs of their own."""
    return Harness(
        world=world,
        server=server,
        plan=lambda number: planned(world.engine, 0 if number > 1 else PEOPLE, slug=f"uitgave-{number}"),
        begin=lambda job: running_to_the_end(world, job, server.port, *more),
        **changes,
    )


@pytest.mark.parametrize("safety", [(), ("power-safe",)], ids=["crash-safe", "power-safe"])
def test_a24_a_killed_run(world, is_full, safety):
    with ScriptedServer(delay=0.001) as server:
        harness = harness_of(world, server, *safety, wanted=(200 if is_full else 5))
        harness.run(", ".join(("run", *safety)))


@pytest.mark.system("postgresql")
def test_a24_a_killed_run_on_postgresql(postgres, tmp_path, is_full):
    with postgres.shared_store() as engine, ScriptedServer(delay=0.001) as server:
        world = World(engine, tmp_path)
        harness_of(world, server, "power-safe", wanted=(60 if is_full else 2)).run("run on PostgreSQL")


@pytest.mark.parametrize("kinds", [("signer",), ("sender", "signer", "group")], ids=["signer", "all"])
def test_a24_a_killed_run_whose_messages_are_signed_by_processes_beside_it(world, is_full, kinds):
    """With the sender those who sign are gone; of them alone nobody is missed, and no delivery is unknown."""
    write_key(world.folder / KEY_FILE, rsa_key())
    with ScriptedServer(delay=0.001, extensions=("PIPELINING",)) as server:
        harness = harness_of(world, server, "signed", wanted=(60 if is_full else 2), kinds=kinds)
        harness.run(f"signed run, {', '.join(kinds)}")
        messages = [message.removesuffix(b".\r\n") for message in server.messages]
        chosen = messages if is_full else harness.chance.sample(messages, 20)
    assert harness.orphans or "sender" not in kinds
    assert all(message.startswith(b"DKIM-Signature:") for message in messages)
    assert all(dkimpy_verifies(message, records_of(rsa_key())) for message in chosen)


@dataclass
class Site:
    """A project of MANY people before a relay; its mail is signed."""

    folder: Path

    def run(self, *arguments: str) -> None:
        newsletter(*arguments, cwd=self.folder).expect(0)

    def make(self, relay: int) -> None:
        newsletter("init", self.folder.name, cwd=self.folder.parent).expect(0)
        settings = self.folder / "newsletter.toml"
        text = settings.read_text().replace("port = 2525", f"port = {relay}").replace("# dkim = [", "dkim = [", 1)
        settings.write_text(text.replace('dkim = ["rsa2027"]', 'dkim = ["rsa"]') + SETTINGS)
        self.run("doctor", "--new-dkim-key", "rsa")
        rows = "".join(f"p{number}@example.org,Lezer {number}\n" for number in range(MANY))
        (self.folder / "lezers.csv").write_text("email,name\n" + rows)
        options = "--list", "nieuwsbrief", "--basis", "consent", "--source", "form"
        self.run("subscribers", "import", "lezers.csv", *options)

    def plan(self, engine, number: int):
        """Hand a job to `serve` for tomorrow; tomorrow comes at once."""
        issue = self.folder / "issues" / f"uitgave-{number}.md"
        issue.write_text(ISSUE.format(number=number))
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
        self.run("send", f"issues/{issue.name}", "--yes", "--at", tomorrow)
        return job_times.schedule(engine, jobs.find_job(engine, "nieuwsbrief", issue.stem).id, utc_now())

    @contextmanager
    def serve(self, _job):
        """`newsletter serve`, stopped as soon as the job is finished, unless somebody kills it."""
        with started(self.folder, "--quiet") as process:
            yield process
            if process.poll() is None:
                process.terminate()
                _, said = process.communicate(timeout=60)
                assert process.returncode == 0
                assert "failed" not in said, said
            assert process.returncode in {0, -signal.SIGKILL}


def test_a24_serve_is_killed_alone_with_all_that_it_started_or_loses_who_signs(tmp_path, is_full):
    site = Site(tmp_path / "p")
    with ScriptedServer(delay=0.001) as server:
        site.make(server.port)
        project = open_project(site.folder / "newsletter.toml")
        harness = Harness(
            world=World(project.engine, project.configuration.data_dir),
            server=server,
            plan=partial(site.plan, project.engine),
            begin=site.serve,
            wanted=60 if is_full else 3,
            most=250,
            lanes=project.configuration.relays["main"].connections,
            kinds=("sender", "signer", "group"),
        )
        try:
            harness.run("serve")
        finally:
            project.engine.dispose()
