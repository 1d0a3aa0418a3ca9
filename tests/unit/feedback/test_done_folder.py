"""The done folder of a mailbox: what names who is gone goes, also where nobody knows which mail that is (I5)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from newsletter.feedback.done_folder import REMEMBERED, DoneFolder

NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)
PEOPLE = {b"jan": b"\x01", b"els": b"\x02", b"kim": b"\x03"}


class Folder:
    """A mailbox with one folder, and who is still in the store."""

    def __init__(self, path: Path) -> None:
        self.mails: dict[int, bytes] = {}
        self.alive = set(PEOPLE.values())
        self.now = NOON
        self.done = DoneFolder(
            path=path / "feedback" / "imap-done.jsonl",
            name="x",
            largest=1000,
            named_in=lambda raw: [PEOPLE[name] for name in raw.split() if PEOPLE[name] in self.alive],
            existing=lambda refs: refs & self.alive,
            clock=lambda: self.now,
        )

    def uids(self) -> list[int]:
        return sorted(self.mails)

    def header(self, uid: int) -> Any:
        return SimpleNamespace(size=len(self.mails[uid]))

    def content(self, uid: int) -> bytes:
        return self.mails[uid]

    def expunge(self, uids: list[int]) -> None:
        for uid in uids:
            del self.mails[uid]

    def expect(self, names: bytes) -> None:
        self.done.expect([PEOPLE[name] for name in names.split()])

    def look(self) -> list[int]:
        self.done.forget_erased(self, 1)  # type: ignore[arg-type]  # the part of a Mailbox that it uses
        return self.uids()


def test_i5_a_mail_that_names_someone_else_too_goes_as_well_where_nobody_knows_which_it_is(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.mails[1] = b"kim"
    assert folder.look() == [1]
    folder.expect(b"jan els")
    folder.mails[2] = b"jan els"
    folder.alive.remove(PEOPLE[b"jan"])
    assert folder.look() == [1], "by its words it names only who is still there"


def test_i5_a_mail_that_another_process_is_about_to_move_is_not_forgotten(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.expect(b"jan")
    folder.expect(b"els")
    folder.mails[1] = b"els"
    assert folder.look() == [1]
    folder.alive.remove(PEOPLE[b"jan"])
    assert folder.look() == [1]
    folder.mails[2] = b"jan"
    assert folder.look() == [1]
    folder.mails[3] = b"kim"
    assert folder.look() == [1, 3], "that mail was found: the next is in no doubt"


def test_what_never_came_is_forgotten_after_a_day(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.expect(b"jan")
    folder.alive.remove(PEOPLE[b"jan"])
    folder.now += REMEMBERED
    assert folder.look() == []
    assert not folder.done.path.exists()
    folder.now += timedelta(hours=1)
    folder.mails[1] = b"els"
    assert folder.look() == [1]
