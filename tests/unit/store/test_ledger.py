"""The ledger: what is appended is on the disk and reads back, also after a crash in the middle of a line (I11)."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.store.ledger import Ledger
from subscribers.errors import ServiceError
from subscribers.ledger_entry import Entry, Kind

NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)


def entry(number: int = 1, kind: Kind = Kind.ENDED) -> Entry:
    return Entry(kind=kind, at=NOON, ref=number.to_bytes(16))


PLANNED = Entry(kind=Kind.PLANNED, at=NOON, ref=b"j" * 16, list="nieuws", slug="zomer")


def test_what_was_appended_reads_back_in_order(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.append([entry(1), entry(2, Kind.SUPPRESSED)])
    ledger.append([PLANNED, entry(3, Kind.ERASED)])
    assert list(Ledger(tmp_path / "ledger").read()) == [
        entry(1),
        entry(2, Kind.SUPPRESSED),
        PLANNED,
        entry(3, Kind.ERASED),
    ]


def test_a_line_holds_a_random_id_and_nothing_of_a_person_rule_i7(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.append([entry(1)])
    _mark, line = ledger.path.read_text().splitlines(keepends=True)
    assert line == f'{{"v":1,"at":"2027-03-10T12:00:00+00:00","kind":"ended","ref":"{"0" * 31}1"}}\n'


def test_a_ledger_that_is_not_there_yet_has_no_entries(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    assert list(ledger.read()) == []
    ledger.append([])
    assert not ledger.path.exists()


def test_the_ledger_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.append([entry()])
    assert ledger.path.stat().st_mode & 0o777 == 0o600
    assert ledger.path.parent.stat().st_mode & 0o777 == 0o700


def test_a_batch_is_synced_once_and_before_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path)
    ledger.append([entry()])
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (real(file), synced.append(os.fstat(file).st_size)))
    ledger.append([entry(number) for number in range(100)])
    assert synced == [ledger.path.stat().st_size]


def test_a_new_file_and_its_folder_are_synced_by_name_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (real(file), synced.append(Path(f"/proc/self/fd/{file}").readlink())))
    Ledger(tmp_path / "ledger").append([entry()])
    assert synced == [tmp_path / "ledger", tmp_path, tmp_path / "ledger" / "ledger.jsonl"]


@given(cut=st.integers(min_value=1, max_value=100))
def test_a_torn_last_line_is_passed_over_and_closed_by_the_next_append(tmp_path_factory, cut: int) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger"))
    ledger.append([entry(1), entry(2)])
    os.truncate(ledger.path, ledger.path.stat().st_size - min(cut, len(entry(2).line()) - 1))
    assert list(ledger.read()) == [entry(1)]
    ledger.append([entry(3)])
    assert list(ledger.read()) == [entry(1), entry(3)]
    ledger.append([entry(4)])
    assert list(ledger.read()) == [entry(1), entry(3), entry(4)]


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", '{"v":2}', '{"v":1,"kind":"ended"}', "\x00\x00", "\ufffd", '{"v":1,"at":1}']
)
def test_a_damaged_line_is_an_error_that_names_it(tmp_path: Path, line: str) -> None:
    ledger = Ledger(tmp_path)
    ledger.append([entry(1)])
    with ledger.path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ServiceError, match=r"ledger\.jsonl:3: the ledger is damaged"):
        list(ledger.read())


def test_a_disk_that_refuses_is_an_error_and_nothing_is_acknowledged(tmp_path: Path) -> None:
    tmp_path.joinpath("ledger").write_text("a file where the folder should be")
    with pytest.raises(ServiceError, match="cannot be written") as caught:
        Ledger(tmp_path / "ledger").append([entry()])
    assert caught.value.exit_status == 3


def test_threads_and_processes_that_append_at_once_never_mix_lines(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from datetime import UTC, datetime;"
        "from newsletter.store.ledger import Ledger; from subscribers.ledger_entry import Entry, Kind;"
        "entry = Entry(kind=Kind.ENDED, at=datetime.now(UTC), ref=b'p' * 16);"
        "[Ledger(Path(sys.argv[1])).append([entry] * 20) for _ in range(20)]"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    ledger = Ledger(tmp_path)
    threads = [
        threading.Thread(target=lambda number=number: [ledger.append([entry(number)] * 20) for _ in range(20)])
        for number in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert process.wait() == 0
    refs = [item.ref for item in ledger.read()]
    assert len(refs) == 1600
    assert all(len(set(refs[start : start + 20])) == 1 for start in range(0, 1600, 20)), "a batch stays together"


def test_an_entry_at_a_naive_moment_is_refused_rule_i10() -> None:
    with pytest.raises(ValueError, match="naive"):
        Entry(kind=Kind.ENDED, at=datetime(2027, 3, 10), ref=b"x" * 16)  # noqa: DTZ001 - that is the point
