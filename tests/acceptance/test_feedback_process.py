"""`newsletter feedback process` as its user meets it: files in, one line per mail out, nothing changed."""

import json
from pathlib import Path

import pytest

from tests.support.cli import newsletter
from tests.support.returned_mails import SAMPLES, WHO, WORDS

QMAIL = WORDS[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "mails"
    place.mkdir()
    for number, sample in enumerate(SAMPLES):
        (place / f"{number:03}.eml").write_bytes(sample.raw)
    (place / "README").write_text("Not a mail at all\n")
    return place


def test_every_mail_is_one_json_object_on_a_line(folder: Path) -> None:
    """The shape that the issue promises, without a newsletter.toml."""
    done = newsletter("feedback", "process", "mails", "--dry-run", "--json", cwd=folder.parent).expect(0)
    values = [json.loads(line) for line in done.out.splitlines()]
    assert [value["file"] for value in values] == [f"mails/{number:03}.eml" for number in range(len(SAMPLES))]
    assert [value["kind"] for value in values] == [sample.kind for sample in SAMPLES]
    assert all(list(value) == ["file", "kind", "recipients"] for value in values)
    found = [tuple(tuple(item.values()) for item in value["recipients"]) for value in values]
    assert found == [sample.recipients for sample in SAMPLES]
    assert sorted(path.name for path in folder.parent.iterdir()) == ["mails"]


def test_people_get_a_summary(folder: Path) -> None:
    done = newsletter("feedback", "process", "mails", "--dry-run", cwd=folder.parent).expect(0)
    assert WHO in done.out
    assert "auto-reply" in done.out
    assert "1 file passed over" in done.err


def test_an_mbox_is_read_mail_by_mail(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_bytes(b"From x\n" + QMAIL.raw + b"\n\nFrom y\n" + QMAIL.raw)
    done = newsletter("feedback", "process", "inbox", "--dry-run", "--json", cwd=tmp_path).expect(0)
    assert [json.loads(line)["file"] for line in done.out.splitlines()] == ["inbox#1", "inbox#2"]


def test_a_path_that_is_not_there_is_one_clear_message(tmp_path: Path) -> None:
    done = newsletter("feedback", "process", "nowhere", "--dry-run", cwd=tmp_path).expect(2)
    assert "no such file" in done.err


def test_without_dry_run_a_project_is_needed(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(QMAIL.raw)
    newsletter("feedback", "process", "a.eml", cwd=tmp_path).expect(2)


def test_a_file_that_cannot_be_read_is_named_and_holds_up_no_other(folder: Path) -> None:
    """A link to a place that gives an error stands for a file without rights, which root could read all the same."""
    (folder / "000a.eml").symlink_to("/proc/self/mem")
    done = newsletter("feedback", "process", "mails", "--dry-run", "--json", cwd=folder.parent).expect(1)
    assert len(done.out.splitlines()) == len(SAMPLES)
    assert "Passed over: " in done.err
    assert "000a.eml" in done.err


def test_mail_for_a_person_is_named_with_what_to_do_and_the_answer_is_negative(tmp_path: Path) -> None:
    newsletter("init", "p", cwd=tmp_path).expect(0)
    (tmp_path / "p" / "vraag.eml").write_bytes(
        b"From: Jan <jan@example.org>\r\nSubject: Een vraag\r\n\r\nKunt u bellen?\r\n"
    )
    done = newsletter("feedback", "process", "vraag.eml", cwd=tmp_path / "p").expect(1)
    assert "For a person to read: vraag.eml (nobody understands it)" in done.out
    assert "no copy of them is made" in done.err
    assert "1 mail is for a person to read" in done.err
    assert "jan@" not in done.said
    told = newsletter("feedback", "process", "vraag.eml", "--json", cwd=tmp_path / "p").expect(1)
    assert json.loads(told.out)["why"] == "nobody understands it"
    newsletter("feedback", "process", "vraag.eml", "--dry-run", cwd=tmp_path / "p").expect(0)
