"""A project with people and an issue of a given size, for measuring delivery; made once, copied for every run."""

import os
import secrets
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parent)]

from fill import issue

from newsletter.config import load
from newsletter.delivery.job import SendJob
from newsletter.delivery.worker import Sending
from newsletter.message.identity import identity_of
from newsletter.store.dkim_keys import create_key
from newsletter.store.jobs import FrozenIssue, plan_job
from newsletter.store.migrate import open_store
from newsletter.store.secrets import load_keyring
from subscribers.ledger_entry import nowhere

LIST = "nieuwsbrief"
TOML = """
[site]
base_url = "https://nieuws.example.org"

[relays.main]
host = "127.0.0.1"
port = {port}
security = "none"
connections = {connections}
messages_per_connection = 10000000

[lists.nieuwsbrief]
title = "Nieuwsbrief Voorbeeld"
from = "Programma Voorbeeld <nieuwsbrief@example.org>"
unsubscribe_mailbox = "afmelden@example.org"
basis = "consent"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy"
"""
DKIM = """dkim = ["meting"]

[dkim.meting]
domain = "example.org"
selector = "meting"
key_file = "dkim.pem"
"""
NAMES = (
    "Jan Jansen",
    "Daniëlle de Groot",
    "M. van den Berg",
    "Fatima El Amrani",
    "Petra Smit",
    "Zoë",
    "Kees Bakker",
    "",
)
CHUNK = 50_000


@dataclass(frozen=True)
class Planned:
    """A job that is ready to run."""

    sending: Sending
    job: SendJob
    issue: FrozenIssue


def make(folder: Path, people: int) -> None:
    """A store with so many subscribers of one list."""
    folder.mkdir(parents=True)
    (folder / "newsletter.toml").write_text(TOML.format(port=25, connections=10), encoding="utf-8")
    configuration = load(folder / "newsletter.toml", {})
    open_store(configuration).dispose()
    load_keyring(configuration.data_dir)
    connection = sqlite3.connect(configuration.data_dir / "newsletter.sqlite3")
    for start in range(0, people, CHUNK):
        _fill(connection, range(start, min(start + CHUNK, people)))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _fill(connection: sqlite3.Connection, numbers: range) -> None:
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    person = "INSERT INTO subscriber (ref, address_key, address, name, organisation, attributes, created_at)"
    connection.executemany(f"{person} VALUES (?, ?, ?, ?, ?, '{{}}', ?)", _people(numbers, now))
    subscription = "INSERT INTO subscription (ref, subscriber_id, list, state, created_at, actor)"
    rows = ((secrets.token_bytes(16), number + 1, LIST, "active", now, "operator") for number in numbers)
    connection.executemany(f"{subscription} VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.commit()


def _people(numbers: range, now: str) -> Iterator[tuple[Any, ...]]:
    for number in numbers:
        address = f"persoon{number}@gemeente{number % 342}.example"
        place = f"Gemeente Voorbeeld {number % 342}"
        yield secrets.token_bytes(16), address, address, NAMES[number % len(NAMES)], place, now


def plan(source: Path, folder: Path, *, kilobytes: int, port: int, connections: int, sign: str = "") -> Planned:
    """A copy of the project in `folder`, with a job that nobody ran yet; `sign` is "rsa", "ed25519" or nothing."""
    shutil.copytree(source, folder)
    file = folder / "newsletter.toml"
    if sign:
        create_key(folder / "dkim.pem", ed25519=sign == "ed25519")
    file.write_text(TOML.format(port=port, connections=connections) + (DKIM if sign else ""), encoding="utf-8")
    configuration = load(file, {})
    engine = open_store(configuration)
    identity = identity_of(LIST, configuration.mailing_list(LIST))
    frozen = FrozenIssue(compiled=replace(issue(kilobytes), slug="meting"), identity=identity)
    _, job = plan_job(engine, nowhere, frozen, now=datetime.now(UTC))
    keyring = load_keyring(configuration.data_dir)
    os.sync()  # or the first commit of the job would wait until the copy is on the disk
    return Planned(Sending(configuration=configuration, engine=engine, remember=nowhere, keyring=keyring), job, frozen)
