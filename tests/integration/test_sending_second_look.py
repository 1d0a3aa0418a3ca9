"""The second look at what is claimed: while the store is asked about a delivery its dot waits (I2, I3)."""

import asyncio
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter.delivery import run as running
from newsletter.delivery.control import Control
from newsletter.delivery.feeder import FRESH_SECONDS, Feeder
from newsletter.delivery.outcome import State
from newsletter.delivery.worker import run_with
from newsletter.store.claims import Batch, Checked, Claimed
from tests.support.sending import IMPATIENT, World, fresh_store, planned
from tests.support.smtp import ScriptedServer


def claimed(number: int, address: str = "") -> Claimed:
    return Claimed(number, 0, b"r" * 16, address or f"p{number}@example.org", "", "", {})


class SlowStore:
    """Hands out five deliveries, and answers the second look when it is told to."""

    def __init__(self) -> None:
        self.is_asked, self.may_answer = threading.Event(), threading.Event()
        self.gone = frozenset({2})

    def claim(self, _size: int) -> Batch:
        return Batch(claimed=tuple(claimed(number) for number in range(5)))

    def check(self, ids) -> Checked:
        self.is_asked.set()
        self.may_answer.wait(5)
        return Checked(claimed=tuple(claimed(one) for one in ids if one not in self.gone), skipped=len(self.gone))


def test_i3_nothing_is_fresh_that_the_store_is_being_asked_about() -> None:
    """It would be accepted by the relay, and in the books it was set aside: mailed again later."""

    async def through() -> None:
        store, control = SlowStore(), Control(5, {State.QUEUED: 5}, None)
        feeder = Feeder(control, IMPATIENT, store.claim, store.check)
        await feeder.fill()
        first = feeder.take_now()
        assert first is not None
        first.checked -= 2 * FRESH_SECONDS
        asking = asyncio.create_task(feeder.may_send(first))
        await asyncio.to_thread(store.is_asked.wait, 5)
        others = [feeder.take_now() for _ in range(3)]
        assert not any(feeder.is_fresh(item) for item in others if item)
        store.may_answer.set()
        assert await asking
        fresh = {item.claimed.delivery: feeder.is_fresh(item) for item in others if item}
        assert fresh == {1: True, 2: False, 3: True}
        control.close()

    asyncio.run(through())


@pytest.mark.parametrize("power_safe", [False, True])
def test_a_store_that_answers_slowly_slows_the_run_and_does_not_stop_it(tmp_path, monkeypatch, power_safe) -> None:
    def slowly(function):
        def answer(*arguments):
            time.sleep(1.2 * FRESH_SECONDS)
            return function(*arguments)

        return answer

    monkeypatch.setattr(running, "check_again", slowly(running.check_again))
    monkeypatch.setattr(running, "claim_batch", slowly(running.claim_batch))
    with fresh_store(tmp_path) as engine, ScriptedServer() as server:
        world = World(engine, tmp_path)
        job = planned(engine, 20)
        means = replace(world.means(server.port), power_safe=power_safe, expire_after=timedelta(hours=1))
        began = time.monotonic()
        result = run_with(means, job)
    assert result.counts[State.SENT] == 20
    assert server.times.total() == 20
    assert time.monotonic() - began < 20
