"""What is stored about a person, in words for an operator: headings, labels and values. Pure.

The same words as `/mijn/` uses, except where those speak to the person.
"""

from datetime import datetime
from typing import Any

from newsletter.cli.common import in_words
from newsletter.web.own_data import CODED, Words

_HEADINGS = {
    "subscriber": "Person",
    "subscription": "Subscription",
    "consent": "Why this person may be mailed",
    "suppression": "Not mailed",
    "delivery": "Mailing",
    "bounce": "Mail that came back",
    "notice": "Service mail",
    "address_change": "Change of address, asked for",
    "request": "Request",
    "address_mark": "Mark after erasure",
}
_LABELS = {
    ("delivery", "state"): "What became of it",
    ("delivery", "updated_at"): "Since",
    ("suppression", "reason"): "Because",
    ("suppression", "at"): "Since",
}
_VALUES = {
    "already": "was subscribed already",
    "my-data": "link to their data",
    "left": "notice of their unsubscribing",
    "less-often": "chose fewer mails",
    "unwritable": "no message can be made for this person",
    "withdrawn": "ended",
}


class OperatorWords(Words):
    """Speaks of the person, not to them; moments as the command line writes them."""

    def heading(self, table: str) -> str:
        """What a table is called."""
        return _HEADINGS.get(table) or super().heading(table)

    def label(self, table: str, column: str) -> str:
        """What a column is called."""
        return _LABELS.get((table, column)) or super().label(table, column)

    def value(self, column: str, value: object) -> str:
        """One value."""
        if isinstance(value, datetime):
            return in_words(value, zone=self.zone)
        own = _VALUES.get(str(value)) if column in CODED else None
        return own or super().value(column, value)


def rows_of(table: str, row: dict[str, Any], words: Words) -> list[tuple[str, str]]:
    """Label and value of all that is there; a code that a text of the server repeats is not said twice."""
    found = []
    for column, value in row.items():
        if value in (None, "", {}):
            continue
        if isinstance(value, dict):
            text = ", ".join(f"{key}: {one}" for key, one in value.items())
        elif column == "reply":
            text = without_code(row.get("code"), str(value))
        else:
            text = words.value(column, value)
        found.append((words.label(table, column), text))
    return found


def without_code(code: object, reply: str) -> str:
    """The text of a reply without the code, which some servers write twice."""
    return reply.removeprefix(f"{code} ") if code else reply
