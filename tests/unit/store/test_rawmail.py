"""Raw mails on disk: whole or not there, found by whom they name, gone after their days (I5)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.store.rawmail import Box, KeptMails, RawMail, _parsed

NOW = datetime(2027, 6, 14, 9, 30, tzinfo=UTC)
JAN, ELS = b"j" * 16, b"e" * 16


def raw(content: bytes = b"Subject: dag\r\n\r\nhoi\r\n", **more) -> RawMail:
    return RawMail(content=content, arrived_at=more.pop("arrived_at", NOW), **more)


def kept(box: Box, alive: set[bytes]) -> KeptMails:
    return KeptMails(
        box=box, name="feedback", days=7, zone=ZoneInfo("Europe/Amsterdam"), existing=lambda refs: refs & alive
    )


def test_a_mail_comes_back_as_it_was_put(tmp_path: Path) -> None:
    box = Box(tmp_path)
    mail = raw(envelope_to=("b-1-ab@example.org", "ë@example.org"), why="nobody understands it", people=(ELS, JAN))
    path = box.put(mail)
    assert box.read(path.name) == mail
    assert box.names() == [path.name]
    assert path.stat().st_mode & 0o077 == 0
    assert not list((tmp_path / "tmp").iterdir())


@given(st.binary(max_size=300), st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=3))
def test_whatever_the_mail_holds_our_own_lines_stay_ours(content: bytes, addresses: list[str]) -> None:
    mail = raw(content, envelope_to=tuple(addresses), people=(JAN,))
    found = _parsed(Path(), mail.head + content, NOW)
    assert (found.content, found.envelope_to, found.people) == (content, tuple(addresses), (JAN,))


def test_lines_like_ours_inside_a_mail_mean_nothing(tmp_path: Path) -> None:
    forged = raw(envelope_to=("x@example.org",), people=(JAN,)).head + b"Subject: x\r\n\r\n"
    box = Box(tmp_path)
    found = box.read(box.put(raw(forged)).name)
    assert found is not None
    assert (found.envelope_to, found.people, found.content) == ((), (), forged)


def test_a_file_that_somebody_put_there_is_read_as_a_mail(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.put(raw())
    (tmp_path / "new" / "1.hand").write_bytes(b"Subject: x\n\n")
    found = box.read("1.hand")
    assert found is not None
    assert found.content == b"Subject: x\n\n"


def test_a_name_cannot_lead_out_of_the_box(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    box = Box(tmp_path / "box")
    box.put(raw())
    assert box.read("../../secret") is None
    assert box.read("..") is None
    assert box.read("") is None
    assert box.read("none") is None
    box.remove("../../secret")
    assert (tmp_path / "secret").exists()


def test_mails_go_after_their_days_and_not_before(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.put(raw(arrived_at=NOW - timedelta(days=8)))
    young = box.put(raw(arrived_at=NOW - timedelta(days=6)))
    folder = kept(box, set())
    assert (folder.waiting(NOW).count, folder.waiting(NOW).overdue) == (2, 1)
    assert folder.expire(NOW).count == 1
    assert box.names() == [young.name]
    assert folder.period == "7 days"


def test_an_erasure_takes_every_mail_that_names_the_person_and_no_other(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.put(raw(people=(JAN, ELS)), "both")
    box.put(raw(people=(ELS,)), "els")
    box.put(raw(), "nobody")
    assert kept(box, {ELS}).empty(NOW) == 1
    assert box.names() == ["els", "nobody"]


def test_a_mail_that_a_mail_program_moved_to_cur_is_still_found_and_grows_old_rule_i5(tmp_path: Path) -> None:
    box = Box(tmp_path)
    for name, people in (("jan", (JAN,)), ("els", (ELS,))):
        path = box.put(raw(people=people), name)
        path.rename(tmp_path / "cur" / f"{name}:2,S")
    found = box.read("jan:2,S")
    assert found is not None
    assert found.people == (JAN,)
    assert kept(box, {ELS}).empty(NOW) == 1
    assert box.names() == ["els:2,S"]
    assert kept(box, {ELS}).expire(NOW + timedelta(days=9)).count == 1
    assert box.names() == []


def test_one_file_that_cannot_be_removed_keeps_none_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Box(tmp_path)
    for name in "abc":
        box.put(raw(people=(JAN,)), name)
    unlink = Path.unlink

    def refuses(path: Path, *, missing_ok: bool = False) -> None:
        if path.name == "a":
            raise PermissionError(1, "not permitted")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuses)
    with pytest.raises(PermissionError):
        kept(box, set()).empty(NOW)
    assert box.names() == ["a"]


def test_what_a_crash_left_half_written_is_swept(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.put(raw())
    torn = tmp_path / "tmp" / "torn"
    torn.write_bytes(b"From: jan@")
    later = datetime.now(UTC) + timedelta(hours=2)
    kept(box, set()).empty(later)
    assert not torn.exists()


def test_an_empty_project_has_nothing_to_sweep(tmp_path: Path) -> None:
    folder = kept(Box(tmp_path / "none"), set())
    assert folder.waiting(NOW).count == folder.expire(NOW).count == folder.empty(NOW) == 0
    assert Box(tmp_path / "none").names() == []


@pytest.mark.parametrize("days", [1, 27])
def test_deadlines_fall_at_the_end_of_a_day_of_the_list(tmp_path: Path, days: int) -> None:
    box = Box(tmp_path)
    box.put(raw())
    folder = KeptMails(box=box, name="x", days=days, zone=ZoneInfo("Europe/Amsterdam"), existing=lambda refs: refs)
    nearest = folder.waiting(NOW).nearest
    assert nearest is not None
    assert nearest.astimezone(ZoneInfo("Europe/Amsterdam")).hour == 0
