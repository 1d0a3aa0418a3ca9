"""Importing and choosing from the command line: consent, files of other systems, columns asked for, segments."""

import json
import os
import pty
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Outcome, command, environment, newsletter

SAMPLES = Path(__file__).resolve().parents[1] / "golden" / "imports"
ATTRIBUTES = """
[lists.nieuwsbrief.attributes]
gemeente = "text"
leden = "number"
"""
GROUNDS = ("--list", "nieuwsbrief", "--basis", "consent", "--source", "form on www.example.org")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    newsletter("init", "p", cwd=tmp_path).expect(0)
    folder = tmp_path / "p"
    file = folder / "newsletter.toml"
    head, mark, rest = file.read_text().partition("\n[lists.")
    block, end, tail = rest.partition("\n# [")
    file.write_text(f"{head}{mark}{block}{ATTRIBUTES}{end}{tail}")
    return folder


def subscribers(folder: Path, *arguments: str, status: int = 0) -> Outcome:
    return newsletter("subscribers", *arguments, cwd=folder).expect(status)


def counts(folder: Path, *arguments: str, status: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(subscribers(folder, "import", *arguments, "--json", status=status).out)
    return found


def test_an_audience_of_mailchimp_is_previewed_and_imported(project: Path) -> None:
    with zipfile.ZipFile(project / "audience.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in SAMPLES.glob("*_email_audience_export_*.csv"):
            archive.write(path, path.name)
    preview = counts(project, "audience.zip", *GROUNDS, "--dry-run", "--consent-cutoff", "2025-12-31")
    assert (preview["format"], preview["dry_run"], preview["added"], len(preview["files"])) == ("mailchimp", True, 1, 3)
    done = subscribers(project, "import", "audience.zip", *GROUNDS, "--consent-cutoff", "2025-12-31").out
    assert "3 files, mailchimp" in done
    assert "to be confirmed: the consent is not later than the cutoff" in done
    assert "--ask-confirmation" in done
    export = subscribers(project, "export", "--list", "nieuwsbrief", "--out", "out.csv")
    assert "1 person" in export.out
    assert "anna.bakker@gemeente-a.example" in (project / "out.csv").read_text()


def test_who_was_erased_waits_when_an_old_file_comes_again(project: Path) -> None:
    (project / "people.csv").write_text("e-mail,aanmelddatum\njan@example.org,2026-01-05\n")
    assert counts(project, "people.csv", *GROUNDS)["added"] == 1
    subscribers(project, "erase", "jan@example.org", "--yes")
    found = counts(project, "people.csv", *GROUNDS)
    assert (found["added"], found["pending"]) == (0, {"the consent is not later than the cutoff": 1})
    file = project / "newsletter.toml"
    file.write_text(re.sub("^(basis = .*)$", r"\1\nconsent_cutoff = 2025-01-01", file.read_text(), flags=re.MULTILINE))
    asked = counts(project, "people.csv", *GROUNDS, "--ask-confirmation")
    assert asked["asked"] == 1
    again = counts(project, "people.csv", *GROUNDS, "--dry-run")
    assert (again["promoted"], again["cutoff"]) == (0, found["cutoff"]), "a setting is no later than who was erased"
    done = counts(project, "people.csv", *GROUNDS, "--consent-cutoff", "2025-12-31")
    assert (done["promoted"], done["cutoff"]["why"]) == (1, "--consent-cutoff"), "as the hint says"


def test_on_another_basis_an_import_asks_how_old_the_file_is_once_somebody_was_erased(project: Path) -> None:
    """Who objected (AVG 21) and was erased is in an old file still."""
    file = project / "newsletter.toml"
    file.write_text(re.sub("^basis = .*$", 'basis = "public-task"', file.read_text(), flags=re.MULTILINE))
    (project / "people.csv").write_text("e-mail,IP-adres,Notitie\njan@example.org,192.0.2.1,x\nels@example.org,,\n")
    unsaid = ("--list", "nieuwsbrief", "--basis", "public-task")
    task = (*unsaid, "--source", "register, March 2027")
    assert "--source is missing" in subscribers(project, "import", "people.csv", *unsaid, status=2).err
    done = subscribers(project, "import", "people.csv", *task, "--map", "Notitie=skip").out
    assert "Columns never stored, whatever the configuration says: IP-adres." in done
    assert "Name one" not in done
    subscribers(project, "erase", "jan@example.org", "--yes")
    for more in ((), ("--dry-run",)):
        said = subscribers(project, "import", "people.csv", *task, *more, status=2).err
        assert "1 person was erased here on" in said
        assert "--made-on DAY" in said
    made = ("--made-on", "2026-01-05")
    done = subscribers(project, "import", "people.csv", *task, *made).out
    assert "may have been erased since 2026-01-05" in done
    assert "1  on the list already, unchanged" in done
    found = counts(project, "people.csv", *task, *made, "--dry-run")
    assert (found["added"], found["held_back"], found["unchanged"]) == (0, 1, 1)
    assert counts(project, "people.csv", *task, *made, "--bring-back")["added"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--consented-at", "2099-01-01"), "lies in the future"),
        (("--consented-at", "gisteren"), "is not a day"),
        (("--consent-cutoff", "2027"), "is not a day"),
        (("--made-on", "2027-01-01"), "is for lists that are not on consent"),
        (("--map", "Contakt=email"), "did you mean 'Contact'?"),
        (("--format", "mailchmp"), "mailchimp"),
    ],
)
def test_an_option_that_cannot_be_meant_changes_nothing(project: Path, arguments: tuple[str, ...], said: str) -> None:
    (project / "people.csv").write_text("Contact,Naam\njan@example.org,Jan\n")
    assert said in subscribers(project, "import", "people.csv", *GROUNDS, *arguments, status=2).err
    assert not (project / "data" / "exports").exists()


def test_columns_that_are_not_understood_are_asked_for_on_a_terminal_only(project: Path) -> None:
    (project / "people.csv").write_text("Wie,Contact,Plaats\nJan,jan@example.org,Voorbeeldstad\n")
    refused = subscribers(project, "import", "people.csv", *GROUNDS, status=2)
    assert "--map 'Heading=email'" in refused.err
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("subscribers", "import", "people.csv", *GROUNDS),
        cwd=project,
        env=environment(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, b"name\n\nstreet\ngemeente\n")
    said = b""
    while process.poll() is None or not said.endswith(b"gemeente'\r\n"):
        try:
            said += os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
    out = process.communicate(timeout=60)[0].decode()
    os.close(ours)
    assert process.returncode == 0, said
    assert b"No column can be 'street'" in said
    assert b"--map Wie=name --map Contact=email --map Plaats=gemeente" in said
    assert "1  new" in out
    person = json.loads(subscribers(project, "show", "jan@example.org", "--json").out)["subscriber"][0]
    assert (person["name"], person["attributes"]) == ("Jan", {"gemeente": "Voorbeeldstad"})


def test_a_segment_is_counted_exported_and_its_mistakes_are_shown_below_their_place(project: Path) -> None:
    rows = "a@example.org,Gemeente A,12\nb@example.org,Stichting B,3\nc@example.org,Gemeente C,\n"
    (project / "people.csv").write_text("email,organisatie,leden\n" + rows)
    counts(project, "people.csv", *GROUNDS)
    where = ("--list", "nieuwsbrief", "--where", 'organisation ~ "gemeente" and leden > 9')
    assert json.loads(subscribers(project, "count", *where, "--json").out)["people"] == 1
    subscribers(project, "export", *where, "--format", "jsonl", "--out", "part.jsonl")
    (line,) = (project / "part.jsonl").read_text().splitlines()
    assert json.loads(line)["email"] == "a@example.org"
    wrong = subscribers(project, "count", *where[:3], 'has leden and regoin = "x"', status=2).err.splitlines()
    place = next(number for number, line in enumerate(wrong) if line.strip() == "^")
    assert wrong[place].index("^") == wrong[place - 1].index("regoin")
    assert "unknown name 'regoin'" in wrong[place - 2]


def test_a_job_is_for_a_segment_and_says_so(project: Path) -> None:
    (project / "people.csv").write_text("email,organisatie\na@example.org,Gemeente A\nb@example.org,Stichting B\n")
    counts(project, "people.csv", *GROUNDS)
    send = ("send", "issues/nieuwsbrief.md", "--yes")
    said = newsletter(*send, "--where", "name = 'Jan'", cwd=project).expect(2).err
    assert "the job keeps its condition" in said
    said = newsletter(*send, "--where", "organisation ~ 'museum'", cwd=project).expect(1).err
    assert 'this holds of nobody on the list nieuwsbrief: organisation ~ "museum"' in said
