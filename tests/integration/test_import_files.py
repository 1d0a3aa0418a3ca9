"""`newsletter subscribers ...` from the command line, on real files."""

import csv
import json
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CONFIGURATION = """
[site]
base_url = "http://127.0.0.1:8080"
[relays.main]
host = "127.0.0.1"
port = 2525
security = "none"
[lists.nieuwsbrief]
title = "Nieuwsbrief Voorbeeld"
language = "nl"
from = "Programma Voorbeeld <nieuwsbrief@example.org>"
unsubscribe_mailbox = "afmelden@example.org"
basis = "consent"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy"
attributes = ["gemeente"]
"""
EXCEL = (
    "sep=;\r\nE-mailadres;Voornaam;Tussenvoegsel;Achternaam;Organisatie;Gemeente;Telefoon\r\n"
    "jan@example.org;Jan;van den;Berg;Organisatie Voorbeeld;Voorbeeldstad;0612345678\r\n"
    "zoe@example.org;Zoë;;Smit;;;\r\n"
    "geen adres;Piet;;;;;\r\n"
    "kees@example.org;=HYPERLINK(x);;;;;\r\n"
    ";;;;;;\r\n"
    "JAN@example.org;Jan;;;;;\r\n"
)
GROUNDS = ("--list", "nieuwsbrief", "--basis", "consent", "--source", "form on www.example.org")

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "newsletter.toml").write_text(CONFIGURATION)
    (tmp_path / "people.csv").write_bytes(EXCEL.encode("cp1252"))
    return tmp_path


@pytest.fixture
def newsletter(project: Path) -> Command:
    """Runs `newsletter subscribers ...` in the project; `status` is the expected exit status."""

    def run(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        program = "from newsletter.cli.main import run; run()"
        command = [sys.executable, "-c", program, "subscribers", *arguments]
        root = str(Path(__file__).resolve().parents[2])
        environment = {"PYTHONPATH": root, "PATH": "/usr/bin:/bin", "COLUMNS": "200", "LC_ALL": "C.UTF-8"}
        environment["PYTHONIOENCODING"] = "utf-8:strict"  # as where the language is Dutch
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_file_from_excel_is_imported_and_what_is_wrong_with_it_is_said(newsletter: Command, project: Path) -> None:
    done = newsletter("import", "people.csv", *GROUNDS, status=1)
    for text in (
        "Windows-1252, semicolon",
        "Telefoon",
        "line 5: not an e-mail address",
        "line 6: the name is a formula",
    ):
        assert text in done.stdout
    found = answer(newsletter("import", "people.csv", *GROUNDS, "--json", status=1))
    assert (found["added"], found["unchanged"], found["duplicates"], found["refused"]) == (0, 2, 1, 2)
    report = Path(found["report"])
    assert report.parent == project / "data" / "exports"
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert report.read_bytes().startswith(b"\xef\xbb\xbffile;line;result;reason;remedy\r\n"), (
        "as a Dutch Excel opens it"
    )
    table = list(csv.DictReader(report.read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
    assert [(row["line"], row["result"]) for row in table] == [("5", "refused"), ("6", "refused"), ("8", "duplicate")]
    assert {row["file"] for row in table} == {"people.csv"}
    assert "jan@" not in report.read_text().casefold()


def test_show_tells_all_in_words_and_the_phone_number_was_never_stored(newsletter: Command, project: Path) -> None:
    newsletter("import", "people.csv", *GROUNDS, status=1)
    shown = newsletter("show", "JAN@example.org").stdout
    for text in ("Jan van den Berg", "Organisatie Voorbeeld", "gemeente: Voorbeeldstad", "form on www.example.org"):
        assert text in shown
    assert answer(newsletter("show", "zoe@example.org", "--json"))["subscriber"][0]["name"] == "Zoë Smit"
    assert not [path for path in project.rglob("data/*") if path.is_file() and b"0612345678" in path.read_bytes()]


def test_a_dry_run_leaves_no_row_and_no_file(newsletter: Command, project: Path) -> None:
    found = answer(newsletter("import", "people.csv", *GROUNDS, "--dry-run", "--json", status=1))
    assert (found["added"], found["report"]) == (2, None)
    assert not (project / "data" / "exports").exists()
    assert "Nothing is known" in newsletter("show", "jan@example.org", status=1).stdout


def test_of_a_zip_each_refusal_names_its_file_and_what_was_not_read_is_said(newsletter: Command, project: Path) -> None:
    kinds = ("subscribed", "unsubscribed", "nonsubscribed")
    names = [f"{kind}_email_audience_export_1.csv" for kind in kinds]
    with zipfile.ZipFile(project / "audience.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "Email Address,LEID,EUID\nno address,1,2\n")
    done = newsletter("import", "audience.zip", *GROUNDS, "--dry-run", "--report", "refused.csv", status=1)
    for name in names[:2]:
        assert f"{name}, line 2: not an e-mail address" in done.stdout
    assert f"{names[2]} was not read: it holds people who never asked for mail" in done.stdout
    table = list(csv.DictReader((project / "refused.csv").read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert [(row["file"], row["line"]) for row in table] == [(names[1], "2"), (names[0], "2")]
    found = answer(newsletter("import", "audience.zip", *GROUNDS, "--dry-run", "--json", status=1))
    assert found["files_not_read"] == [names[2]]
    assert [row["file"] for row in found["refused_rows"]] == [names[1], names[0]]
    with zipfile.ZipFile(project / "broken.zip", "w") as archive:
        archive.writestr(names[0], "naam\nJan\n")
    assert f"broken.zip, {names[0]}: no column" in newsletter("import", "broken.zip", *GROUNDS, status=2).stderr


def test_the_report_goes_where_it_is_asked(newsletter: Command, project: Path) -> None:
    newsletter("import", "people.csv", *GROUNDS, "--report", "refused.csv", status=1)
    assert (project / "refused.csv").read_text(encoding="utf-8-sig").startswith("file;line;result;reason;remedy")


def test_a_dry_run_writes_the_report_that_it_is_asked_for(newsletter: Command, project: Path) -> None:
    newsletter("import", "people.csv", *GROUNDS, "--dry-run", "--report", "refused.csv", status=1)
    assert (project / "refused.csv").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("people.csv", "exists already"),
        ("newsletter.toml", "exists already"),
        ("absent/x.csv", "no such folder"),
        (".", "exists already"),
    ],
)
def test_a_report_overwrites_nothing_and_makes_no_folder(
    newsletter: Command, project: Path, name: str, said: str
) -> None:
    before = (project / "people.csv").read_bytes()
    assert said in newsletter("import", "people.csv", *GROUNDS, "--report", name, status=2).stderr
    assert (project / "people.csv").read_bytes() == before
    assert not (project / "absent").exists()
    newsletter("show", "jan@example.org", status=1)


def test_a_file_whose_name_is_no_utf8_is_imported_and_named(newsletter: Command, project: Path) -> None:
    (project / "a\udcff.csv").write_text("email\njan@example.org\n")
    found = answer(newsletter("import", "a\udcff.csv", *GROUNDS, "--json", "--report", "b\udcff.csv"))
    assert (found["file"], found["report"]) == ("a\ufffd.csv", "b\ufffd.csv")


def test_one_row_is_not_rows(newsletter: Command, project: Path) -> None:
    (project / "one.csv").write_text("email\njan@example.org\n")
    assert "1 row read" in newsletter("import", "one.csv", *GROUNDS).stdout
    (project / "two.csv").write_text("email\njan@example.org\njan@example.org\n")
    done = newsletter("import", "two.csv", *GROUNDS).stdout
    assert "2 rows read" in done
    assert "1  duplicate row:" in done


@pytest.mark.parametrize("option", ["--wording", "--wording-version", "--source", "--name"])
def test_an_option_that_is_no_text_is_refused(newsletter: Command, option: str) -> None:
    wrong = "a\udcffb"
    assert "control character" in newsletter("add", "jan@example.org", *GROUNDS, option, wrong, status=2).stderr
    newsletter("show", "jan@example.org", status=1)


def test_wording_is_one_line_on_an_import_too(newsletter: Command) -> None:
    assert "line break" in newsletter("import", "people.csv", *GROUNDS, "--wording", "a\r\nb", status=2).stderr
    newsletter("show", "jan@example.org", status=1)


def test_a_database_beside_the_configuration_is_one_wherever_the_command_runs(
    newsletter: Command, project: Path
) -> None:
    text = (project / "newsletter.toml").read_text()
    (project / "newsletter.toml").write_text(text + '[database]\nurl = "sqlite:///own/n.sqlite3"\n')
    newsletter("import", str(project / "people.csv"), *GROUNDS, "--config", "newsletter.toml", status=1)
    assert (project / "own" / "n.sqlite3").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("absent.csv", *GROUNDS), "No such file"),
        ((".", *GROUNDS), "Is a directory"),
        (("people.csv", "--list", "nieuwsbrif", *GROUNDS[2:]), "did you mean 'nieuwsbrief'?"),
        (("people.csv", *GROUNDS[:4]), "--source"),
        (("people.csv", *GROUNDS[:2], "--basis", "contract", "--source", "x"), "kept on the basis consent"),
        (("newsletter.toml", *GROUNDS), "no column for the e-mail address"),
    ],
)
def test_an_unusable_command_changes_nothing_and_says_why(
    newsletter: Command, arguments: tuple[str, ...], said: str
) -> None:
    assert said in newsletter("import", *arguments, status=2).stderr


def test_an_export_stays_in_the_project_and_is_private(newsletter: Command, project: Path) -> None:
    newsletter("import", "people.csv", *GROUNDS, status=1)
    found = answer(newsletter("export", "--list", "nieuwsbrief", "--json"))
    path = Path(found["file"])
    assert found == {"file": str(path), "people": 2, "erased_with_the_store": True}
    assert path.is_relative_to(project / "data" / "exports")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    table = {row["email"]: row for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())}
    assert table["jan@example.org"]["gemeente"] == "Voorbeeldstad"
    found = answer(newsletter("import", str(path), *GROUNDS, "--json"))
    assert (found["rows"], found["unchanged"]) == (2, 2)


def test_an_export_elsewhere_says_that_it_leaves_the_promise(newsletter: Command, project: Path) -> None:
    newsletter("import", "people.csv", *GROUNDS, status=1)
    done = newsletter("export", "--list", "nieuwsbrief", "--format", "jsonl", "--out", "people.jsonl")
    assert "leaves the promise" in done.stderr
    lines = [json.loads(line) for line in (project / "people.jsonl").read_text().splitlines()]
    assert {line["name"] for line in lines} == {"Jan van den Berg", "Zoë Smit"}


def test_an_export_for_excel_has_its_mark_and_semicolons(newsletter: Command, project: Path) -> None:
    newsletter("import", "people.csv", *GROUNDS, status=1)
    newsletter("export", "--list", "nieuwsbrief", "--excel", "--out", "people-out.csv")
    assert (project / "people-out.csv").read_bytes().startswith(b"\xef\xbb\xbfemail;name;")


def test_a_person_is_added_leaves_and_does_not_come_back_by_a_file(newsletter: Command) -> None:
    newsletter("add", "jan@example.org", *GROUNDS, "--name", "Jan")
    left = newsletter("unsubscribe", "jan@example.org", "--list", "nieuwsbrief", "--yes").stdout
    assert "is erased from" in left
    assert "had left before" in newsletter("unsubscribe", "jan@example.org", "--list", "nieuwsbrief", "-y").stdout
    found = answer(newsletter("import", "people.csv", *GROUNDS, "--json", status=1))
    assert found["skipped"] == {"this person left the list: by-operator": 1}
    assert "--fresh-consent" in newsletter("add", "jan@example.org", *GROUNDS, status=1).stderr
    assert "revived" in newsletter("add", "jan@example.org", *GROUNDS, "--fresh-consent").stdout


def test_the_deadline_counts_from_the_day_on_which_the_request_arrived(newsletter: Command) -> None:
    newsletter("add", "jan@example.org", *GROUNDS)
    leave = ("unsubscribe", "jan@example.org", "--list", "nieuwsbrief", "--yes", "--json")
    newsletter(*leave, "--arrived", "2099-01-01", status=2)
    assert answer(newsletter(*leave, "--arrived", "2026-03-10"))["erase_at"].startswith("2026-03-31T22:00")


def test_leaving_asks_first_where_nobody_can_answer(newsletter: Command) -> None:
    newsletter("add", "jan@example.org", *GROUNDS)
    assert "--yes" in newsletter("unsubscribe", "jan@example.org", "--list", "nieuwsbrief", status=2).stderr
    assert "--yes" in newsletter("erase", "jan@example.org", status=2).stderr
    assert answer(newsletter("show", "jan@example.org", "--json"))["subscription"][0]["state"] == "active"


def test_erasure_shows_what_goes_prints_a_receipt_and_can_be_repeated(newsletter: Command, project: Path) -> None:
    newsletter("import", "people.csv", *GROUNDS, status=1)
    newsletter("export", "--list", "nieuwsbrief")
    assert "would_erase" in answer(newsletter("erase", "jan@example.org", "--dry-run", "--json"))
    assert "Receipt 1" in newsletter("erase", "jan@example.org", "--yes").stdout
    assert "Nothing is known" in newsletter("erase", "jan@example.org", "--yes").stdout
    files = [path for path in (project / "data").rglob("*") if path.is_file()]
    assert not [path for path in files if b"jan@example.org" in path.read_bytes().lower()]


def test_who_is_not_on_the_list_cannot_leave_it(newsletter: Command) -> None:
    assert "not on the list" in newsletter("unsubscribe", "x@example.org", "--list", "nieuwsbrief", status=2).stderr
    newsletter("show", "no address", status=2)


@pytest.mark.parametrize("name", ["Jan\r\nBcc: x@example.org", "=1+1"])
def test_a_name_that_breaks_a_line_or_runs_is_refused(newsletter: Command, name: str) -> None:
    newsletter("add", "jan@example.org", *GROUNDS, "--name", name, status=2)
    newsletter("show", "jan@example.org", status=1)


@pytest.mark.parametrize("command", ["import", "export", "show", "add", "unsubscribe", "erase"])
def test_every_command_explains_itself_with_an_example(newsletter: Command, command: str) -> None:
    assert "Example: newsletter subscribers" in newsletter(command, "--help").stdout
