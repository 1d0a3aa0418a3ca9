"""Messages signed in processes beside the event loop (A21): each is signed, whoever dies, and nothing stays behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import chain

import pytest

from newsletter.delivery import signing
from newsletter.delivery.outcome import State
from newsletter.delivery.signing import SigningPool, processes_for, signing_pool
from newsletter.delivery.worker import run_with
from newsletter.message.dkim import DkimKey, Signer
from subscribers.clock import utc_now
from tests.support.dkim import dkimpy_verifies, ed25519_key, letter, mail, records_of, rsa_key
from tests.support.processes import PROC, children_of, is_running
from tests.support.sending import World, fresh_store, planned
from tests.support.smtp import ScriptedServer

RSA = Signer((rsa_key(),))
RECORDS = records_of(rsa_key())


@pytest.fixture
def world(tmp_path):
    with fresh_store(tmp_path) as engine:
        yield World(engine, tmp_path)


@pytest.fixture
def worth_it(monkeypatch):
    """As if the job were large and the machine had processors to spare."""
    monkeypatch.setattr(signing, "processes_for", lambda *_: 2)


def signed_means(world, server, **more):
    return replace(world.means(server.port), write=letter, signer=RSA, **more)


def test_a21_every_message_of_a_job_is_signed_and_verifies(world, worth_it):
    job = planned(world.engine, 60)
    with ScriptedServer(extensions=("PIPELINING",)) as server:
        result = run_with(signed_means(world, server), job)
        messages = [message.removesuffix(b".\r\n") for message in server.messages]
    assert result.counts[State.SENT] == 60
    assert len({message.split(b"Subject: ")[1].split(b"\r\n")[0] for message in messages}) == 60
    assert all(dkimpy_verifies(message, RECORDS) for message in messages)


def test_i3_a_run_that_stops_gives_back_what_was_being_signed(world, worth_it):
    job = planned(world.engine, 400)
    with ScriptedServer(extensions=("PIPELINING",)) as server:
        means = signed_means(world, server, should_stop=lambda: len(server.accepted) > 20)
        first = run_with(means, job)
        assert first.counts[State.QUEUED] == 400 - first.counts[State.SENT] > 0
        second = run_with(replace(means, should_stop=lambda: False), job)
        addresses = server.accepted
    assert second.counts[State.SENT] == 400
    assert len(addresses) == len(set(addresses)) == 400


def test_a_process_that_is_killed_while_it_signs_is_not_missed():
    async def through() -> list[bytes]:
        pool = SigningPool(RSA, 2, utc_now)
        await pool.start()
        groups = [[mail(number * 8 + place) for place in range(8)] for number in range(20)]
        asked = [asyncio.create_task(pool.signatures(group)) for group in groups]
        await asked[0]
        for child in children_of(os.getpid()):
            os.kill(child, signal.SIGKILL)
        signatures = [line for answer in await asyncio.gather(*asked) for line in answer]
        await pool.close()
        return [line + message for line, message in zip(signatures, chain.from_iterable(groups), strict=True)]

    messages = asyncio.run(through())
    assert len(messages) == 160
    assert all(dkimpy_verifies(message, RECORDS) for message in messages)


def test_a_process_that_hangs_is_taken_for_dead(monkeypatch):
    monkeypatch.setattr(signing, "PATIENCE", 1.0)

    async def through() -> list[bytes]:
        pool = SigningPool(RSA, 1, utc_now)
        await pool.start()
        await pool.signatures([mail(0)])
        for child in children_of(os.getpid()):
            os.kill(child, signal.SIGSTOP)
        signatures = [line for number in range(3) for line in await pool.signatures([mail(number)])]
        await pool.close()
        return [line + mail(number) for number, line in enumerate(signatures)]

    messages = asyncio.run(through())
    assert len(messages) == 3
    assert all(dkimpy_verifies(message, RECORDS) for message in messages)


def test_a_run_stops_also_while_it_waits_for_a_signature(world, worth_it, monkeypatch):
    job = planned(world.engine, 30)

    async def never(*_):
        await asyncio.sleep(60)

    monkeypatch.setattr(SigningPool, "signatures", never)
    with ScriptedServer() as server:
        began = time.monotonic()
        result = run_with(signed_means(world, server, should_stop=lambda: time.monotonic() > began + 0.5), job)
    assert time.monotonic() < began + 5
    assert result.counts[State.QUEUED] == 30


def test_an_error_of_ours_in_a_signature_ends_the_run_and_leaves_the_rest_queued(world, worth_it, monkeypatch):
    job = planned(world.engine, 12)

    async def fails(*_):
        raise ValueError("no message")

    monkeypatch.setattr(SigningPool, "signatures", fails)
    with ScriptedServer() as server, pytest.raises(ValueError, match="no message"):
        run_with(signed_means(world, server), job)
    assert world.counts(job) == {State.QUEUED: 12}


def test_the_process_imports_nothing_from_the_folder_in_which_the_command_is_run(tmp_path, monkeypatch):
    """It holds private keys, and that folder may be anybody's."""
    (tmp_path / "cryptography").mkdir()
    (tmp_path / "cryptography" / "__init__.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.chdir(tmp_path)

    async def through() -> list[bytes]:
        pool = SigningPool(RSA, 1, utc_now)
        await pool.start()
        signatures = await pool.signatures([mail(1)])
        assert children_of(os.getpid())
        await pool.close()
        return signatures

    (line,) = asyncio.run(through())
    assert dkimpy_verifies(line + mail(1), RECORDS)
    assert not (tmp_path / "ran").exists()


def test_a_pool_without_any_process_signs_by_itself():
    async def through() -> list[bytes]:
        async with signing_pool(Signer((rsa_key(), ed25519_key())), 1, utc_now) as pool:
            assert pool is not None
            assert not children_of(os.getpid())
            return await pool.signatures([mail(1)])

    (lines,) = asyncio.run(through())
    assert lines.count(b"DKIM-Signature:") == 2
    assert dkimpy_verifies(lines + mail(1), RECORDS | records_of(ed25519_key()))


def test_the_processes_end_with_the_pool():
    async def through() -> list[int]:
        pool = SigningPool(RSA, 2, utc_now)
        await pool.start()
        await pool.signatures([mail(1)])
        begun = children_of(os.getpid())
        await pool.close()
        return begun

    begun = asyncio.run(through())
    assert len(begun) == 2
    assert not any(is_running(child) for child in begun)


def test_the_processes_end_with_a_parent_that_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent, parent.stdout:
        child = int(parent.stdout.readline())
        parent.kill()
    end = time.monotonic() + 10
    while is_running(child) and time.monotonic() < end:
        time.sleep(0.01)
    assert not is_running(child)


def test_i7_the_key_stands_in_no_argument_and_no_environment_of_the_process():
    async def through() -> tuple[bytes, bytes]:
        pool = SigningPool(RSA, 1, utc_now)
        await pool.start()
        await pool.signatures([mail(1)])
        (child,) = children_of(os.getpid())
        found = (PROC / str(child) / "cmdline").read_bytes(), (PROC / str(child) / "environ").read_bytes()
        await pool.close()
        return found

    assert b"PRIVATE KEY" not in b"".join(asyncio.run(through()))


@pytest.mark.parametrize(
    ("key", "audience", "number"), [(rsa_key(), 100_000, 3), (rsa_key(), 10, 0), (ed25519_key(), 10**6, 0)]
)
def test_only_many_rsa_signatures_are_worth_a_process(key: DkimKey, audience: int, number: int, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert processes_for(Signer((key,)), audience) == number


_PARENT = """
import asyncio, os, time
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from newsletter.delivery.signing import SigningPool
from newsletter.message.dkim import DkimKey, Signer
from subscribers.clock import utc_now

async def main():
    key = DkimKey(domain="example.org", selector="s", private=generate_private_key(65537, 2048))
    pool = SigningPool(Signer((key,)), 1, utc_now)
    await pool.start()
    await pool.signatures([b"From: a@example.org\\r\\n\\r\\nx\\r\\n"])
    print(pool._signatories[0]._process.pid, flush=True)
    time.sleep(60)

asyncio.run(main())
"""
