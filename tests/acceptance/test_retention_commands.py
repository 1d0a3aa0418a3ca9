"""`newsletter retention` and `newsletter privacy` as an operator and a privacy officer use them."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.cli import Outcome, newsletter

CONFIGURATION = """
[site]
base_url = "http://127.0.0.1:8080"
[relays.main]
host = "127.0.0.1"
port = 2525
security = "none"
[lists.nieuwsbrief]
title = "Nieuwsbrief Voorbeeld"
from = "Programma Voorbeeld <nieuwsbrief@example.org>"
unsubscribe_mailbox = "afmelden@example.org"
basis = "public-task"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
"""
LIST = ("--list", "nieuwsbrief")
GROUNDS = ("--basis", "public-task", "--source", "register")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "newsletter.toml").write_text(CONFIGURATION)
    for name in ("jan", "piet", "kees"):
        run(tmp_path, "subscribers", "add", f"{name}@example.org", *LIST, *GROUNDS)
    return tmp_path


def run(project: Path, *command: str, status: int = 0) -> Outcome:
    return newsletter(*command, cwd=project).expect(status)


def leave(project: Path, name: str, *, due: bool) -> None:
    run(project, "subscribers", "unsubscribe", f"{name}@example.org", *LIST, "--yes")
    if due:
        with closing(sqlite3.connect(project / "data" / "newsletter.sqlite3")) as connection, connection:
            connection.execute("UPDATE subscription SET erase_at = '2026-01-01 00:00:00.000000' WHERE state = 'ended'")


def rules(project: Path, status: int) -> dict[str, dict[str, object]]:
    found = json.loads(run(project, "retention", "status", "--json", status=status).out)
    return {f"{rule['list']}/{rule['rule']}": rule for rule in found["rules"]}


def test_status_run_and_report_tell_the_same_story(project: Path) -> None:
    leave(project, "jan", due=True)
    late = rules(project, 1)["nieuwsbrief/unsubscribed"]
    assert (late["waiting"], late["overdue"], late["period"]) == (1, 1, "21 days")
    assert "1 overdue: run `newsletter retention run`" in run(project, "retention", "status", status=1).err
    assert run(project, "retention", "report", status=1).out.count("te laat: 1 over de termijn") == 1
    assert "Receipt 1" in run(project, "retention", "run").out
    kept = rules(project, 0)
    assert (kept["nieuwsbrief/active"]["waiting"], kept["/receipts"]["waiting"]) == (2, 1)
    report = run(project, "retention", "report").out
    assert "| Wie zich heeft afgemeld | 1 |" in report
    assert "example.org" not in report


def test_the_report_is_written_once_as_page_csv_and_json(project: Path) -> None:
    leave(project, "jan", due=True)
    run(project, "retention", "run")
    page = project / "verslag.html"
    run(project, "retention", "report", "--format", "html", "--language", "en", "--out", str(page))
    assert "<h1>Report of erased personal data</h1>" in page.read_text()
    assert "exists already" in run(project, "retention", "report", "--format", "html", "--out", str(page), status=2).err
    (line,) = csv.DictReader(io.StringIO(run(project, "retention", "report", "--format", "csv").out))
    assert (line["rule"], line["erased"]) == ("unsubscribed", "1")
    values = json.loads(run(project, "retention", "report", "--format", "json").out)
    assert values["totals"]["unsubscribed"]["erased"] == 1


def test_the_report_covers_the_days_that_were_asked_for(project: Path) -> None:
    erased = run(project, "subscribers", "erase", "jan@example.org", "--yes").out
    assert "Backups made before now may still hold this person, until" in " ".join(erased.split())
    old = run(project, "retention", "report", "--from", "2020-01-01", "--to", "2020-12-31").out
    assert "Van 1 januari 2020 tot en met 31 december 2020." in old
    assert "niets te verwijderen" in old
    assert (
        "earlier day first"
        in run(project, "retention", "report", "--from", "2027-01-02", "--to", "2027-01-01", status=2).err
    )


def test_a_report_on_changed_receipts_says_so_and_exits_1(project: Path) -> None:
    run(project, "subscribers", "erase", "jan@example.org", "--yes")
    with closing(sqlite3.connect(project / "data" / "newsletter.sqlite3")) as connection, connection:
        connection.execute("""UPDATE receipt SET rules = '{"on-request": {"erased": 9, "oldest": null}}'""")
    assert "vanaf nummer 1 kloppen niet" in run(project, "retention", "report", status=1).out


def test_statement_and_record_come_from_the_configuration(project: Path) -> None:
    done = run(project, "privacy", "statement", *LIST)
    assert "# Privacyverklaring Nieuwsbrief Voorbeeld" in done.out
    assert "[lists.nieuwsbrief] purpose" in done.err
    assert "# Privacy statement" in run(project, "privacy", "statement", *LIST, "--language", "en").out
    assert "# Register van verwerkingsactiviteiten" in run(project, "privacy", "record").out
    page = project / "register.html"
    run(project, "privacy", "record", "--format", "html", "--out", str(page))
    assert page.read_text().startswith("<!doctype html>")
    assert "no list 'elders'" in run(project, "privacy", "statement", "--list", "elders", status=2).err


def test_an_erased_address_is_refused_to_operators_only_if_the_organisation_chose_so_rule_b10(project: Path) -> None:
    address = "jan@example.org"
    again = ("subscribers", "add", address, *LIST, *GROUNDS)
    run(project, "subscribers", "erase", address, "--yes")
    run(project, *again)
    with (project / "newsletter.toml").open("a") as file:
        file.write("\n[privacy]\nsuppress_after_erasure = true\n")
    run(project, "subscribers", "erase", address, "--yes")
    assert "a mark of that refuses it" in run(project, *again, status=1).err
    run(project, *again, "--fresh-consent", "--source", "formulier van 14 juni")
    assert rules(project, 0)["nieuwsbrief/active"]["waiting"] == 3


def test_exports_are_in_the_status_and_go_with_the_next_erasure(project: Path) -> None:
    run(project, "subscribers", "export", *LIST)
    (export,) = (project / "data" / "exports").glob("*.csv")
    assert rules(project, 0)["/exports"]["waiting"] == 1
    run(project, "subscribers", "erase", "jan@example.org", "--yes")
    assert not export.exists()


def clock_of_the_last_run(project: Path, **back: float) -> None:
    """As if the machine's clock had jumped since: the file of the last run, so much earlier or later."""
    file = project / "data" / "clock.json"
    found = json.loads(file.read_text())
    found["at"] = (datetime.fromisoformat(found["at"]) - timedelta(**back)).isoformat()
    file.write_text(json.dumps(found))


def test_a_clock_that_jumped_ahead_erases_nothing_until_somebody_says_that_it_is_right(project: Path) -> None:
    run(project, "retention", "run")
    leave(project, "jan", due=True)
    clock_of_the_last_run(project, days=365)
    said = run(project, "retention", "run", status=1).err
    assert "nothing is erased by a clock that may be wrong" in said
    assert "--accept-clock" in said
    status = json.loads(run(project, "retention", "status", "--json", status=1).out)
    assert (status["clock"], status["overdue"]) == ("ahead", 1)
    backups = project / "data" / "backups"
    backups.mkdir(exist_ok=True)
    assert "may be wrong" in run(project, "database", "backup", status=1).err
    (made,) = backups.glob("*.backup")
    assert "may be wrong" in run(project, "database", "restore", str(made), "--yes", status=1).err
    assert "may be wrong" in run(project, "retention", "status", status=1).err
    assert "Receipt 1" in run(project, "retention", "run", "--accept-clock").out
    assert rules(project, 0)["nieuwsbrief/active"]["waiting"] == 2, "who is subscribed has no deadline to jump over"
    assert run(project, "retention", "run").err == ""


def test_a_clock_that_went_back_is_told_and_erases_what_is_due_by_it(project: Path) -> None:
    run(project, "retention", "run")
    clock_of_the_last_run(project, days=-30)
    leave(project, "jan", due=True)
    assert "earlier than the last run" in run(project, "retention", "status", status=1).err
    done = run(project, "retention", "run")
    assert "Receipt 1" in done.out
    assert "earlier than the last run" in done.err
    assert json.loads(run(project, "retention", "status", "--json").out)["clock"] == "behind", "the measure stays"
    run(project, "retention", "run", "--accept-clock")
    assert json.loads(run(project, "retention", "status", "--json").out)["clock"] is None


def test_without_the_last_run_its_receipt_tells_that_the_clock_went_back(project: Path) -> None:
    leave(project, "jan", due=True)
    run(project, "retention", "run")
    (project / "data" / "clock.json").unlink()
    with closing(sqlite3.connect(project / "data" / "newsletter.sqlite3")) as connection, connection:
        connection.execute("UPDATE receipt SET at = '2099-01-01 00:00:00.000000'")
    assert json.loads(run(project, "retention", "status", "--json", status=1).out)["clock"] == "behind"
