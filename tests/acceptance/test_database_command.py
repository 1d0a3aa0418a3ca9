"""`newsletter database` as an operator uses it: backup, list, restore, and nothing sent before it is accepted."""

import fcntl
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Outcome, newsletter

ISSUE = "issues/nieuwsbrief.md"
JAN, PIET = "jan@example.org", "piet@example.org"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    newsletter("init", "project", cwd=tmp_path).expect(0)
    folder = tmp_path / "project"
    settings = folder / "newsletter.toml"
    settings.write_text(settings.read_text().replace("port = 2525", "port = 1"))  # where no relay ever listens
    for address in (JAN, PIET):
        run(folder, "subscribers", "add", address, "--list", "nieuwsbrief", "--basis", "consent", "--source", "form")
    return folder


def run(folder: Path, *arguments: str, status: int = 0, **env: str) -> Outcome:
    return newsletter(*arguments, cwd=folder, env=env).expect(status)


def answer(folder: Path, *arguments: str, **env: str) -> Any:
    return json.loads(run(folder, *arguments, "--json", **env).out)


def state(folder: Path, address: str) -> str:
    found = newsletter("subscribers", "show", address, "--json", cwd=folder)
    known = json.loads(found.out) if found.out.startswith("{") else {}
    rows = known.get("subscription") or known.get("known", {}).get("subscription") or []
    return rows[0]["state"] if rows else "gone"


def only_backup(folder: Path) -> Path:
    (found,) = (folder / "data" / "backups").glob("*.backup")
    return found


def test_backup_restore_and_accept_from_the_command_line(project: Path) -> None:
    made = answer(project, "database", "backup")
    assert re.fullmatch(r"newsletter-\d{8}-\d{6}-[0-9a-f]{6}\.backup", Path(made["path"]).name)
    assert made["is_encrypted"] is False
    run(project, "subscribers", "unsubscribe", JAN, "--list", "nieuwsbrief", "--yes")
    run(project, "subscribers", "erase", PIET, "--yes")
    done = answer(project, "database", "restore", made["path"], "--yes")
    assert done["replayed"]["done"] == {"ended": 1, "erased": 2}
    assert (state(project, JAN), state(project, PIET)) == ("ended", "gone")
    listed = answer(project, "database", "backups")
    assert len(listed) == 2, "of what was replaced a backup was made first"
    refused = run(project, "send", ISSUE, "--yes", status=2)
    assert "nobody has accepted it yet" in refused.err
    assert "newsletter database accept" in refused.err
    run(project, "jobs", "resume", "1", status=2)
    assert answer(project, "database", "accept", "--yes") == {"doubt": "restored"}
    assert "nobody has accepted" not in newsletter("send", ISSUE, "--yes", cwd=project).err
    assert answer(project, "retention", "status")["is_overdue"] is False


def test_a_restore_asks_first_and_does_nothing_without_an_answer_or_beside_another_process(project: Path) -> None:
    made = answer(project, "database", "backup")
    with (project / "data" / "store.lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # as `serve` or a job holds it
        refused = run(project, "database", "restore", made["path"], "--yes", status=2)
    assert "in use by another process" in refused.err
    assert only_backup(project) == Path(made["path"]), "nothing is copied before it is refused"
    run(
        project,
        "subscribers",
        "add",
        "nieuw@example.org",
        "--list",
        "nieuwsbrief",
        "--basis",
        "consent",
        "--source",
        "x",
    )
    for command in (("restore", made["path"]), ("replay",)):
        refused = run(project, "database", *command, status=2)
        assert "add --yes" in refused.err
    assert state(project, "nieuw@example.org") == "active"
    run(project, "database", "accept")


def test_encrypted_with_a_key_of_the_command_it_verifies_only_with_that(project: Path) -> None:
    run(project, "database", "key", "backup.key")
    assert (project / "backup.key").stat().st_mode & 0o777 == 0o600
    run(project, "database", "key", "backup.key", status=2)
    env = {"NEWSLETTER__BACKUP__KEY_FILE": "backup.key"}
    made = answer(project, "database", "backup", **env)
    assert made["is_encrypted"] is True
    raw = Path(made["path"]).read_bytes()
    assert b"example.org" not in raw
    assert answer(project, "database", "backups", "--verify", **env)[0]["verified"] == "yes"
    refused = run(project, "database", "backups", "--verify", status=1)
    assert "no key is configured" in refused.out
    run(project, "database", "restore", made["path"], "--yes", status=2)
    assert only_backup(project) == Path(made["path"])
    run(project, "database", "restore", made["path"], "--yes", "--key-file", "backup.key")
    other = {"NEWSLETTER__BACKUP__KEY": "cd" * 32}
    assert "another key" in run(project, "database", "backups", "--verify", status=1, **other).out


def test_a_damaged_backup_is_named_and_the_answer_is_negative(project: Path) -> None:
    path = Path(answer(project, "database", "backup")["path"])
    raw = bytearray(path.read_bytes())
    raw[-20] ^= 1
    path.write_bytes(raw)
    (found,) = json.loads(run(project, "database", "backups", "--verify", "--json", status=1).out)
    assert found["is_readable"] is True
    assert found["verified"] != "yes"
    path.write_bytes(b"something else")
    assert "unreadable" in run(project, "database", "backups", status=1).out
    refused = run(project, "database", "restore", str(path), "--yes", status=2)
    assert "no backup of this program" in refused.err


def test_without_the_ledger_it_says_what_is_at_risk_and_takes_a_word_for_it(project: Path) -> None:
    made = answer(project, "database", "backup")
    shutil.rmtree(project / "data" / "ledger")
    refused = run(project, "database", "restore", made["path"], "--yes", "--no-backup", status=2)
    for word in ("no ledger", "mailed again", "go out twice", "--without-ledger"):
        assert word in refused.err
    run(project, "database", "restore", made["path"], "--yes", "--no-backup", "--without-ledger")
    run(project, "database", "ledger")


def test_a_configuration_that_keeps_backups_too_long_is_refused_by_every_command(project: Path) -> None:
    refused = run(project, "retention", "status", status=2, NEWSLETTER__BACKUP__KEEP_DAYS="7")
    assert "keeps who left longer than one month" in refused.err
    run(project, "retention", "status", NEWSLETTER__BACKUP__KEEP_DAYS="6")


def test_a_backup_past_its_life_makes_the_status_negative_and_the_next_run_removes_it(project: Path) -> None:
    run(project, "database", "backup")
    path = only_backup(project)
    old = path.stat().st_mtime - 7 * 86400
    os.utime(path, (old, old))
    run(project, "retention", "status", status=1)
    run(project, "retention", "run")
    assert not path.exists()
    run(project, "retention", "status")


def test_the_next_backup_removes_those_whose_life_is_over(project: Path) -> None:
    run(project, "database", "backup")
    path = only_backup(project)
    old = path.stat().st_mtime - 7 * 86400
    os.utime(path, (old, old))
    assert answer(project, "database", "backup")["expired"] == 1
    assert not path.exists()


def test_a_copied_project_refuses_to_send_and_a_moved_one_is_accepted(project: Path) -> None:
    run(project, "send", ISSUE, "--yes", status=3)  # no relay answers; the database knows its place from now on
    copy = Path(shutil.copytree(project, project.with_name("copy")))
    refused = run(copy, "send", ISSUE, "--yes", status=2)
    assert "a copy, or was moved" in refused.err
    run(copy, "database", "accept", "--yes", status=2)
    assert answer(copy, "database", "accept", "--moved", "--yes") == {"doubt": "elsewhere"}
    run(copy, "send", ISSUE, "--yes", status=3)
    renamed = project.rename(project.with_name("renamed"))
    run(renamed, "send", ISSUE, "--yes", status=3)


def test_an_older_database_put_back_by_hand_is_noticed_and_replayed(project: Path) -> None:
    run(project, "send", ISSUE, "--yes", status=3)
    store = project / "data" / "newsletter.sqlite3"
    old = store.read_bytes()
    run(project, "subscribers", "unsubscribe", JAN, "--list", "nieuwsbrief", "--yes")
    run(project, "send", ISSUE, "--yes", status=3)
    store.write_bytes(old)
    for path in project.glob("data/newsletter.sqlite3-*"):
        path.unlink()
    assert state(project, JAN) == "active"
    refused = run(project, "send", ISSUE, "--yes", status=2)
    assert "older than this folder" in refused.err
    run(project, "database", "accept", "--yes", "--moved", status=2)
    run(project, "database", "replay", "--yes")
    assert state(project, JAN) == "ended"
    run(project, "database", "accept", "--yes")
    run(project, "send", ISSUE, "--yes", status=3)


def test_upgrade_makes_a_backup_first_if_asked(project: Path) -> None:
    said = run(project, "database", "upgrade", "--backup").out
    assert "kept until" in said
    assert only_backup(project).exists()


def test_the_ledger_shows_its_counts_and_nobody(project: Path) -> None:
    run(project, "subscribers", "unsubscribe", JAN, "--list", "nieuwsbrief", "--yes")
    found = answer(project, "database", "ledger")
    assert found["counts"] == {"ended": 1}
    assert len(found["id"]) == 32
    assert "jan" not in (project / "data" / "ledger" / "ledger.jsonl").read_text()
