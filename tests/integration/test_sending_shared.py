"""Two jobs over one relay, in processes of their own: its limits hold for both together, and neither waits for ever."""

import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.delivery import relay_uses
from newsletter.delivery.courtesy import Manners
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.hold import HeldError
from newsletter.delivery.outcome import State
from newsletter.delivery.portions import Portion
from newsletter.delivery.receivers import Receivers
from newsletter.delivery.relay_uses import Asking
from newsletter.delivery.relays import Limits, Via
from newsletter.delivery.worker import run_with
from newsletter.store import pace
from subscribers.transactions import reading
from tests.support.sending import World, fresh_store, people, planned
from tests.support.sending_runner import SHARED
from tests.support.smtp import ScriptedServer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def world(tmp_path):
    with fresh_store(tmp_path) as engine:
        yield World(engine, tmp_path)


class Counting:
    """A script that counts open connections, and notes when each message came."""

    def __init__(self):
        self.open, self.most, self.times = 0, 0, []

    def __call__(self, _peer, verb, _argument):
        self.open += (verb == "GREETING") - (verb == "QUIT")
        self.most = max(self.most, self.open)
        if verb == "DOT":
            self.times.append(time.monotonic())


def begun(world, job, port):
    command = [sys.executable, "-m", "tests.support.sending_runner", str(world.engine.url), str(world.folder)]
    return subprocess.Popen([*command, str(port), str(job.id), "300", "shared"], cwd=ROOT)


def test_two_processes_share_the_connections_and_the_speed_of_a_relay(world):
    people(world.engine, 80)
    first, second = planned(world.engine, slug="een"), planned(world.engine, slug="twee")
    counting = Counting()
    with ScriptedServer(script=counting) as server:
        one, two = begun(world, first, server.port), begun(world, second, server.port)
        assert (one.wait(60), two.wait(60)) == (0, 0)
    assert world.counts(first) == world.counts(second) == {State.SENT: 80}
    assert counting.most <= SHARED.connections
    rate, times = round(SHARED.messages_per_second), counting.times
    assert all(later - earlier > 0.8 for earlier, later in zip(times, times[rate:], strict=False)), "the speed of one"
    assert len(set(server.accepted[:80])) < 80, "none waited for the end of the other"


def busy_elsewhere(world, most, clock):
    """A run on another machine has all connections of the relay."""
    asking = Asking(relay="main", holder="elsewhere|1|x", most=most, mine=Portion(connections=0), is_open=0)
    assert relay_uses.look(world.engine, asking, clock()).connections == most


def test_a_job_that_finds_no_connection_free_waits_says_so_and_sends_nothing(world):
    job, notes = planned(world.engine, 3), set()
    busy_elsewhere(world, 1, world.clock)
    with ScriptedServer() as server:
        means = replace(world.means(server.port), relay="main", limits=Limits(connections=1))
        polite = Manners(receivers=Receivers(groups={}, limits={}), patience=0.4)
        with pytest.raises(HeldError, match="relay main"):
            run_with(replace(means, manners=polite, report=lambda now: notes.update(now.notes)), job)
        assert not server.peers
    assert notes == {"waits for relay main, which other jobs use"}
    assert world.counts(job) == {State.QUEUED: 3}


def test_a_relay_that_stands_by_makes_no_job_wait_longer_for_one_that_others_use(world):
    job = planned(world.engine, 3)
    busy_elsewhere(world, 1, world.clock)
    with ScriptedServer() as server:
        means = replace(world.means(server.port), relay="main", limits=Limits(connections=1))
        values = {"host": "127.0.0.1", "port": server.port, "security": "none", "hello_name": "test.example"}
        spare = Via(name="spare", endpoint=Endpoint(**values), pace=means.pace, weight=0)
        polite = Manners(receivers=Receivers(groups={}, limits={}), patience=0.4)
        began = time.monotonic()
        with pytest.raises(HeldError, match="relay main"):
            run_with(
                replace(means, others=(spare,), manners=polite, should_stop=lambda: time.monotonic() > began + 8), job
            )
        assert not server.peers
    assert world.counts(job) == {State.QUEUED: 3}


def test_it_goes_on_when_the_other_is_gone_and_leaves_nothing_behind(world):
    job = planned(world.engine, 3)
    busy_elsewhere(world, 1, lambda: world.clock() - timedelta(seconds=59.5))  # not heard of since
    with ScriptedServer() as server:
        means = replace(world.means(server.port), relay="main", limits=Limits(connections=1))
        assert run_with(means, job).counts[State.SENT] == 3
    with reading(world.engine) as connection:
        assert pace.load(connection, ["uses of main"]) == {"uses of main": {"runs": []}}
