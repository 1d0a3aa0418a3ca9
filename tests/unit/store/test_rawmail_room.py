"""A flood of mails fills no disk: what lies below data_dir/feedback is counted now and then, never per mail."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.store.rawmail import DONE, HUMAN, INCOMING, RawMail, box
from newsletter.store.rawmail_room import COUNT_SECONDS, FULL_SECONDS, Room

NOW = datetime(2027, 6, 14, 9, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class CountingRoom(Room):
    walks = 0

    def _count(self) -> tuple[int, int]:
        self.walks += 1
        return super()._count()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def put(folder: Path, name: str, octets: int = 100) -> Path:
    return box(folder, name).put(RawMail(content=b"x" * octets, arrived_at=NOW))


def test_mails_in_every_box_count(tmp_path: Path, clock: Clock) -> None:
    for name in (INCOMING, DONE, HUMAN):
        put(tmp_path, name)
    room = Room(tmp_path, mails=4, octets=10_000, tick=clock)
    room.take(1)
    with pytest.raises(OSError, match="holds as many as"):
        room.take(1)


def test_octets_count_too(tmp_path: Path, clock: Clock) -> None:
    put(tmp_path, HUMAN, octets=900)
    room = Room(tmp_path, mails=100, octets=1200, tick=clock)
    with pytest.raises(OSError, match="holds as many as"):
        room.take(500)
    room.take(50)


def test_a_thousand_mails_cost_one_walk_and_room_that_was_made_is_found(tmp_path: Path, clock: Clock) -> None:
    room = CountingRoom(tmp_path, mails=1000, octets=10**9, tick=clock)
    for _ in range(1000):
        room.take(1)
    assert room.walks == 1
    with pytest.raises(OSError, match="holds as many as"):
        room.take(1)
    assert room.walks == 1
    clock.now += FULL_SECONDS
    room.take(1)  # none of the thousand was put there after all
    assert room.walks == 2
    clock.now += COUNT_SECONDS
    room.take(1)
    assert room.walks == 3


def test_folders_that_are_not_there_hold_nothing(tmp_path: Path) -> None:
    Room(tmp_path / "none", mails=1, octets=10).take(10)
