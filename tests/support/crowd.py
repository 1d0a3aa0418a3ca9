"""A store full of people, quickly made, some of them canaries: whoever is past the deadline and must leave no byte.

Canaries are found by CANARY in any file, whatever the page they stand on; survivors by SURVIVOR. The rows are put in
in random order of address and then lengthened, so that pages split and old copies lie about, as in a store in use.
"""

import random
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert, text

from newsletter.store.tables import compiled_issue, send_job
from subscribers.tables import consent, subscriber, subscription
from subscribers.transactions import writing

NOW = datetime(2027, 3, 10, 12, tzinfo=UTC)
LEFT = NOW - timedelta(days=25)
CHUNK = 20_000
CANARY = re.compile(rb"(?:weg|verdwijn)[0-9]{7}q", re.IGNORECASE)
SURVIVOR = re.compile(rb"(?:blijf|woon)[0-9]{7}q", re.IGNORECASE)


def crowd(rows: int, gone: int, seed: int = 1) -> Iterator[tuple[int, bool]]:
    """Numbers of people in random order, and whether each has left."""
    numbers = list(range(1, rows + 1))
    random.Random(seed).shuffle(numbers)
    return ((number, number <= gone) for number in numbers)


def fill(engine: Engine, rows: int, gone: int, *, deliveries: bool = False, lengthen: bool = True) -> None:
    """Put `rows` people on one list, `gone` of them ended and past the deadline at NOW."""
    for start, chunk in enumerate(_chunks(crowd(rows, gone))):
        first = start * CHUNK + 1
        with writing(engine) as connection:
            connection.execute(insert(subscriber), [_person(number, has_left) for number, has_left in chunk])
            ids = enumerate(chunk, start=first)
            connection.execute(insert(subscription), [_subscription(id_, has_left) for id_, (_, has_left) in ids])
            connection.execute(insert(consent), [_consent(first + offset) for offset in range(len(chunk))])
            if lengthen:
                longer = "UPDATE subscriber SET name = name || ' van der Voorbeeld' WHERE id % 3 = 0 AND id >= :first"
                connection.execute(text(longer), {"first": first})
    if deliveries:
        _deliver(engine)


def found(folder: Path, pattern: re.Pattern[bytes] = CANARY) -> dict[str, int]:
    """How often the pattern occurs, per file below `folder`; files without it are left out."""
    counts = {str(path.relative_to(folder)): len(pattern.findall(path.read_bytes())) for path in _files(folder)}
    return {name: number for name, number in counts.items() if number}


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _chunks(people: Iterator[tuple[int, bool]]) -> Iterator[list[tuple[int, bool]]]:
    while chunk := list(islice(people, CHUNK)):
        yield chunk


def _person(number: int, has_left: bool) -> dict[str, Any]:  # noqa: FBT001 - a pair, passed on
    local, name = (
        (f"Weg{number:07}q", f"Verdwijn{number:07}q") if has_left else (f"Blijf{number:07}q", f"Woon{number:07}q")
    )
    address = f"{local}@gemeente{number % 300}.example"
    values = {"ref": secrets.token_bytes(16), "address_key": address.casefold(), "address": address, "name": name}
    return values | {"organisation": f"Gemeente {number % 300}", "attributes": {}, "created_at": LEFT}


def _subscription(id_: int, has_left: bool) -> dict[str, Any]:  # noqa: FBT001 - a pair, passed on
    values = {"id": id_, "ref": secrets.token_bytes(16), "subscriber_id": id_, "list": "nieuws", "created_at": LEFT}
    ended = {"state": "ended", "ended_reason": "unsubscribed", "ended_at": LEFT, "actor": "subscriber"}
    due = {"erase_at": LEFT + timedelta(days=22), "period": "21 days"}
    stays = {"state": "active", "ended_reason": None, "ended_at": None, "actor": "operator", "erase_at": None}
    return values | ((ended | due) if has_left else (stays | {"period": None}))


def _consent(subscription_id: int) -> dict[str, Any]:
    words = {"basis": "consent", "source": "form", "wording": "Ja, graag", "wording_version": "1", "actor": "operator"}
    return {"subscription_id": subscription_id, "at": LEFT, "event": "granted"} | words


def _deliver(engine: Engine) -> None:
    """One finished job that sent to everybody."""
    with writing(engine) as connection:
        digest = "0" * 64
        names = {"list": "nieuws", "slug": "zomer", "created_at": LEFT}
        connection.execute(insert(compiled_issue).values(digest=digest, content=b"{}", identity=b"{}", **names))
        job = {"ref": b"j" * 16, "digest": digest, "state": "finished", "audience": 0, "actor": "operator"}
        connection.execute(insert(send_job).values(**job, **names))
        connection.execute(
            text("INSERT INTO delivery (job_id, subscription_id, state, attempts) SELECT 1, id, 3, 1 FROM subscription")
        )
