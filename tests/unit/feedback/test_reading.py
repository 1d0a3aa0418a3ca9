"""Mails from files, folders, Maildirs and mbox files."""

from pathlib import Path

import pytest

from newsletter.feedback.reading import MAXIMUM_OCTETS, find_files, read_mails
from subscribers.errors import InputError

ONE = b"From: a@b.example\nSubject: one\n\nDag\n"


def names(*paths: Path) -> list[str]:
    return [file.name for file in find_files(paths).mails]


def test_a_folder_gives_its_mails_in_order_and_passes_over_the_rest(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.eml").write_bytes(b"")
    (tmp_path / "a").write_bytes(ONE)
    (tmp_path / "sub" / "c.eml").write_bytes(ONE)
    (tmp_path / "expected.json").write_bytes(b"{}")
    (tmp_path / ".hidden.eml").write_bytes(ONE)
    found = find_files([tmp_path])
    assert [file.name for file in found.mails] == ["a", "b.eml", "c.eml"]
    assert found.skipped == 1


def test_a_file_named_outright_is_read_whatever_it_is(tmp_path: Path) -> None:
    (tmp_path / "expected.json").write_bytes(b"{}")
    assert names(tmp_path / "expected.json") == ["expected.json"]


def test_a_maildir_gives_what_was_delivered(tmp_path: Path) -> None:
    for part in ("new", "cur", "tmp"):
        (tmp_path / part).mkdir()
        (tmp_path / part / f"{part}.1").write_bytes(ONE)
    assert names(tmp_path) == ["new.1", "cur.1"]


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        find_files([tmp_path / "nowhere"])


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_an_mbox_is_split(tmp_path: Path, ending: bytes) -> None:
    box = tmp_path / "inbox"
    text = (
        b"From a@b.example Mon Jun 14 2027\n" + ONE + b"\nFrom x\n"
        b"From: c@d.example\n\n>From here\n>>From there\nFrom the middle\n\n"
    )
    box.write_bytes(text.replace(b"\n", ending))
    found = list(read_mails(box))
    assert [mail.name for mail in found] == [f"{box}#1", f"{box}#2"]
    assert found[0].raw == (ONE + b"\n").replace(b"\n", ending)
    assert b"\nFrom here" in found[1].raw
    assert b"\n>From there" in found[1].raw
    assert b"\nFrom the middle" in found[1].raw


def test_an_eml_file_is_one_mail_also_with_a_from_line(tmp_path: Path) -> None:
    file = tmp_path / "a.eml"
    file.write_bytes(b"From x\n" + ONE + b"\nFrom y\n" + ONE)
    assert [mail.name for mail in read_mails(file)] == [str(file)]


def test_a_mail_in_an_mbox_is_read_up_to_the_limit(tmp_path: Path) -> None:
    box = tmp_path / "inbox.mbox"
    with box.open("wb") as stream:
        stream.write(b"From x\n" + ONE)
        for _ in range(MAXIMUM_OCTETS // 1000 + 2000):
            stream.write(b"x" * 999 + b"\n")
        stream.write(b"\nFrom y\n" + ONE)
    first, second = read_mails(box)
    assert len(first.raw) <= MAXIMUM_OCTETS + 1000
    assert second.raw == ONE
