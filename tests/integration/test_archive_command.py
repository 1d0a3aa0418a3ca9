"""`newsletter archive`: what the web shows, and taking an issue out of it."""

import json
from pathlib import Path

import pytest

from newsletter.delivery.job import JobState
from tests.support.cli import newsletter
from tests.support.web import make_project, sample_issue


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


def test_what_was_never_sent_is_an_error_with_a_remedy(folder: Path) -> None:
    for slug in ("later", "nergens"):
        outcome = newsletter("archive", "withdraw", "nieuwsbrief", slug, cwd=folder).expect(2)
        assert "never sent" in outcome.err
        assert "`newsletter archive` lists the issues" in outcome.err
    outcome = newsletter("archive", "withdraw", "niewsbrief", "zomer", cwd=folder).expect(2)
    assert "The lists here: bulletin, intern, nieuwsbrief" in outcome.err
