"""After an erasure no byte of who is gone is in any file the software made (I5): 100,000 people, searched."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select, text

from newsletter.store.engine import connect
from newsletter.store.ledger import Ledger
from newsletter.store.leftovers import Exports, sweepers
from newsletter.store.migrate import upgrade
from subscribers.deadlines import retention_status
from subscribers.ledger_entry import Kind
from subscribers.receipts import first_broken
from subscribers.retention import RetentionPolicy
from subscribers.scrubbing import RetentionRun, erase_subscriber, run_retention
from subscribers.sealing import bare
from subscribers.tables import receipt, subscriber
from subscribers.transactions import reading
from tests.support.crowd import CANARY, NOW, SURVIVOR, fill, found

POLICIES = {"nieuws": RetentionPolicy()}
DATABASE = "newsletter.sqlite3"

PROGRAM = """
import sys, time
from pathlib import Path
import subscribers.proving as proving
import subscribers.scrubbing as scrubbing
from newsletter.store.engine import connect
from newsletter.store.ledger import Ledger
from subscribers.retention import RetentionPolicy
from tests.support.crowd import NOW

def wait(*_arguments, **_more):
    print("deleted", flush=True)
    time.sleep(60)

if sys.argv[2] == "stop":
    proving.leave_no_byte = wait
data = Path(sys.argv[1])
engine = connect(f"sqlite:///{data / 'newsletter.sqlite3'}")
print("started", flush=True)
scrubbing.run_retention(
    engine, policies={"nieuws": RetentionPolicy()}, now=NOW, record=Ledger(data / "ledger").append, page=50
)
"""


@dataclass
class Store:
    data: Path
    engine: Engine

    def run(self, patience: float = 0.3) -> RetentionRun:
        return run_retention(
            self.engine,
            policies=POLICIES,
            now=NOW,
            record=Ledger(self.data / "ledger").append,
            sweepers=sweepers([Exports(path=self.data / "exports", days=7, zone=ZoneInfo("UTC"))]),
            patience=patience,
        )

    def is_overdue(self) -> bool:
        return retention_status(self.engine, policies=POLICIES, now=NOW).is_overdue

    def count(self, table) -> int:
        with reading(self.engine) as connection:
            return connection.scalar(select(func.count()).select_from(table)) or 0

    def start(self, how: str) -> subprocess.Popen:
        program = [sys.executable, "-c", PROGRAM, str(self.data), how]
        return subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    data = tmp_path / "data"
    engine = connect(f"sqlite:///{data / DATABASE}")
    upgrade(engine)
    yield Store(data, engine)
    engine.dispose()


def test_no_byte_is_left_of_5000_among_100000_and_everybody_else_is_there(store: Store) -> None:
    fill(store.engine, 100_000, 5_000, deliveries=True)
    exported = store.data / "exports" / "nieuws.csv"
    exported.parent.mkdir()
    exported.write_text("weg0000001q@gemeente1.example;Verdwijn0000001q")
    idle = store.engine.connect()  # keeps -wal and -shm beside the file, as a running server does
    before = found(store.data)
    assert before["exports/nieuws.csv"] == 2
    assert before[DATABASE] >= 15_000, "address, key and name of each"
    done = store.run()
    assert {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"} <= {path.name for path in store.data.iterdir()}
    assert found(store.data) == {}
    assert done.receipt.counts == {
        "consent": 5_000,
        "delivery": 5_000,
        "exports": 1,
        "subscriber": 5_000,
        "subscription": 5_000,
    }
    assert set(SURVIVOR.findall((store.data / DATABASE).read_bytes())) == _survivors(5_001, 100_000)
    assert sum(entry.kind is Kind.ERASED for entry in Ledger(store.data / "ledger").read()) == 10_000
    idle.close()


def _survivors(first: int, last: int) -> set[bytes]:
    words = ("Blijf", "blijf", "Woon")
    return {f"{word}{number:07}q".encode() for number in range(first, last + 1) for word in words}


def test_no_byte_is_left_of_one_person_erased_at_once(store: Store) -> None:
    fill(store.engine, 2_000, 10)
    ledger = Ledger(store.data / "ledger")
    for number in range(1, 11):
        address = f"weg{number:07}q@gemeente{number}.example"
        assert erase_subscriber(store.engine, address, policies=POLICIES, now=NOW, record=ledger.append).receipt
    assert found(store.data) == {}
    assert store.count(subscriber) == 1_990


def test_deleting_alone_is_not_enough_so_the_scrub_matters(store: Store) -> None:
    fill(store.engine, 20_000, 2_000)
    with store.engine.connect() as reader, reader.begin():
        reader.execute(text("SELECT count(*) FROM subscriber")).all()
        done = store.run()
        assert (done.receipt, done.is_overdue) == (None, True)
        assert store.is_overdue()
        assert store.count(subscriber) == 18_000
        assert found(store.data), "the log still holds them for the reader"
    assert store.run().receipt.counts["subscriber"] == 2_000
    assert found(store.data) == {}
    assert not store.is_overdue()


def test_an_open_writer_keeps_it_overdue_until_the_next_run(store: Store) -> None:
    fill(store.engine, 2_000, 100)
    with store.engine.connect() as reader, reader.begin():
        reader.execute(text("SELECT count(*) FROM subscriber")).all()
        store.run()
    writer = store.engine.raw_connection()
    writer.execute("BEGIN")
    writer.execute("SELECT count(*) FROM subscriber").fetchall()
    assert store.run().still_due
    writer.execute("ROLLBACK")
    writer.close()
    assert store.run().receipt
    assert found(store.data) == {}


def test_killed_between_delete_and_scrub_it_is_overdue_and_the_next_run_repairs(store: Store) -> None:
    fill(store.engine, 20_000, 2_000)
    process = store.start("stop")
    assert process.stdout.readline() == "started\n"
    assert process.stdout.readline() == "deleted\n"
    process.kill()
    process.wait()
    process.stdout.close()
    assert store.count(subscriber) == 18_000
    assert (store.count(receipt), store.is_overdue()) == (0, True)
    assert found(store.data), "the rows are gone, their bytes are not"
    done = store.run()
    assert done.receipt.counts == {"consent": 2_000, "subscriber": 2_000, "subscription": 2_000}
    assert found(store.data) == {}


def test_killed_at_any_moment_it_can_be_run_again_until_all_are_gone(store: Store) -> None:
    fill(store.engine, 20_000, 4_000)
    for number in range(6):
        process = store.start("run")
        process.stdout.readline()
        time.sleep(0.02 + 0.04 * number)
        process.kill()
        process.wait()
        process.stdout.close()
    done = store.run()
    assert (done.still_due, store.is_overdue(), found(store.data)) == ("", False, {})
    with reading(store.engine) as connection:
        counts = connection.scalars(select(receipt.c.counts)).all()
        assert first_broken(connection, lambda said, digest: digest == bare(said)) is None
    assert sum(item["subscriber"] for item in counts) == 4_000, "each counted once"
    assert store.count(subscriber) == 16_000


def test_the_search_itself_finds_what_is_there(store: Store) -> None:
    fill(store.engine, 50, 5, lengthen=False)
    everything = b"".join(path.read_bytes() for path in store.data.iterdir())
    assert len({match.lower() for match in CANARY.findall(everything)}) == 10
