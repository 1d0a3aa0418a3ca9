"""Backups and restores with real files: what they show, who may go on meanwhile, and what a crash leaves (I5, I11)."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.store.backups import keeping_of, left_behind, listed, make, verify
from newsletter.store.engine import connect
from newsletter.store.identity import Doubt, doubt_of
from newsletter.store.migrate import open_store, require_current
from newsletter.store.restore import half_of
from subscribers.errors import ConflictError, InputError
from tests.support.backups import KEY, Shop, copied, shop
from tests.support.canary import holding, is_backup
from tests.support.cli import environment
from tests.support.crowd import fill

ROOT = Path(__file__).resolve().parents[2]
CANARY = re.compile(rb"canarie[0-9]{4}", re.IGNORECASE)
WEG = "canarie{:04}@example.org"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Shop]:
    with shop(tmp_path) as found:
        yield found


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Shop]:
    """The same with a key."""
    with shop(tmp_path, key=KEY) as found:
        yield found


# ------------------------------------------------------------------ what a backup shows


def test_an_encrypted_backup_shows_no_byte_of_an_address(locked: Shop) -> None:
    for number in range(50):
        locked.join(WEG.format(number))
    made = locked.backup()
    assert holding(locked.data_dir, CANARY, but=lambda path: path.name.startswith("newsletter.sqlite3")) == {}
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert made.path.parent.stat().st_mode & 0o777 == 0o700
    assert verify(made.path, KEY)


def test_without_a_key_it_is_readable_and_says_so_in_its_manifest(world: Shop) -> None:
    world.join(WEG.format(1))
    made = world.backup()
    assert made.manifest
    assert not made.manifest.is_encrypted
    assert b"canarie" not in made.path.name.encode()
    data = b"".join(_expanded(made.path))
    assert CANARY.search(data)


def _expanded(path: Path) -> Iterator[bytes]:
    from newsletter.store.backup_file import contents
    from newsletter.store.backups import opened

    with opened(path) as (file, manifest):
        yield from contents(file, manifest, None)


def test_no_byte_is_left_anywhere_after_erasure_backup_restore_and_the_life_of_the_backups(world: Shop) -> None:
    for number in range(200):
        world.join(WEG.format(number))
    world.join("blijft@example.org")
    kept = copied(world.backup().path, world.folder / "elsewhere")
    for number in range(0, 200, 20):
        world.erase(WEG.format(number))
    world.leave(*(WEG.format(number) for number in range(200) if number % 20))
    world.tick(days=22)
    world.retain()
    world.restore(kept)
    world.accept()
    data = world.data_dir
    assert holding(data, CANARY, but=is_backup) == {}, "in store, log, ledger, spool, exports and what else there is"
    world.tick(days=7)
    world.retain()
    assert not list(data.rglob("*.backup"))
    assert holding(data, CANARY) == {}
    assert world.state("blijft@example.org") == "active"


# ------------------------------------------------------------------ while everything goes on


def test_writers_go_on_while_a_backup_is_made_and_it_holds_one_consistent_state(world: Shop) -> None:
    fill(world.engine, 30_000, 0)
    stop, counts = threading.Event(), [0]

    def write() -> None:
        with closing(sqlite3.connect(world.store, timeout=30, isolation_level=None)) as own:
            while not stop.is_set():
                own.execute("BEGIN IMMEDIATE")
                own.execute("UPDATE subscriber SET name = name || 'x' WHERE id = 1")
                own.execute("UPDATE subscriber SET name = name || 'x' WHERE id = 29999")
                own.execute("COMMIT")
                counts[0] += 1

    thread = threading.Thread(target=write)
    thread.start()
    before = counts[0]
    made = [world.backup() for _ in range(3)]
    after = counts[0]
    stop.set()
    thread.join()
    assert after - before > 10, "nobody waited"
    for file in made:
        world.restore(file.path)
        with closing(sqlite3.connect(world.store)) as own:
            names = own.execute("SELECT length(name) - length(rtrim(name, 'x')) FROM subscriber WHERE id IN (1, 29999)")
            assert len(set(names.fetchall())) == 1


def test_a_backup_does_not_keep_a_scrub_waiting_for_long(world: Shop) -> None:
    fill(world.engine, 30_000, 300)
    made = []
    thread = threading.Thread(target=lambda: made.append(world.backup()))
    thread.start()
    done = world.forgetting.run(world.now)
    thread.join()
    assert not done.still_due
    assert verify(made[0].path, None)


def test_progress_is_told_from_nothing_to_all(world: Shop) -> None:
    fill(world.engine, 30_000, 0)
    told: list[tuple[int, int]] = []
    keeping = keeping_of(world.configuration)
    make(world.engine, keeping, world.ledger, key=None, now=world.now, on_progress=lambda *pages: told.append(pages))
    assert len(told) > 1
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > 3000


def test_a_disk_that_is_full_leaves_no_half_backup(world: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fsync

    def full(file: int) -> None:
        if ".backup.part" in str(Path(f"/proc/self/fd/{file}").readlink()):
            raise OSError(28, "No space left on device")
        real(file)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Exception, match="No space left"):
        world.backup()
    assert list(keeping_of(world.configuration).folder.iterdir()) == []


# ------------------------------------------------------------------ expiry


def test_a_backup_past_its_life_is_overdue_and_every_retention_run_removes_it(world: Shop) -> None:
    made = world.backup()
    status = world.forgetting.status(world.now)
    assert not status.is_overdue
    world.tick(days=6, minutes=1)
    assert world.forgetting.status(world.now).is_overdue
    world.retain()
    assert not made.path.exists()
    assert not world.forgetting.status(world.now).is_overdue


def test_a_backup_that_cannot_be_removed_keeps_it_overdue(world: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    world.backup()
    world.tick(days=7)
    assert world.keyring

    def refused(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refused)
    done = world.forgetting.run(world.now)
    assert done.is_overdue
    monkeypatch.undo()
    assert world.forgetting.status(world.now).is_overdue
    world.retain()
    assert not world.forgetting.status(world.now).is_overdue


def test_a_backup_that_cannot_be_opened_stops_no_erasure_and_grows_old_itself(world: Shop) -> None:
    folder = world.backup().path.parent
    dangling = folder / "newsletter-20270101-000000-abcdef.backup"
    dangling.symlink_to(folder / "none")
    os.utime(dangling, (world.now.timestamp(),) * 2, follow_symlinks=False)
    world.join(WEG.format(1))
    world.leave(WEG.format(1))
    world.tick(days=22)
    assert world.retain().receipt
    assert world.state(WEG.format(1)) == "gone"
    assert not dangling.is_symlink()


def test_a_shorter_life_in_the_configuration_counts_for_backups_made_before(world: Shop, tmp_path: Path) -> None:
    made = world.backup()
    short = Shop(tmp_path, more={"backup": {"keep_days": 1}}, now=world.now)
    assert made.expires(keeping_of(short.configuration).days) == world.now + timedelta(days=1)
    longer = Shop(tmp_path, more={"backup": {"keep_days": 6}}, now=world.now)
    assert made.expires(keeping_of(longer.configuration).days) <= world.now + timedelta(days=6)
    short.close()


def test_where_the_promise_leaves_no_day_none_is_made(tmp_path: Path) -> None:
    with shop(tmp_path, more={"of_list": {"retention": "1 month"}}) as found:
        with pytest.raises(InputError, match="leaves no day for backups"):
            found.backup()
        assert not keeping_of(found.configuration).folder.exists()


# ------------------------------------------------------------------ who has it open


def test_a_database_that_any_process_has_open_is_not_replaced(world: Shop) -> None:
    made = world.backup()
    with closing(sqlite3.connect(world.store)) as other:
        other.execute("SELECT count(*) FROM subscriber").fetchone()
        with pytest.raises(ConflictError, match="open in another process"):
            world.restore(made.path)
    world.restore(made.path)


def test_a_damaged_database_can_be_replaced_log_and_all(world: Shop) -> None:
    world.join("jan@example.org")
    made = world.backup()
    world.engine.dispose()
    world.store.write_bytes(b"SQLite format 3\0" + os.urandom(50_000))
    world.store.with_name(world.store.name + "-wal").write_bytes(os.urandom(10_000))
    world.restore(made.path)
    assert world.state("jan@example.org") == "active"


def test_a_database_that_is_gone_can_be_replaced(world: Shop) -> None:
    world.join("jan@example.org")
    made = world.backup()
    world.engine.dispose()
    for path in world.data_dir.glob("newsletter.sqlite3*"):
        path.unlink()
    world.restore(made.path)
    assert world.state("jan@example.org") == "active"


def test_the_old_log_never_meets_the_new_store(world: Shop) -> None:
    world.join("jan@example.org")
    made = world.backup()
    world.leave("jan@example.org")
    world.join("later@example.org")
    world.restore(made.path)
    assert (world.state("jan@example.org"), world.state("later@example.org")) == ("ended", "gone")
    with closing(sqlite3.connect(world.store)) as own:
        assert own.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [path.name for path in world.data_dir.glob("*restoring*")] == []
    assert world.store.stat().st_mode & 0o777 == 0o600


# ------------------------------------------------------------------ killed

PROGRAM = """
import os, signal, sys
from pathlib import Path

EVENTS = {"open", "os.rename", "os.remove", "sqlite3.connect", "os.truncate", "os.mkdir", "fcntl.flock"}
point, count, is_armed = int(sys.argv[4]), 0, False

def happened():
    global count
    if is_armed:
        count += 1
        if count == point:
            os.kill(os.getpid(), signal.SIGKILL)

def hook(event, arguments):
    if event in EVENTS and is_armed and "site-packages" not in str(arguments) and "/lib/" not in str(arguments):
        happened()

sys.addaudithook(hook)
from sqlalchemy.engine.default import DefaultDialect
for name in ("do_commit", "do_begin"):
    def wrapped(self, connection, real=getattr(DefaultDialect, name)):
        happened()
        real(self, connection)
        happened()
    setattr(DefaultDialect, name, wrapped)
import newsletter.store.restore, newsletter.store.dumping, alembic.command
from newsletter.store.dumping import dump
from tests.support.backups import KEY, START, Shop
from datetime import timedelta

shop = Shop(Path(sys.argv[1]), now=START + timedelta(hours=1), key=KEY)
shop.keyring, shop.configuration, shop.ledger
engine = shop.engine
is_armed = True
if sys.argv[2] == "backup":
    shop.backup()
else:
    shop.restore(Path(sys.argv[3]))
is_armed = False
print(count)
"""


def killed_at(world: Shop, act: str, point: int, backup: Path) -> int | None:
    """Let a process do `act` and die at the `point`-th thing it does; None if it died, else how many there are."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(world.folder), act, str(backup), str(point)],
        env=environment({"PYTHONPATH": str(ROOT)}),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def points(total: int, sample: int, *, is_full: bool) -> list[int]:
    every = list(range(1, total + 1))
    return every if is_full else sorted({every[i * (total - 1) // (sample - 1)] for i in range(sample)})


@pytest.mark.timeout(3600)
def test_killed_at_any_point_of_a_backup_there_is_a_whole_one_or_none(locked: Shop, *, is_full: bool) -> None:
    for number in range(20):
        locked.join(WEG.format(number))
    locked.engine.dispose()
    total = killed_at(locked, "backup", 0, Path())
    assert total
    assert total > 10
    folder = keeping_of(locked.configuration).folder
    for point in points(total, 8, is_full=is_full):
        for path in folder.iterdir():
            path.unlink()
        if killed_at(locked, "backup", point, Path()) is not None:
            continue  # the first run made folders, which the others find
        assert holding(folder, CANARY) == {}, f"at point {point}"
        assert all(verify(file.path, KEY) for file in listed(folder)), f"at point {point}"
        for path in left_behind(keeping_of(locked.configuration)):
            assert locked.forgetting.status(locked.now).is_overdue, path
        locked.retain()
        assert left_behind(keeping_of(locked.configuration)) == []
        assert [path.name for path in folder.iterdir() if path.suffix != ".backup"] == []
        assert not locked.forgetting.status(locked.now).is_overdue


@pytest.mark.timeout(3600)
def test_killed_at_any_point_of_a_restore_it_is_the_old_store_or_the_new_one(locked: Shop, *, is_full: bool) -> None:
    for number in range(20):
        locked.join(WEG.format(number))
    locked.check()
    made = copied(locked.backup().path, locked.folder / "elsewhere")
    locked.erase(WEG.format(1))
    locked.leave(WEG.format(2))
    locked.join("later@example.org")
    locked.engine.dispose()
    safe = _saved(locked)
    total = killed_at(locked, "restore", 0, made)
    assert total
    assert total > 30
    seen = set()
    for point in points(total, 14, is_full=is_full):
        _put_back(locked, safe)
        if killed_at(locked, "restore", point, made) is not None:
            continue
        seen.add(_old_or_new(locked, point))
    assert seen == {"old", "new"}


def _saved(world: Shop) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in world.data_dir.rglob("*") if path.is_file()}


def _put_back(world: Shop, safe: dict[Path, bytes]) -> None:
    for path in world.data_dir.rglob("*"):
        if path.is_file() and path not in safe:
            path.unlink()
    for path, data in safe.items():
        path.write_bytes(data)


def _old_or_new(world: Shop, point: int) -> str:
    """Which it is; and that nothing else is there, nobody is back, and the next retention run clears the rest away."""
    open_engine = connect(world.configuration.database_url)
    require_current(open_engine)
    open_engine.dispose()
    assert (world.state(WEG.format(1)), world.state(WEG.format(2))) == ("gone", "ended"), f"at point {point}"
    is_old = world.state("later@example.org") == "active"
    restored = doubt_of(world.engine, world.data_dir) is Doubt.RESTORED
    assert restored is not is_old, f"at point {point}"
    if half_of(world.store).exists():
        assert world.forgetting.status(world.now).is_overdue
    world.retain()
    gone = re.compile(rb"canarie0001", re.IGNORECASE)
    assert holding(world.data_dir, gone, but=is_backup) == {}, f"at point {point}"
    assert not world.forgetting.status(world.now).is_overdue
    world.engine.dispose()
    return "old" if is_old else "new"


def test_two_restores_at_once_do_not_meet(world: Shop) -> None:
    fill(world.engine, 20_000, 0)
    made = world.backup()
    world.engine.dispose()
    program = (
        "import sys; from pathlib import Path; from tests.support.backups import Shop;"
        "Shop(Path(sys.argv[1])).restore(Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", program, str(world.folder), str(made.path)]
    many = [subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[1] for process in many]
    assert min(process.returncode for process in many) == 0
    failed = [text for text, process in zip(said, many, strict=True) if process.returncode]
    assert all("in use by another process" in text for text in failed)
    assert world.person("nobody@example.org") is None


def test_a_process_that_starts_while_a_restore_runs_is_told_to_wait(world: Shop) -> None:
    fill(world.engine, 50_000, 0)
    made = world.backup()
    world.engine.dispose()
    program = (
        "import sys; from pathlib import Path; from tests.support.backups import Shop;"
        "Shop(Path(sys.argv[1])).restore(Path(sys.argv[2]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(world.folder), str(made.path)], env=environment()
    ) as process:
        said = ""
        until = time.monotonic() + 60
        while process.poll() is None and not said and time.monotonic() < until:
            if half_of(world.store).exists():
                try:
                    open_store(world.configuration).dispose()
                except Exception as error:  # noqa: BLE001 - its words are compared below
                    said = str(error)
            time.sleep(0.01)
    assert "being restored at this moment" in said
    assert process.returncode == 0
