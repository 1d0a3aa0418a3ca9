"""All that is stored about one person, by table and column: the one answer of `show`, `copy` and `/mijn/` (B8)."""

from sqlalchemy import Connection

from newsletter.delivery.outcome import State
from subscribers.records import find_by_id, known_about
from subscribers.requests import requests_of

REQUESTS = "request"

Known = dict[str, list[dict[str, object]]]
"""Rows by table; in each row the personal columns, and the names of what they hang on."""


def everything_about(connection: Connection, subscriber_id: int) -> Known:
    """Derived from the schema; states of deliveries as words, and the requests that carry the person's random id."""
    known = known_about(connection, subscriber_id)
    for row in known.get("delivery", []):
        row["state"] = State(int(str(row["state"]))).name.lower()
    person = find_by_id(connection, subscriber_id)
    asked = requests_of(connection, person.ref) if person else []
    return known | {REQUESTS: asked} if asked else known
