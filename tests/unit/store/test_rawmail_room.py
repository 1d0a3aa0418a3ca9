"""A flood of mails fills no disk: what lies below data_dir/feedback is counted now and then, never per mail."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.store.rawmail import DONE, HUMAN, INCOMING, RawMail, box
from newsletter.store.rawmail_room import COUNT_SECONDS, FULL_SECONDS, SIGNED_TIMES, Room

NOW = datetime(2027, 6, 14, 9, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class CountingRoom(Room):
    walks = 0

    def _look(self) -> None:
        self.walks += 1
        super()._look()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def put(folder: Path, name: str, octets: int = 100) -> Path:
    return box(folder, name).put(RawMail(content=b"x" * octets, arrived_at=NOW))


def test_mails_that_wait_count(tmp_path: Path, clock: Clock) -> None:
    for name in (INCOMING, HUMAN):
        put(tmp_path, name)
    room = Room(tmp_path, mails=3, octets=10_000, tick=clock)
    assert not room.is_full()
    room.take(1)
    with pytest.raises(OSError, match="holds as many as"):
        room.take(1)


@pytest.mark.parametrize("limit", [{"mails": 5}, {"octets": 600}])
def test_handled_mails_refuse_none_and_the_oldest_of_them_make_room(
    tmp_path: Path, clock: Clock, limit: dict[str, int]
) -> None:
    for day in (3, 1, 2, 4):
        moment = NOW + timedelta(days=day)
        box(tmp_path, DONE).put(RawMail(content=b"x" * 50, arrived_at=moment), f"{day}.done")
    put(tmp_path, HUMAN, octets=50)
    room = Room(tmp_path, **({"mails": 100, "octets": 10**6} | limit), tick=clock)
    room.take(100)
    left = box(tmp_path, DONE).names()
    assert left == sorted(left)[-len(left) :] == [f"{day}.done" for day in (1, 2, 3, 4)][-len(left) :]
    assert 0 < len(left) < 4
    assert len(box(tmp_path, HUMAN).names()) == 1
    assert not room.is_full()


def test_what_waits_for_people_is_never_removed_and_what_is_signed_has_a_limit_of_its_own(
    tmp_path: Path, clock: Clock
) -> None:
    for _ in range(2):
        put(tmp_path, HUMAN)
    put(tmp_path, DONE)
    room = Room(tmp_path, mails=2, octets=10**6, tick=clock)
    with pytest.raises(OSError, match="holds as many as"):
        room.take(1)
    assert room.is_full()
    for _ in range(2):
        room.take(1, times=SIGNED_TIMES)
    with pytest.raises(OSError, match="holds as many as"):
        room.take(1, times=SIGNED_TIMES)
    assert len(box(tmp_path, HUMAN).names()) == 2


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
