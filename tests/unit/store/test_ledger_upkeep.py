"""Entries of the ledger expire with the last backup that could contain them, and no crash loses one (I11)."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.store import ledger_upkeep
from newsletter.store.ledger import Ledger
from newsletter.store.ledger_upkeep import LIFE, expire, status_of
from subscribers.errors import ServiceError
from subscribers.ledger_entry import Entry, Kind

START = datetime(2027, 3, 10, 12, tzinfo=UTC)


class Moving:
    """A ledger and its clock."""

    def __init__(self, folder: Path) -> None:
        self.now = START
        self.ledger = Ledger(folder, clock=lambda: self.now)

    def write(self, number: int, kind: Kind = Kind.ENDED, at: datetime | None = None) -> None:
        size = 32 if kind is Kind.RECEIPT else 16
        self.ledger.append([Entry(kind=kind, at=at or self.now, ref=number.to_bytes(size))])

    @property
    def numbers(self) -> list[int]:
        return [int.from_bytes(entry.ref) for entry in self.ledger.read()]


@pytest.fixture
def moving(tmp_path: Path) -> Moving:
    return Moving(tmp_path / "ledger")


def test_an_entry_goes_when_every_backup_from_before_it_is_gone(moving: Moving) -> None:
    for number in range(1, 6):
        moving.write(number)
        moving.now += timedelta(days=10)
    assert moving.now == START + timedelta(days=50)
    assert expire(moving.ledger, moving.now) == 2
    assert moving.numbers == [3, 4, 5], "written 30, 20 and 10 days ago; the mark of 3 says when 2 was written at last"
    assert status_of(moving.ledger).complete_since == START + timedelta(days=20)


def test_what_counts_is_when_an_entry_was_written_not_when_the_request_arrived(moving: Moving) -> None:
    moving.write(1)
    moving.now += timedelta(days=2)
    moving.write(2, at=START - timedelta(days=300))
    assert expire(moving.ledger, moving.now) == 0
    assert expire(moving.ledger, START + LIFE + timedelta(days=2)) == 1
    assert moving.numbers == [2]


def test_receipts_stay_for_they_prove_that_none_was_taken_out(moving: Moving) -> None:
    moving.write(1, Kind.RECEIPT)
    moving.write(2)
    moving.now += timedelta(days=40)
    moving.write(3)
    moving.now += LIFE
    moving.write(4)
    assert expire(moving.ledger, moving.now) == 1
    assert moving.numbers == [1, 3, 4]


def test_a_ledger_without_marks_keeps_all_until_one_is_old_enough(moving: Moving) -> None:
    old = [Entry(kind=Kind.ENDED, at=START - timedelta(days=500), ref=bytes(16)).line()]
    moving.ledger.path.parent.mkdir()
    moving.ledger.path.write_text("".join(old))
    assert expire(moving.ledger, moving.now) == 0
    moving.write(1)
    assert expire(moving.ledger, moving.now + timedelta(days=27)) == 0
    assert expire(moving.ledger, moving.now + LIFE) == 1
    assert moving.numbers == [1]


def test_expiring_again_finds_nothing_to_do_and_does_not_rewrite(moving: Moving) -> None:
    moving.write(1)
    moving.now += timedelta(days=40)
    moving.write(2)
    moving.now += timedelta(days=30)
    assert expire(moving.ledger, moving.now) == 1
    inode = moving.ledger.path.stat().st_ino
    assert expire(moving.ledger, moving.now) == 0
    assert moving.ledger.path.stat().st_ino == inode


def test_the_ledger_keeps_its_own_id_for_life(moving: Moving) -> None:
    moving.write(1)
    name = status_of(moving.ledger).id
    assert len(name) == 32
    moving.now += timedelta(days=60)
    moving.write(2)
    moving.now += timedelta(days=60)
    expire(moving.ledger, moving.now)
    moving.write(3)
    assert status_of(moving.ledger).id == name
    assert status_of(Ledger(moving.ledger.path.parent)).id == name


def test_a_mark_says_at_least_every_hour_when_it_was_written(moving: Moving) -> None:
    for _ in range(10):
        moving.write(1)
        moving.now += timedelta(minutes=30)
    marks = [line for _, line in moving.ledger.lines() if '"mark"' in line]
    assert len(marks) == 5


def test_the_owner_stays_the_only_reader_after_a_rewrite(moving: Moving) -> None:
    moving.write(1)
    moving.now += timedelta(days=60)
    moving.write(2)
    expire(moving.ledger, moving.now + LIFE)
    assert moving.ledger.path.stat().st_mode & 0o777 == 0o600


def test_no_ledger_and_an_empty_one_are_left_alone(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "none")
    assert expire(ledger, START) == 0
    assert not ledger.path.exists()
    assert status_of(ledger).counts == {}


def test_a_damaged_mark_is_an_error_and_nothing_is_dropped(moving: Moving) -> None:
    moving.write(1)
    with moving.ledger.path.open("a") as file:
        file.write('{"v":1,"at":"yesterday","kind":"mark","ref":""}\n')
    before = moving.ledger.path.read_bytes()
    with pytest.raises(ServiceError, match="damaged"):
        expire(moving.ledger, START + timedelta(days=100))
    assert moving.ledger.path.read_bytes() == before


def test_who_appends_while_it_is_rewritten_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_upkeep, "REWRITE_EVERY", timedelta(0))
    clock = [START]
    ledger = Ledger(tmp_path, clock=lambda: clock[0])
    for day in range(300):
        clock[0] = START + timedelta(days=day)
        ledger.append([Entry(kind=Kind.ENDED, at=START, ref=bytes(16))])
    stop, written = threading.Event(), []

    def append(worker: int) -> None:
        mine = Ledger(tmp_path, clock=lambda: clock[0])
        while not stop.is_set():
            number = worker * 1_000_000 + len(written)
            mine.append([Entry(kind=Kind.ENDED, at=START, ref=number.to_bytes(16))])
            written.append(number)

    threads = [threading.Thread(target=append, args=(worker,)) for worker in (1, 2, 3)]
    for thread in threads:
        thread.start()
    dropped = sum(expire(ledger, START + timedelta(days=day)) for day in range(30, 320, 3))
    stop.set()
    for thread in threads:
        thread.join()
    assert dropped >= 280
    there = [int.from_bytes(entry.ref) for entry in ledger.read()]
    assert set(written) <= set(there)
    assert len(there) == len(written) + 300 - dropped


PROGRAM = """
import sys
from datetime import timedelta
from pathlib import Path
from newsletter.store import ledger_upkeep
from newsletter.store.ledger import Ledger
from tests.unit.store.test_ledger_upkeep import START
ledger_upkeep.REWRITE_EVERY = timedelta(0)
ledger = Ledger(Path(sys.argv[1]), clock=lambda: START + timedelta(days=400))
print("go", flush=True)
for day in range(29, 300):
    ledger_upkeep.expire(ledger, START + timedelta(days=day))
print("done", flush=True)
"""


@pytest.mark.parametrize("milliseconds", [1, 3, 7, 15, 40])
def test_killed_while_it_is_rewritten_every_entry_that_must_stay_is_there(tmp_path: Path, milliseconds: int) -> None:
    clock = [START]
    ledger = Ledger(tmp_path, clock=lambda: clock[0])
    for day in range(300):
        clock[0] = START + timedelta(days=day)
        ledger.append([Entry(kind=Kind.ENDED, at=START, ref=(day * 50 + i).to_bytes(16)) for i in range(50)])
    root = Path(__file__).resolve().parents[3]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    with process:
        assert process.stdout
        process.stdout.readline()
        time.sleep(milliseconds / 1000)
        process.send_signal(signal.SIGKILL)
    there = [int.from_bytes(entry.ref) for entry in ledger.read()]
    assert there == list(range(there[0], 300 * 50)), "a tail, whole"
    assert there[0] % 50 == 0
    ledger.append([Entry(kind=Kind.ENDED, at=START, ref=b"x" * 16)])
    assert len(list(ledger.read())) == len(there) + 1
