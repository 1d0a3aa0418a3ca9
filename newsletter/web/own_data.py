"""What is stored about a person, as words, as JSON and as CSV: derived from what each column declares. Pure."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import partial
from typing import Any

from babel.dates import format_datetime

from newsletter.web.texts import Language
from newsletter.web.texts_own_data import HEADINGS, LABELS, LABELS_EN, VALUES
from subscribers.exporting import BYTE_ORDER_MARK, defuse_text
from subscribers.schema import declared, metadata

CODED = frozenset({"state", "event", "basis", "reason", "ended_reason", "kind", "actor", "source"})
"""Columns whose values are words of the program."""

COLUMNS: dict[Language, tuple[str, ...]] = {
    "nl": ("onderdeel", "nummer", "gegeven", "waarde"),
    "en": ("part", "number", "item", "value"),
}
"""The first line of the CSV."""
LISTS = frozenset({"list", "send_job_list", "subscription_list"})
"""Columns that name a list."""

Known = Mapping[str, Sequence[Mapping[str, object]]]


@dataclass(frozen=True, kw_only=True)
class Words:
    """In which language, in which time zone, and what the lists are called."""

    language: Language
    zone: tzinfo
    titles: Mapping[str, str] = field(default_factory=dict)

    def label(self, table: str, column: str) -> str:
        """What a column is called; the schema's own English word where there is no other."""
        known = metadata.tables.get(table)
        is_declared = known is not None and column in known.columns
        said = declared(known.columns[column]).label if known is not None and is_declared else ""
        said = said or _spaced(column)
        words = (LABELS_EN if self.language == "en" else LABELS).get(said, said)
        return words[:1].upper() + words[1:]

    def heading(self, table: str) -> str:
        """What a table is called."""
        return HEADINGS[self.language].get(table, _spaced(table).capitalize())

    def value(self, column: str, value: object) -> str:
        """One value: moments as people write them, lists by their title, words of the program in plain language."""
        if isinstance(value, datetime):
            pattern = "d MMMM y 'om' H.mm 'uur'" if self.language == "nl" else "d MMMM y 'at' H:mm"
            return str(format_datetime(value.astimezone(self.zone), pattern, locale=self.language))
        text = str(value)
        if column in LISTS:
            return self.titles.get(text, text)
        return VALUES[self.language].get(text, text) if column in CODED else text


@dataclass(frozen=True, kw_only=True)
class Section:
    """One table: its heading, and per row the labels and values that are there."""

    heading: str
    rows: tuple[tuple[tuple[str, str], ...], ...]


def sections(known: Known, words: Words) -> list[Section]:
    """Everything, in words; a table or column without words of ours is shown under its own name, never left out."""
    found = []
    for table, rows in known.items():
        shown = (tuple(_fields(table, row, words)) for row in rows)
        found.append(Section(heading=words.heading(table), rows=tuple(row for row in shown if row)))
    return [section for section in found if section.rows]


def as_json(known: Known) -> bytes:
    """Everything as it is stored, for other programs; moments in ISO 8601."""
    return json.dumps(known, default=_plain, ensure_ascii=False, indent=2).encode() + b"\n"


def as_csv(known: Known, words: Words) -> bytes:
    """Everything in words, one value per line, so that a spreadsheet opens it and runs nothing of it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS[words.language])
    for section in sections(known, words):
        for number, row in enumerate(section.rows, start=1):
            writer.writerows((section.heading, number, defuse_text(label), defuse_text(value)) for label, value in row)
    return (BYTE_ORDER_MARK + text.getvalue()).encode()


def attribute_label(name: str) -> str:
    """What people read for an attribute, whose name is a word of the configuration: `aantal_inwoners`."""
    words = _spaced(name)
    return words[:1].upper() + words[1:]


def _fields(table: str, row: Mapping[str, object], words: Words) -> Iterator[tuple[str, str]]:
    for column, value in row.items():
        if isinstance(value, dict):
            name = attribute_label if column == "attributes" else partial(words.label, "")
            yield from ((name(str(key)), str(text)) for key, text in value.items())
        elif value not in (None, ""):
            yield words.label(table, column), words.value(column, value)


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _plain(value: Any) -> object:  # noqa: ANN401 - whatever a column holds
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)
