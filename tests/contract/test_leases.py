"""Leases on both databases: one holder at a time, lost by who died."""

import os
import subprocess
import threading
from datetime import timedelta

from sqlalchemy import Engine

from subscribers import leases
from subscribers.leases import acquire, holder_of, is_dead, new_holder, release, renew
from subscribers.transactions import reading, writing
from tests.support.people import NOON


def take(engine: Engine, holder: str, now=NOON, seconds: float = 60) -> bool:
    with writing(engine) as connection:
        return acquire(connection, "job:1", holder=holder, now=now, seconds=seconds)


def test_one_holder_at_a_time(engine: Engine) -> None:
    assert take(engine, "there|1|a")
    assert not take(engine, "there|1|b")
    with reading(engine) as connection:
        assert holder_of(connection, "job:1", now=NOON) == "there|1|a"


def test_the_holder_may_take_it_again_and_prolong_it(engine: Engine) -> None:
    assert take(engine, "there|1|a")
    assert take(engine, "there|1|a")
    with writing(engine) as connection:
        assert renew(connection, "job:1", holder="there|1|a", now=NOON + timedelta(seconds=59), seconds=60)
        assert not renew(connection, "job:1", holder="there|1|b", now=NOON, seconds=60)
    assert not take(engine, "there|1|b", NOON + timedelta(seconds=118))


def test_a_lease_that_expired_is_free(engine: Engine) -> None:
    take(engine, "there|1|a")
    with reading(engine) as connection:
        assert holder_of(connection, "job:1", now=NOON + timedelta(seconds=60)) is None
    assert take(engine, "there|1|b", NOON + timedelta(seconds=60))


def test_a_released_lease_is_free_and_only_its_holder_releases_it(engine: Engine) -> None:
    take(engine, "there|1|a")
    for holder, is_free in (("there|1|b", False), ("there|1|a", True)):
        with writing(engine) as connection:
            release(connection, "job:1", holder=holder)
        with reading(engine) as connection:
            assert (holder_of(connection, "job:1", now=NOON) is None) is is_free


def test_the_lease_of_a_process_that_died_here_is_free_at_once(engine: Engine) -> None:
    process = subprocess.Popen(["sleep", "60"])
    holder = new_holder().replace(f"|{os.getpid()}|", f"|{process.pid}|")
    assert take(engine, holder)
    assert not take(engine, "there|1|b")
    process.kill()
    process.wait()
    assert is_dead(holder)
    assert take(engine, "there|1|b")


def test_a_machine_of_the_same_name_is_another_one(engine: Engine, monkeypatch, tmp_path) -> None:
    """A clone has our host name, and the first process-id namespace has the same number everywhere."""
    process = subprocess.Popen(["true"])
    process.wait()
    holder = new_holder().replace(f"|{os.getpid()}|", f"|{process.pid}|")
    assert is_dead(holder)
    (tmp_path / "boot_id").write_text("8d1c4a52-of-the-clone\n")
    monkeypatch.setattr(leases, "_BOOT", tmp_path / "boot_id", raising=False)
    assert not is_dead(holder)
    assert take(engine, holder)
    assert not take(engine, new_holder())


def test_of_many_who_ask_at_once_one_gets_it(engine: Engine) -> None:
    taken: list[bool] = []
    threads = [
        threading.Thread(target=lambda number=number: taken.append(take(engine, f"there|{number}|a")))
        for number in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 4 + [True]
