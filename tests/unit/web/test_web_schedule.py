"""Work that repeats: the first time at once, after a failure again, and never the end of the loop."""

import asyncio

import pytest

from newsletter.web.schedule import Scheduled, in_one_line, keep_running
from subscribers.errors import ServiceError


def play(item: Scheduled, seconds: float) -> list[str]:
    """Run `item` for `seconds`; return what was told."""
    told: list[str] = []

    async def scene() -> None:
        stopping = asyncio.Event()
        running = asyncio.create_task(keep_running([item], stopping, told.append))
        await asyncio.sleep(seconds)
        stopping.set()
        async with asyncio.timeout(2):
            await running

    asyncio.run(scene())
    return told


def test_work_runs_at_the_start_and_stopping_does_not_wait_for_the_next_time() -> None:
    runs: list[int] = []
    play(Scheduled(name="retention", work=lambda: runs.append(1)), 0.1)
    assert runs == [1]


def test_a_failure_is_told_and_tried_again() -> None:
    runs: list[int] = []

    def work() -> str | None:
        runs.append(1)
        if len(runs) < 3:
            raise ServiceError("the disk is full", remedy="make room")
        return "erased 2 subscriptions"

    told = play(Scheduled(name="retention", work=work, after_failure=0.01), 0.4)
    assert len(runs) == 3
    assert told[0].startswith("retention failed and will be tried again: the disk is full")
    assert told[-1] == "retention: erased 2 subscriptions"


@pytest.mark.parametrize("problem", [ValueError("jan@example.org"), KeyError("jan@example.org")])
def test_a_surprise_is_told_without_its_values(problem: Exception) -> None:
    assert "jan" not in in_one_line(problem)
