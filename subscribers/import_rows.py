"""From the cells of a row to what may be stored of a person; which rows are refused, and why. Pure.

Only what is named is stored: address, name, organisation, and the columns that the list's `attributes` name. Every
other column is left alone (data minimisation). A refusal says reason and remedy, and never repeats the row (I7).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from subscribers.address import Address, AddressError, parse_address
from subscribers.cell_text import (
    ATTRIBUTE_LIMIT,
    NAME_LIMIT,
    UNREADABLE,
    RowRefusedError,
    RowSkippedError,
    clean_text,
    too_long,
    unreadable,
)
from subscribers.exporting import restore_text
from subscribers.headings import HEADINGS, Role, plain_heading
from subscribers.import_moments import parse_moment
from subscribers.import_states import Standing, standing_of
from subscribers.value_types import ValueType, stored_day, stored_number

_TYPED: dict[ValueType, Callable[[str], str | None]] = {
    ValueType.NUMBER: stored_number,
    ValueType.DATE: stored_day,
}
_REMEDIES = {
    ValueType.NUMBER: "write it as 12000 or 3.5, without marks of thousands",
    ValueType.DATE: "write it as 2027-06-14",
}
MOST_NESTED = 100
"""Values in one cell of JSON that are looked at."""


def typed_value(name: str, text: str, kind: ValueType | None) -> str:
    """`text` as an attribute of this type is stored; raises RowRefusedError for what is no number or no day."""
    read = _TYPED.get(kind) if text and kind else None
    if read is None or kind is None:
        return text
    if (value := read(text)) is None:
        raise RowRefusedError(f"the {name} is not a {kind}", _REMEDIES[kind])
    return value


class Entry(NamedTuple):
    """One row that may be imported; `attributes` is JSON text."""

    line: int
    key: str
    address: str
    name: str
    organisation: str
    attributes: str
    standing: Standing = Standing.ACTIVE
    at: datetime | None = None
    """When they consented; for who left: when they did. None if the file does not say it, or not in words we know."""
    since: datetime | None = None
    """Since when they are on the list, if the file says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where each thing stands in a row, counted from 0; -1 for what the file does not have."""

    width: int
    address: int
    name: tuple[int, ...]
    organisation: int
    attributes: tuple[tuple[str, int], ...]
    ignored: tuple[str, ...]
    """Headings that are not stored, as they stand in the file."""
    never: frozenset[str] = frozenset()
    """Those among them that no setting can keep: where somebody was, and what another system added by itself."""
    left_out: frozenset[str] = frozenset()
    """Those among them that the operator said to skip."""
    state: int = -1
    reason: int = -1
    signed_up: int = -1
    confirmed: int = -1
    left: int = -1
    since: int = -1
    changed: int = -1
    """When the other system last touched the row: of who left, the latest day on which they can have."""
    packed: int = -1
    """A column of JSON with further attributes (listmonk)."""
    types: Mapping[str, ValueType] = field(default_factory=dict)
    standing: Standing | None = None
    """How everybody in the file stands, where the file is about one kind of people."""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Amsterdam"))
    """Of moments that name none."""
    is_dated: bool = False
    """Whether each row has to say itself when its person consented."""
    confirmed_alone: bool = True
    """Whether a moment of confirmation is evidence where that of the sign-up is empty."""

    def read(self, line: int, cells: Sequence[str]) -> Entry | None:
        """The row as an Entry, None for one of empty cells only; raise RowRefusedError or RowSkippedError."""
        if len(cells) != self.width and not self._fits(cells):
            return None
        if not (written := cells[self.address].strip()) and not any(map(str.strip, cells)):
            return None
        address = _address(written)
        standing = self._standing(cells)
        if standing.has_left:
            # Of who must not be mailed the address says enough, and nothing else is kept.
            return Entry(line, address.key, address.spelling, "", "", "{}", standing, self._left_at(cells))
        name = " ".join([part for index in self.name if (part := clean_text(cells[index], NAME_LIMIT, "name"))])
        if len(name) > NAME_LIMIT:
            raise too_long("name", NAME_LIMIT)
        organisation = ""
        if self.organisation >= 0:
            organisation = clean_text(cells[self.organisation], NAME_LIMIT, "organisation")
        attributes = self._attributes(cells) if self.attributes else "{}"
        if self.packed >= 0:
            organisation, attributes = self._unpacked(cells[self.packed], organisation, attributes)
        if not self._says_when:
            return Entry(line, address.key, address.spelling, name, organisation, attributes, standing)
        at, since = self._consented(cells), self._moment(cells, self.since)
        return Entry(line, address.key, address.spelling, name, organisation, attributes, standing, at, since)

    @property
    def _says_when(self) -> bool:
        return self.signed_up >= 0 or self.confirmed >= 0 or self.since >= 0

    def _standing(self, cells: Sequence[str]) -> Standing:
        if self.state < 0:
            has_left = self.left >= 0 and cells[self.left].strip()
            return self.standing or (Standing.UNSUBSCRIBED if has_left else Standing.ACTIVE)
        said = standing_of(cells[self.state], cells[self.reason] if self.reason >= 0 else "")
        return said if self.standing is None or said.has_left else self.standing

    def _moment(self, cells: Sequence[str], index: int) -> datetime | None:
        return parse_moment(cells[index], self.zone) if index >= 0 else None

    def _left_at(self, cells: Sequence[str]) -> datetime | None:
        return self._moment(cells, self.left) or self._moment(cells, self.changed)

    def _consented(self, cells: Sequence[str]) -> datetime | None:
        """The latest moment at which the person said yes."""
        asked, confirmed = self._moment(cells, self.signed_up), self._moment(cells, self.confirmed)
        if asked is None and self.signed_up >= 0 and not self.confirmed_alone:
            return None
        return max((moment for moment in (asked, confirmed) if moment), default=None)

    def _attributes(self, cells: Sequence[str]) -> str:
        values = {name: self._value(name, cells[index]) for name, index in self.attributes}
        return "{" + ", ".join([f'"{name}": {json.dumps(value)}' for name, value in values.items() if value]) + "}"

    def _value(self, name: str, cell: str) -> str:
        """One attribute, in the one form in which its type is stored."""
        return typed_value(name, clean_text(cell, ATTRIBUTE_LIMIT, name), self.types.get(name))

    def _unpacked(self, cell: str, organisation: str, attributes: str) -> tuple[str, str]:
        """What a cell of JSON holds of the list's attributes, and of an organisation."""
        wanted = {plain_heading(name): name for name in self.types}
        values = json.loads(attributes)
        for key, value in _flat(cell):
            word = plain_heading(key)
            if word in wanted:
                values[wanted[word]] = self._value(wanted[word], value)
            elif HEADINGS.get(word) is Role.ORGANISATION and not organisation:
                organisation = clean_text(value, NAME_LIMIT, "organisation")
        return organisation, json.dumps({name: value for name, value in values.items() if value})

    def _fits(self, cells: Sequence[str]) -> bool:
        """Empty cells beyond the header do no harm; anything else may have shifted. False for an empty row."""
        if not any(map(str.strip, cells)):
            return False
        if len(cells) > self.width and not any(cells[self.width :]):
            return True
        raise RowRefusedError(
            f"the row has {len(cells)} {'cell' if len(cells) == 1 else 'cells'} and the header {self.width}",
            "add or remove separators; put a cell that holds the separator in quotes",
        )


def _flat(cell: str) -> list[tuple[str, str]]:
    """The plain values of an object in JSON; what holds further objects is left alone."""
    if not cell.strip():
        return []
    try:
        found: Any = json.loads(restore_text(cell.strip()))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RowRefusedError("the attributes are no JSON object", 'write them as {"name": "value"}')
    plain = [(key, value) for key, value in list(found.items())[:MOST_NESTED] if isinstance(value, str | int | float)]
    return [(key, value if isinstance(value, str) else json.dumps(value)) for key, value in plain]


def _address(text: str) -> Address:
    if not text:
        raise RowRefusedError("the row has no e-mail address", "add it, or remove the row")
    if UNREADABLE in text:
        raise unreadable("e-mail address")
    try:
        return parse_address(text if text[0].isalnum() else restore_text(text))
    except AddressError as error:
        raise RowRefusedError(error.what, error.remedy) from None


__all__ = ["Columns", "Entry", "RowRefusedError", "RowSkippedError"]
