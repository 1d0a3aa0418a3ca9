"""Which database is the real one: copies, older states and other places are told from it, renames are not (I11)."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newsletter.store import identity, place
from newsletter.store.identity import Doubt, accept, check, doubt_of
from newsletter.store.numbering import beyond
from newsletter.store.place import is_same_place, place_of
from newsletter.store.tables import delivery
from subscribers.errors import ConfigurationError
from subscribers.transactions import reading
from tests.support.databases import opened
from tests.support.sending import fresh_store, planned

NAME = "newsletter.sqlite3"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a store that was used."""
    folder = tmp_path / "data"
    folder.mkdir()
    with fresh_store(folder) as engine:
        check(engine, folder)
    return folder


def doubt(folder: Path, store: Path | None = None) -> Doubt | None:
    with opened(f"sqlite:///{store or folder / NAME}") as engine:
        return doubt_of(engine, folder)


def used(folder: Path) -> None:
    with opened(f"sqlite:///{folder / NAME}") as engine:
        check(engine, folder)


def test_a_new_store_is_bound_to_its_folder_and_goes_on(data: Path) -> None:
    for _ in range(3):
        used(data)
    assert doubt(data) is None


def test_asking_changes_nothing(data: Path) -> None:
    before = (data / "installation").read_bytes()
    for _ in range(3):
        assert doubt(data) is None
    assert (data / "installation").read_bytes() == before


def test_a_new_store_in_a_used_folder_gives_no_number_of_the_old_one_again(data: Path) -> None:
    with fresh_store(data) as engine:
        planned(engine, 2)
    (data / NAME).unlink()
    with fresh_store(data) as engine:
        check(engine, data)
        planned(engine, 2)
        with reading(engine) as connection:
            assert (connection.scalar(select(func.min(delivery.c.id))) or 0) > 10**9


@pytest.mark.parametrize("highest", [0, 5_000_000, 2**51, 2**60], ids=["new", "used", "clock was ahead", "far ahead"])
@pytest.mark.parametrize("year", [1970, 2027, 2250])
def test_the_same_backup_put_back_twice_gives_other_numbers_each_time_whatever_the_clock_says(
    highest: int, year: int
) -> None:
    now = datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=1)
    first, second = beyond(highest, now), beyond(highest, now + timedelta(minutes=5))
    assert highest + 10**9 < first < second - 10**8 < 2**63


def test_a_renamed_or_moved_folder_on_the_same_disk_is_the_same(data: Path) -> None:
    moved = data.rename(data.with_name("elsewhere"))
    (moved / NAME).chmod(0o640)
    os.utime(moved / NAME)
    assert doubt(moved) is None
    used(moved)


def test_a_copied_folder_is_noticed_and_the_original_goes_on(data: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(data, tmp_path / "copy"))
    assert doubt(copy) is Doubt.ELSEWHERE
    with pytest.raises(ConfigurationError, match="a copy, or was moved"):
        used(copy)
    used(data)
    assert doubt(data) is None


def test_a_database_under_another_folder_is_noticed(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert doubt(other, data / NAME) is Doubt.ELSEWHERE
    with fresh_store(other) as engine:
        check(engine, other)
    assert doubt(other, data / NAME) is Doubt.ELSEWHERE


@pytest.mark.parametrize("how", ["replaced", "overwritten"])
def test_an_older_copy_put_back_in_place_is_noticed_however_it_was_put_there(data: Path, how: str) -> None:
    old = Path(shutil.copy2(data / NAME, data.parent / "old"))
    used(data)
    if how == "replaced":
        (data / NAME).unlink()
    shutil.copyfile(old, data / NAME)
    assert doubt(data) is (Doubt.ELSEWHERE if how == "replaced" else Doubt.OLDER)
    with pytest.raises(ConfigurationError, match="nothing is sent from it"):
        used(data)


def test_killed_between_file_and_database_there_is_no_doubt(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    for name in ("writing", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(identity, name, killed)
            with pytest.raises(Killed):
                used(data)
        assert doubt(data) is None
        used(data)


def test_a_damaged_or_missing_file_is_a_doubt_not_a_failure(data: Path) -> None:
    for text in ("", "{}", "[1]", '{"v":1,"id":"zz","turns":[]}'):
        (data / "installation").write_text(text)
        assert doubt(data) is Doubt.ELSEWHERE
    (data / "installation").unlink()
    assert doubt(data) is Doubt.ELSEWHERE


def test_an_operator_accepts_a_moved_store_by_saying_so(data: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(data, tmp_path / "moved"))
    with opened(f"sqlite:///{moved / NAME}") as engine:
        with pytest.raises(ConfigurationError, match="a copy, or was moved"):
            accept(engine, moved)
        assert accept(engine, moved, is_moved=True) is Doubt.ELSEWHERE
        check(engine, moved)
    used(data)


def test_an_older_state_is_never_accepted_as_moved(data: Path) -> None:
    old = (data / NAME).read_bytes()
    used(data)
    (data / NAME).write_bytes(old)
    with opened(f"sqlite:///{data / NAME}") as engine, pytest.raises(ConfigurationError, match="database replay"):
        accept(engine, data, is_moved=True)


def test_where_no_birth_is_told_the_inode_must_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    whole = place_of(file)
    monkeypatch.setattr(place, "_birth", lambda _path: "")
    assert is_same_place(whole, place_of(file))
    assert not is_same_place(whole, f"{file.stat().st_ino + 1}:")
    assert not is_same_place("5:100", "5:200")


def test_a_file_made_anew_under_the_same_name_is_another_one_even_with_the_same_inode(tmp_path: Path) -> None:
    file = tmp_path / "file"
    seen = set()
    for _ in range(20):
        file.touch()
        seen.add(place_of(file))
        file.unlink()
    assert len(seen) == 20
