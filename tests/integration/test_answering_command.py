"""`newsletter subscribers copy`, `correct` and `requests`: answering people in time (AVG 12(3), 15, 16, 20)."""

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from subscribers.clock import utc_now
from subscribers.ledger_entry import Kind
from subscribers.store import find
from subscribers.tables import subscription
from subscribers.transactions import reading, writing
from tests.support.cli import newsletter
from tests.support.visitors import EXTRA
from tests.support.web import WebProject, make_project

ZONE = ZoneInfo("Europe/Amsterdam")
JAN = "jan@example.org"


@pytest.fixture
def project(tmp_path: Path) -> WebProject:
    made = make_project(tmp_path, extra=EXTRA.replace('["gemeente"]', '["gemeente", "inwoners"]'))
    made.subscribe(JAN, "maand")
    return made


def run(project: WebProject, *arguments: str):
    return newsletter("subscribers", *arguments, cwd=project.configuration.folder)


def known(project: WebProject, address: str = JAN):
    with reading(project.engine) as connection:
        return find(connection, address)


def test_b8_one_command_writes_a_copy_as_json_and_csv(project: WebProject) -> None:
    files = json.loads(run(project, "copy", JAN, "--json").expect(0).out)["files"]
    stored = json.loads(Path(files[0]).read_text())
    rows = list(csv.reader(Path(files[1]).read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
    assert stored["subscriber"][0]["address"] == JAN
    assert ["Wie u bent", "1", "Mailadres", JAN] in rows
    assert ["Uw inschrijvingen", "1", "Lijst", "Maandbericht"] in rows
    assert all(Path(file).stat().st_mode & 0o077 == 0 for file in files)
    run(project, "erase", JAN, "--yes").expect(0)
    assert not any(Path(file).exists() for file in files)


def test_a_copy_elsewhere_says_that_it_leaves_the_promise(project: WebProject, tmp_path: Path) -> None:
    done = run(project, "copy", JAN, "--out", str(tmp_path / "jan.csv")).expect(0)
    assert "leaves the promise" in done.err
    run(project, "copy", JAN, "--out", str(tmp_path / "jan.csv")).expect(2)
    run(project, "copy", JAN, "--out", str(tmp_path / "jan.txt")).expect(2)
    run(project, "copy", "nobody@example.org").expect(1)


def test_an_operator_corrects_what_is_wrong(project: WebProject) -> None:
    run(project, "correct", JAN, "--name", "Jan de Vries", "--attribute", "gemeente=Ede").expect(0)
    person = known(project)
    assert (person.name, person.attributes) == ("Jan de Vries", {"gemeente": "Ede"})
    run(project, "correct", JAN).expect(2)
    run(project, "correct", JAN, "--attribute", "geheim=1").expect(2)
    run(project, "correct", JAN, "--name", "a\nb").expect(2)
    run(project, "correct", "nobody@example.org", "--name", "x").expect(1)
    assert known(project).name == "Jan de Vries"


def test_an_operator_changes_an_address_and_the_ledger_knows(project: WebProject) -> None:
    run(project, "correct", JAN, "--address", "jan.nieuw@example.org").expect(0)
    assert known(project) is None
    assert known(project, "jan.nieuw@example.org").on("maand").state == "active"
    assert Kind.MOVED in {entry.kind for entry in project.ledger.read()}


def test_two_people_are_put_together_only_when_an_operator_says_so(project: WebProject) -> None:
    other = "anna@example.org"
    project.subscribe(other)
    run(project, "correct", JAN, "--name", "Jan de Vries").expect(0)
    before = project.everything()
    refused = run(project, "correct", JAN, "--address", other).expect(2)
    assert "somebody we know" in refused.out
    assert "goes over to the new address: maand" in refused.out
    assert "comes along, being empty there: name" in refused.out
    assert "--merge" in refused.err
    tried = run(project, "correct", JAN, "--address", other, "--merge", "--dry-run").expect(0).out
    assert "would do this" in tried
    assert "Nothing was changed: a dry run" in tried
    foreseen = json.loads(run(project, "correct", JAN, "--address", other, "--dry-run", "--json").expect(0).out)
    assert (foreseen["would_correct"], foreseen["would_merge"]["goes_over"]) == (["address"], ["maand"])
    assert project.everything() == before
    run(project, "correct", JAN, "--address", other, "--organisation", "Gemeente Ede", "--merge").expect(0)
    person = known(project, other)
    assert (person.name, person.organisation) == ("Jan de Vries", "Gemeente Ede")
    assert {item.list: item.state.value for item in person.subscriptions} == {
        "maand": "active",
        "nieuwsbrief": "active",
    }


def test_what_is_kept_and_what_is_lost_of_two_people_is_said_before_and_attributes_come_along(
    project: WebProject,
) -> None:
    other = "anna@example.org"
    project.subscribe(other)
    values = ("--attribute", "gemeente=Ede", "--attribute", "inwoners=120000", "--name", "Jan")
    run(project, "correct", JAN, *values).expect(0)
    run(project, "correct", other, "--attribute", "gemeente=Lunteren").expect(0)
    merge = ("correct", JAN, "--address", other, "--organisation", "Gemeente Ede", "--merge")
    said = run(project, *merge, "--dry-run").expect(0).out
    assert "comes along, being empty there: name, inwoners" in said
    assert "at both, and not the same: gemeente: 'Lunteren' is kept, 'Ede' is lost" in said
    foreseen = json.loads(run(project, *merge, "--dry-run", "--json").expect(0).out)["would_merge"]
    assert foreseen["fills"] == ["name", "inwoners"]
    assert foreseen["differs"] == [{"name": "gemeente", "kept": "Lunteren", "lost": "Ede"}]
    settled = json.loads(run(project, *merge, "--attribute", "gemeente=Wekerom", "--dry-run", "--json").expect(0).out)
    assert settled["would_merge"]["differs"] == [], "what is corrected is the same at both"
    done = run(project, *merge).expect(0).out
    assert "Corrected, and put together" in done
    assert "The next erasure removes the old address" in done
    assert known(project, other).attributes == {"gemeente": "Lunteren", "inwoners": "120000"}


def test_a_pending_subscription_stays_at_the_old_address_and_nothing_else_is_said(project: WebProject) -> None:
    other, waiting = "anna@example.org", "piet@example.org"
    project.subscribe(other)
    project.subscribe(waiting, "maand")
    with writing(project.engine) as connection:
        late = {"state": "pending", "erase_at": utc_now() + timedelta(days=3)}
        theirs = subscription.c.subscriber_id == find(connection, waiting).id
        connection.execute(update(subscription).where(theirs).values(**late))
    done = run(project, "correct", waiting, "--address", other, "--merge").expect(0).out
    assert "not active: stays at the old address, where nothing is mailed, until its deadline: maand" in done
    assert "put together" not in done.splitlines()[-1]
    assert "No subscription went over: none was active" in done
    assert f"{waiting} stays known until" in done
    value = json.loads(run(project, "correct", waiting, "--address", other, "--merge", "--json").expect(0).out)
    assert datetime.fromisoformat(value["old_address_until"]) > utc_now()


def test_a_kind_that_is_none_is_answered_with_the_nearest(project: WebProject) -> None:
    refused = run(project, "requests", "add", JAN, "--kind", "acces").expect(2)
    said = " ".join(refused.err.replace("│", " ").split())
    assert "'acces' is no kind of request; did you mean 'access'?" in said
    assert "Value error" not in said
    assert "portability" in run(project, "requests", "add", JAN, "--kind", "unheard").expect(2).err
    run(project, "requests", "add", JAN, "--kind", "portability").expect(0)
    assert "portability" in run(project, "requests").expect(0).out


def test_rule_12_3_an_overdue_request_is_told_with_status_1(project: WebProject) -> None:
    assert "No request waits" in run(project, "requests").expect(0).out
    today = utc_now().astimezone(ZONE)
    early = (today - timedelta(days=33)).strftime("%Y-%m-%d")
    run(project, "requests", "add", JAN, "--kind", "access", "--received", early, "--reference", "2027-7").expect(0)
    run(project, "requests", "add", JAN, "--kind", "erasure").expect(0)
    found = json.loads(run(project, "requests", "--json").expect(1).out)
    assert [(item["kind"], item["is_overdue"], item["address"]) for item in found["requests"]] == [
        ("access", True, JAN),
        ("erasure", False, JAN),
    ]
    assert "overdue" in run(project, "requests").expect(1).err
    done = run(project, "requests", "done", "1", "--by", "privacy desk").expect(0)
    assert "after its month was over" in done.out
    run(project, "requests").expect(0)
    assert "privacy desk" in run(project, "requests", "--all").expect(0).out


def test_an_erasure_answers_the_request_for_it_and_the_proof_names_nobody(project: WebProject) -> None:
    run(project, "requests", "add", JAN, "--kind", "erasure", "--reference", "2027-8").expect(0)
    run(project, "erase", JAN, "--yes").expect(0)
    found = run(project, "requests", "--all", "--json").expect(0).out
    assert JAN not in found
    (item,) = json.loads(found)["requests"]
    assert (item["reference"], item["address"]) == ("2027-8", None)
    assert datetime.fromisoformat(item["done_at"]) <= utc_now()


def test_of_an_unknown_address_only_the_request_is_kept(project: WebProject) -> None:
    said = run(project, "requests", "add", "unknown@example.org", "--kind", "access").expect(0).out
    assert "that is the answer to give" in said
    files = [path for path in project.configuration.data_dir.rglob("*") if path.is_file()]
    assert not [path for path in files if b"unknown@example.org" in path.read_bytes()]


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", JAN, "--kind", "wish"),
        ("add", JAN, "--kind", "access", "--received", "2999-01-01"),
        ("add", JAN, "--kind", "access", "--reference", "jan@example.org"),
        ("done", "77"),
    ],
)
def test_unusable_input_is_status_2_and_changes_nothing(project: WebProject, arguments: tuple[str, ...]) -> None:
    before = project.everything()
    run(project, "requests", *arguments).expect(2)
    assert project.everything() == before


def test_show_names_the_requests_of_a_person(project: WebProject) -> None:
    run(project, "requests", "add", JAN, "--kind", "objection").expect(0)
    assert "objection" in run(project, "show", JAN).expect(0).out
