"""Group commit of endings: nobody is answered before, or instead of, the commit (A11, I11)."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from newsletter.web.writer import EndingsWriter, UnavailableError
from subscribers.leaving import Request

NOW = datetime(2027, 6, 14, tzinfo=UTC)


class Disk:
    """A Commit that can be held up and made to fail, and remembers its groups."""

    def __init__(self) -> None:
        self.groups: list[list[bytes]] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.failure: Exception | None = None
        self.entered = threading.Event()

    def commit(self, requests: Sequence[Request]) -> None:
        self.entered.set()
        assert self.go_on.wait(10)
        if self.failure:
            raise self.failure
        self.groups.append([ref for ref, _ in requests])


def in_writer(scene: Callable, **limits: int) -> Disk:
    """Run the coroutine `scene(writer, disk)` with a running writer, and close it."""
    disk = Disk()

    async def play() -> None:
        writer = EndingsWriter(disk.commit, **limits)
        writer.start()
        try:
            await scene(writer, disk)
        finally:
            disk.go_on.set()
            await asyncio.to_thread(writer.close)

    asyncio.run(play())
    return disk


def ref(number: int) -> bytes:
    return number.to_bytes(16, "big")


def test_end_returns_only_after_the_commit() -> None:
    async def scene(writer: EndingsWriter, disk: Disk) -> None:
        disk.go_on.clear()
        waiting = asyncio.create_task(writer.end(ref(1), NOW))
        await asyncio.to_thread(disk.entered.wait, 5)
        await asyncio.sleep(0.05)
        assert not waiting.done()
        disk.go_on.set()
        await waiting
        assert disk.groups == [[ref(1)]]

    in_writer(scene)


def test_requests_that_wait_share_one_commit() -> None:
    async def scene(writer: EndingsWriter, disk: Disk) -> None:
        disk.go_on.clear()
        first = asyncio.create_task(writer.end(ref(0), NOW))
        await asyncio.to_thread(disk.entered.wait, 5)
        others = [asyncio.create_task(writer.end(ref(number), NOW)) for number in range(1, 100)]
        await asyncio.sleep(0.05)
        disk.go_on.set()
        await asyncio.gather(first, *others)

    disk = in_writer(scene)
    assert [len(group) for group in disk.groups] == [1, 99]


def test_a_group_is_never_larger_than_its_limit() -> None:
    async def scene(writer: EndingsWriter, disk: Disk) -> None:
        await asyncio.gather(*(writer.end(ref(number), NOW) for number in range(95)))

    disk = in_writer(scene, group=10)
    assert max(map(len, disk.groups)) <= 10
    assert sorted(item for group in disk.groups for item in group) == [ref(number) for number in range(95)]


def test_a_failed_commit_is_told_to_everyone_who_waited_and_the_next_one_works() -> None:
    async def scene(writer: EndingsWriter, disk: Disk) -> None:
        disk.failure = OSError("no space")
        answers = await asyncio.gather(*(writer.end(ref(n), NOW) for n in range(5)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [UnavailableError] * 5
        disk.failure = None
        await writer.end(ref(9), NOW)

    assert in_writer(scene).groups == [[ref(9)]]


def test_beyond_its_capacity_the_writer_refuses_at_once() -> None:
    async def scene(writer: EndingsWriter, disk: Disk) -> None:
        disk.go_on.clear()
        first = asyncio.create_task(writer.end(ref(0), NOW))
        await asyncio.to_thread(disk.entered.wait, 5)
        waiting = [asyncio.create_task(writer.end(ref(number), NOW)) for number in (1, 2)]
        await asyncio.sleep(0.01)
        with pytest.raises(UnavailableError):
            await writer.end(ref(3), NOW)
        disk.go_on.set()
        await asyncio.gather(first, *waiting)

    in_writer(scene, capacity=2)


def test_closing_writes_what_waits_and_takes_nothing_more() -> None:
    async def scene(writer: EndingsWriter, disk: Disk) -> None:
        disk.go_on.clear()
        waiting = [asyncio.create_task(writer.end(ref(number), NOW)) for number in range(20)]
        await asyncio.to_thread(disk.entered.wait, 5)
        closing = asyncio.create_task(asyncio.to_thread(writer.close))
        await asyncio.sleep(0.05)
        with pytest.raises(UnavailableError):
            await writer.end(ref(99), NOW)
        disk.go_on.set()
        await asyncio.gather(closing, *waiting)

    disk = in_writer(scene)
    assert sum(map(len, disk.groups)) == 20


def test_who_hangs_up_while_waiting_has_left_all_the_same() -> None:
    async def scene(writer: EndingsWriter, disk: Disk) -> None:
        disk.go_on.clear()
        waiting = asyncio.create_task(writer.end(ref(1), NOW))
        await asyncio.to_thread(disk.entered.wait, 5)
        waiting.cancel()
        disk.go_on.set()
        await writer.end(ref(2), NOW)

    assert in_writer(scene).groups == [[ref(1)], [ref(2)]]


def test_a_failure_is_logged_without_values(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(writer: EndingsWriter, disk: Disk) -> None:
        disk.failure = ValueError("jan@example.org")
        with pytest.raises(UnavailableError):
            await writer.end(ref(1), NOW)

    in_writer(scene)
    assert "ValueError" in caplog.text
    assert "jan@" not in caplog.text
