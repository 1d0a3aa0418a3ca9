"""`newsletter archive`: what the web shows, and taking an issue out of it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.delivery.job import JobState
from newsletter.store.archive import editions
from newsletter.store.replay import _remember_job
from subscribers.ledger_entry import Entry, Kind
from subscribers.transactions import writing
from tests.support.cli import newsletter
from tests.support.web import make_project, running_site, sample_issue


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = make_project(tmp_path)
    made.publish(sample_issue())
    made.publish(sample_issue("bulletin", "summer"), JobState.CANCELLED)
    made.publish(sample_issue("intern", "geheim"))
    made.publish(sample_issue("nieuwsbrief", "later"), JobState.PLANNED)
    made.engine.dispose()
    return tmp_path


def test_the_list_says_how_the_web_shows_each_issue_that_was_sent(folder: Path) -> None:
    shown = {
        item["issue"]: item["shown"] for item in json.loads(newsletter("archive", "--json", cwd=folder).expect(0).out)
    }
    assert shown == {"nieuwsbrief/zomer": "public", "bulletin/summer": "unlisted", "intern/geheim": "none"}


def test_an_issue_is_withdrawn_and_shown_again_and_asking_twice_changes_nothing(folder: Path) -> None:
    for said in ("is withdrawn.", "is withdrawn already."):
        assert said in newsletter("archive", "withdraw", "nieuwsbrief", "zomer", cwd=folder).expect(0).out
    assert "withdrawn" in newsletter("archive", cwd=folder).expect(0).out
    for said in ("is shown again.", "is shown again already."):
        assert said in newsletter("archive", "withdraw", "nieuwsbrief", "zomer", "--undo", cwd=folder).expect(0).out


def test_an_issue_that_no_backup_had_is_lost_and_neither_withdrawn_nor_sent_to_nobody(tmp_path: Path) -> None:
    made = make_project(tmp_path)
    at = datetime(2027, 6, 14, 9, 30, tzinfo=UTC)
    with writing(made.engine) as connection:
        entry = Entry(kind=Kind.PLANNED, at=at, ref=b"r" * 16, list="nieuwsbrief", slug="herfst")
        assert _remember_job(connection, entry, at)
    (edition,) = editions(made.engine)
    assert edition.is_lost
    with running_site(made) as client:
        answer = client.get("/archive/nieuwsbrief/herfst")
    assert answer.status_code == 410
    assert "Deze editie is hier niet meer beschikbaar" in answer.text
    assert "ingetrokken" not in answer.text
    made.engine.dispose()
    assert '"shown": "lost"' in newsletter("archive", "--json", cwd=tmp_path).expect(0).out
    said = " ".join(newsletter("jobs", "show", "1", cwd=tmp_path).expect(0).out.split())
    assert "after the backup that was restored; its record is lost" in said
    assert "finished" not in said


def test_what_was_never_sent_is_an_error_with_a_remedy(folder: Path) -> None:
    for slug in ("later", "nergens"):
        outcome = newsletter("archive", "withdraw", "nieuwsbrief", slug, cwd=folder).expect(2)
        assert "never sent" in outcome.err
        assert "`newsletter archive` lists the issues" in outcome.err
    outcome = newsletter("archive", "withdraw", "niewsbrief", "zomer", cwd=folder).expect(2)
    assert "The lists here: bulletin, intern, nieuwsbrief" in outcome.err
