"""Killed, interrupted, paused, doubled, out of room: what is known afterwards is exact (I3, A24)."""

import os
import signal
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from threading import Timer

import pytest

from newsletter.delivery import journal as journals
from newsletter.delivery.control import Stop
from newsletter.delivery.job import JobEvent, JobState
from newsletter.delivery.outcome import State
from newsletter.delivery.worker import run_with
from newsletter.store import jobs
from subscribers import leases
from subscribers.errors import ConflictError, NegativeError, ServiceError
from subscribers.transactions import writing
from tests.support.databases import opened
from tests.support.killing import LANES, assert_exact, running, wait_for
from tests.support.sending import World, fresh_store, planned
from tests.support.smtp import SILENCE, ScriptedServer, at


@pytest.fixture
def world(tmp_path):
    with fresh_store(tmp_path) as engine:
        yield World(engine, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_what_is_in_flight_records_it_and_releases_the_rest(world, number):
    job = planned(world.engine, 1000)
    with ScriptedServer(delay=0.002) as server:
        with running(world, job, server.port) as process:
            wait_for(lambda: len(server.accepted) >= 30)
            process.send_signal(number)
            assert process.wait(timeout=20) == 130
        counts = world.counts(job)
        assert set(counts) == {State.SENT, State.QUEUED}
        assert counts[State.SENT] == len(server.accepted) < 1000
        assert not list((world.folder / "spool").glob("*.journal"))
        with running(world, job, server.port) as rest:
            assert rest.wait(timeout=60) == 0
    assert assert_exact(world, job, server) == 0
    assert world.counts(job) == {State.SENT: 1000}


def test_a_second_signal_does_not_wait_for_a_silent_relay(world):
    job = planned(world.engine, 50)
    server = ScriptedServer(script=at("DOT", SILENCE, recipient="p9@"))
    with server, running(world, job, server.port) as process:
        wait_for(lambda: "p9@example.org" in server.seen)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 130
    assert world.addresses(job, State.UNKNOWN) == {"p9@example.org"}
    assert_exact(world, job, server)


def test_of_two_sends_at_once_the_second_is_refused_with_exit_2(world):
    job = planned(world.engine, 600)
    with ScriptedServer(delay=0.01) as server, running(world, job, server.port) as first:
        wait_for(lambda: server.accepted)
        with running(world, job, server.port) as second:
            _, said = second.communicate(timeout=20)
            assert second.returncode == 2
            assert "being sent by another process" in said
        assert first.wait(timeout=60) == 0
    assert world.counts(job) == {State.SENT: 600}
    assert_exact(world, job, server)


def stop_and_take_lease(process, world):
    """Stop the process at a moment when it holds no lock of the database, and remove its lease."""
    for _ in range(200):
        process.send_signal(signal.SIGSTOP)
        with closing(sqlite3.connect(world.engine.url.database, timeout=0.1)) as connection:
            try:
                connection.execute("DELETE FROM lease")
                connection.commit()
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
                time.sleep(0.003)
            else:
                return
    pytest.fail("the process always held the database")


def test_a_stopped_process_keeps_its_job(world):
    """Its lease may run out; the file lock stays with it, so nobody sends what it will send when it goes on."""
    job = planned(world.engine, 300)
    with ScriptedServer(delay=0.005) as server, running(world, job, server.port) as first:
        wait_for(lambda: server.accepted)
        stop_and_take_lease(first, world)
        with pytest.raises(ConflictError, match="another process"):
            world.run(job, server.port)
        first.send_signal(signal.SIGCONT)
        first.wait(timeout=60)
    assert_exact(world, job, server)


def test_a_job_of_another_machine_is_respected_while_its_lease_lasts(world):
    job = planned(world.engine, 2)
    with writing(world.engine) as connection:
        assert leases.acquire(connection, f"job:{job.id}", holder="elsewhere|1|x", now=world.clock(), seconds=60)
    with ScriptedServer() as server, pytest.raises(ConflictError, match="another process"):
        world.run(job, server.port)
    assert world.counts(job) == {State.QUEUED: 2}


@pytest.mark.parametrize(("event", "left"), [(JobEvent.PAUSE, State.QUEUED), (JobEvent.CANCEL, State.CANCELLED)])
def test_pause_and_cancel_act_within_two_seconds_and_release_what_is_unsent(world, event, left):
    job = planned(world.engine, 3000)
    asked = []

    def ask():
        while len(server.accepted) < 20:
            time.sleep(0.01)
        asked.append(time.monotonic())
        jobs.change_job(world.engine, job.id, event, world.clock())

    with ScriptedServer(delay=0.002) as server:
        Timer(0.1, ask).start()
        result = world.run(job, server.port)
    assert time.monotonic() - asked[0] < 2
    assert set(world.counts(job)) == {State.SENT, left}
    assert (result.exit_status, result.stop) == (1, {JobEvent.PAUSE: "paused"}.get(event, "cancelled"))
    with ScriptedServer() as other, pytest.raises(ConflictError):
        world.run(job, other.port)
    assert_exact(world, job, server)


@pytest.mark.parametrize(("event", "stop"), [(JobEvent.PAUSE, Stop.PAUSED), (JobEvent.CANCEL, Stop.CANCELLED)])
def test_a_run_that_ends_before_it_looks_at_the_job_says_who_stopped_it(world, event, stop):
    job = planned(world.engine, 3000)
    with ScriptedServer(delay=0.002) as server:
        means = world.means(server.port)
        Timer(0.3, lambda: jobs.change_job(world.engine, job.id, event, world.clock())).start()
        result = run_with(replace(means, pace=replace(means.pace, look_seconds=600)), job)
    assert (result.exit_status, result.stop) == (1, stop)


def test_a_run_in_a_thread_ends_when_it_is_told(world):
    job = planned(world.engine, 2000)
    with ScriptedServer(delay=0.002) as server:
        means = replace(world.means(server.port), should_stop=lambda: len(server.accepted) > 20)
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(run_with, means, job).result(timeout=30)
    assert result.exit_status == 130
    assert set(world.counts(job)) == {State.SENT, State.QUEUED}


def at_rest(server):
    """How many messages the server has when it gets no more for a while: what was in flight has arrived."""
    seen = -1
    while len(server.accepted) != seen:
        seen = len(server.accepted)
        time.sleep(0.4)
    return seen


def test_nothing_is_sent_while_the_store_is_scrubbed(world):
    job = planned(world.engine, 400)
    holder = leases.new_holder()

    def scrub(take):
        with writing(world.engine) as connection:
            if take:
                leases.acquire(connection, leases.SCRUB, holder=holder, now=world.clock(), seconds=60)
            else:
                leases.release(connection, leases.SCRUB, holder=holder)

    with ScriptedServer(delay=0.002) as server, ThreadPoolExecutor(1) as pool:
        running_job = pool.submit(world.run, job, server.port)
        wait_for(lambda: len(server.accepted) >= 20)
        scrub(True)
        before = at_rest(server)
        time.sleep(0.4)
        assert len(server.accepted) == before < 400
        scrub(False)
        result = running_job.result(timeout=60)
    assert result.counts[State.SENT] == 400


def test_no_job_runs_while_erasure_is_overdue(world):
    job = planned(world.engine, 2)
    with writing(world.engine) as connection:
        connection.exec_driver_sql(
            "UPDATE subscription SET state='ended', erase_at='2020-01-01 00:00:00.000000' WHERE id=1"
        )
    with ScriptedServer() as server, pytest.raises(NegativeError, match="overdue") as caught:
        world.run(job, server.port)
    assert caught.value.exit_status == 1
    assert not server.lines


def test_deferred_deliveries_wait_for_their_time_and_expire_in_the_end(world):
    job = planned(world.engine, 3)
    with ScriptedServer(script=at("RCPT", "451 4.7.1 greylisted")) as server:
        first = world.run(job, server.port)
        assert (first.exit_status, first.counts[State.DEFERRED]) == (1, 3)
        assert first.next_due >= job.created_at + timedelta(minutes=30)
        sessions = len(server.peers)
        again = world.run(job, server.port)
        assert (again.handled, again.next_due, len(server.peers)) == (0, first.next_due, sessions)
        later = replace(world, clock=lambda: first.next_due + timedelta(minutes=20))
        assert later.run(job, server.port).counts[State.DEFERRED] == 3
        old = replace(world, clock=lambda: job.created_at + timedelta(hours=73))
        result = old.run(job, server.port)
    assert result.counts[State.EXPIRED] == 3
    assert result.job.state is JobState.FINISHED


@pytest.mark.parametrize("kilobytes", [4, 40, 400])
def test_when_no_file_may_grow_what_the_relay_took_is_recorded_sent_or_unknown(world, kilobytes):
    """Our own write fails after the relay's 250: never queued again (I3)."""
    job = planned(world.engine, 1500)
    with world.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    limit = kilobytes * 1024 + (world.folder / "newsletter.sqlite3").stat().st_size
    with ScriptedServer(delay=0.001) as server:
        with running(world, job, server.port, limit=limit) as process:
            _, said = process.communicate(timeout=60)
            assert process.returncode == 3
            assert "Traceback" not in said
        assert world.run(job, server.port).counts[State.QUEUED] == 0
    assert_exact(world, job, server)


def test_over_a_power_cut_what_a_journal_may_have_lost_is_unknown_and_never_sent_again(world, monkeypatch):
    """Crash-safe only: the machine started anew, and what the journal does not settle may have been sent."""
    job = planned(world.engine, 200)
    with ScriptedServer(delay=0.002) as server:
        with running(world, job, server.port) as process:
            wait_for(lambda: len(server.accepted) >= 30)
            process.kill()
            process.wait()
        [journal] = (world.folder / "spool").glob("*.journal")
        whole = journal.read_bytes()
        journal.write_bytes(whole[: whole.index(b"\n") + 1])  # the records had not reached the disk
        monkeypatch.setattr(journals, "boot_id", lambda: "another")
        result = world.run(job, server.port)
    assert result.recovered.released == 0
    assert result.recovered.unknown >= 1
    assert_exact(world, job, server)


def test_over_a_power_cut_a_power_safe_journal_loses_only_what_was_in_flight(world, monkeypatch):
    """Its end may be unreadable; no dot followed from what was not synced."""
    job = planned(world.engine, 200)
    with ScriptedServer(delay=0.002) as server:
        with running(world, job, server.port, 300, "power-safe") as process:
            wait_for(lambda: len(server.accepted) >= 30)
            process.kill()
            process.wait()
        [journal] = (world.folder / "spool").glob("*.journal")
        journal.write_bytes(journal.read_bytes() + b"\0\0S 1")
        monkeypatch.setattr(journals, "boot_id", lambda: "another")
        result = world.run(job, server.port)
    assert result.recovered.unknown <= LANES
    assert_exact(world, job, server)
    assert world.counts(job).get(State.UNKNOWN, 0) <= LANES


@pytest.mark.system("root")
def test_with_a_full_disk_what_the_relay_took_is_recorded_sent_or_unknown(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("cannot mount a tmpfs here")
    try:
        with fresh_store(small) as engine:
            world = World(engine, small)
            job = planned(engine, 1500)
            filler = small / "filler"
            free = os.statvfs(small)
            filler.write_bytes(b"x" * max(0, free.f_bavail * free.f_frsize - 24 * 1024))
            with ScriptedServer(delay=0.001) as server:
                with pytest.raises(ServiceError) as caught:
                    world.run(job, server.port)
                assert caught.value.exit_status == 3
                filler.unlink()
                with opened(str(engine.url)) as after:
                    result = World(after, small).run(job, server.port)
            assert result.counts[State.QUEUED] == 0
            assert_exact(world, job, server)
    finally:
        subprocess.run(["umount", "-l", small], check=True)
