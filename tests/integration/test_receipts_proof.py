"""`newsletter retention status` tells when receipts are not those that were written (B9)."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import newsletter

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
privacy_url = "https://example.org/privacy"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in which two people were erased, each with a receipt."""
    (tmp_path / "newsletter.toml").write_text(CONFIGURATION)
    for name in ("jan", "piet"):
        erase(tmp_path, name)
    return tmp_path


def erase(project: Path, name: str) -> None:
    address = f"{name}@example.org"
    grounds = ("--list", "nieuwsbrief", "--basis", "public-task", "--source", "register")
    newsletter("subscribers", "add", address, *grounds, cwd=project).expect(0)
    newsletter("subscribers", "erase", address, "--yes", cwd=project).expect(0)


def tamper(project: Path, statement: str) -> None:
    with closing(sqlite3.connect(project / "data" / "newsletter.sqlite3")) as connection, connection:
        connection.execute(statement)


def proof(project: Path, status: int) -> dict[str, object]:
    found: dict[str, object] = json.loads(newsletter("retention", "status", "--json", cwd=project).expect(status).out)[
        "receipts"
    ]
    return found


def test_receipts_as_they_were_written_are_in_order(project: Path) -> None:
    assert proof(project, 0) == {"changed": None, "missing": 0, "is_broken": False}


def test_a_changed_receipt_is_named(project: Path) -> None:
    tamper(project, """UPDATE receipt SET counts = '{"subscriber":9}' WHERE id = 2""")
    assert "from number 2 on" in newsletter("retention", "status", cwd=project).expect(1).err


def test_a_receipt_cut_off_the_end_is_missed(project: Path) -> None:
    tamper(project, "DELETE FROM receipt WHERE id = 2")
    assert proof(project, 1) == {"changed": None, "missing": 1, "is_broken": True}
    assert "1 receipt that the ledger names is not" in newsletter("retention", "status", cwd=project).expect(1).err


def test_a_gap_before_the_newest_receipt_stays_in_sight(project: Path) -> None:
    tamper(project, "DELETE FROM receipt WHERE id = 2")
    erase(project, "kees")
    assert proof(project, 0) == {"changed": None, "missing": 1, "is_broken": False}
    assert "1 receipt that the ledger names is not" in newsletter("retention", "status", cwd=project).expect(0).err


def test_another_secret_key_does_not_verify_them(project: Path) -> None:
    (project / "data" / "secret.key").unlink()
    assert "another secret.key" in newsletter("retention", "status", cwd=project).expect(1).err
