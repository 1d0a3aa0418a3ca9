"""A list as a file: CSV that a spreadsheet cannot be made to run, or JSON lines. Pure.

A cell that a spreadsheet would take for a formula (it begins with =, +, -, @, tab or return) gets an apostrophe in
front, the sign for "this is text"; the import takes it off again, so that what was exported comes back unchanged.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_DEFUSED = re.compile(r"'+[=+\-@\t\r]")
BYTE_ORDER_MARK = "\ufeff"


class Format(StrEnum):
    """How an export is written."""

    CSV = "csv"
    """One line per person, for spreadsheets and other systems; UTF-8, CRLF, RFC 4180."""
    JSONL = "jsonl"
    """One JSON object per line, for programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One person on one list, as a file says it. `state` is suppressed where mail is held back for any reason."""

    email: str
    name: str
    organisation: str
    attributes: dict[str, str]
    state: str
    since: datetime
    consented_at: datetime | None = None
    """When they last agreed, on a list that asks for consent."""
    left_at: datetime | None = None
    reason: str | None = None


def defuse_text(text: str) -> str:
    """`text` as a cell that no spreadsheet runs."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def restore_text(text: str) -> str:
    """The text that `defuse_text` was given."""
    return text[1:] if _DEFUSED.match(text) else text


def csv_header(attributes: Sequence[str], *, delimiter: str = ",") -> str:
    """The first line: headings that the import understands."""
    names = ("email", "name", "organisation", *attributes, "state", "since", "consented_at", "left_at", "reason")
    return _csv([names], delimiter)


def csv_lines(people: Iterable[Exported], attributes: Sequence[str], *, delimiter: str = ",") -> str:
    """A page of people as lines of CSV."""
    return _csv((_cells(person, attributes) for person in people), delimiter)


def json_lines(people: Iterable[Exported]) -> str:
    """A page of people as JSON lines."""
    return "".join(json.dumps(_object(person), ensure_ascii=False) + "\n" for person in people)


def _csv(rows: Iterable[Sequence[str]], delimiter: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _cells(person: Exported, attributes: Sequence[str]) -> list[str]:
    own = [person.email, person.name, person.organisation]
    own += [person.attributes.get(name, "") for name in attributes]
    moments = (person.since, person.consented_at, person.left_at)
    own += [person.state, *map(_iso, moments), person.reason or ""]
    return [defuse_text(text) for text in own]


def _object(person: Exported) -> dict[str, Any]:
    return {
        "email": person.email,
        "name": person.name,
        "organisation": person.organisation,
        "attributes": dict(sorted(person.attributes.items())),
        "state": person.state,
        "since": _iso(person.since),
        "consented_at": _iso(person.consented_at) or None,
        "left_at": _iso(person.left_at) or None,
        "reason": person.reason,
    }


def _iso(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
