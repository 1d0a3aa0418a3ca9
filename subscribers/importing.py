"""From the cells of a file to what may be stored of a person: which column is what, which rows are refused. Pure.

Only what is named is stored: address, name, organisation, and the columns that the list's `attributes` name. Every
other column is reported and left alone (data minimisation). A refusal says the line, the reason and the remedy, and
never repeats the row (I7).
"""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

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
from subscribers.errors import InputError
from subscribers.exporting import restore_text


class Role(StrEnum):
    """What a column holds."""

    ADDRESS = "e-mail"
    """The address; the one column that must be there."""
    NAME = "name"
    """The whole name."""
    FIRST_NAME = "first name"
    """Part of a name; used when there is no column with the whole name."""
    INFIX = "infix"
    """Dutch: `van der`, between first and last name."""
    LAST_NAME = "last name"
    """Part of a name."""
    ORGANISATION = "organisation"
    """Where the person works."""
    STATE = "state"
    """Whether the person was on the list where the file comes from; nobody who left is brought back."""


_HEADINGS = {
    Role.ADDRESS: "email mail emailadres mailadres emailaddress",
    Role.NAME: "name naam fullname volledigenaam",
    Role.FIRST_NAME: "firstname voornaam roepnaam givenname",
    Role.INFIX: "infix tussenvoegsel tussenvoegsels voorvoegsel",
    Role.LAST_NAME: "lastname achternaam surname familienaam familyname",
    Role.ORGANISATION: "organisation organization organisatie organisatienaam bedrijf company",
    Role.STATE: "state status",
}
HEADINGS = {word: role for role, words in _HEADINGS.items() for word in words.split()}
"""What each heading means that a file may have, as `plain_heading` writes it."""
_NAME_PARTS = (Role.FIRST_NAME, Role.INFIX, Role.LAST_NAME)

_NOT_ON_THE_LIST = frozenset(
    [
        "ended",
        "suppressed",
        "pending",
        "unconfirmed",
        "unsubscribed",
        "cleaned",
        "bounced",
        "complained",
        "blocklisted",
        "blocked",
        "inactive",
        "disabled",
        "deleted",
        "erased",
        "archived",
        "nonsubscribed",
        "afgemeld",
        "uitgeschreven",
        "geblokkeerd",
        "inactief",
        "verwijderd",
        "onbevestigd",
    ]
)


class Entry(NamedTuple):
    """One row that may be imported; `attributes` is JSON text."""

    line: int
    key: str
    address: str
    name: str
    organisation: str
    attributes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where each thing stands in a row, counted from 0; -1 for what the file does not have."""

    width: int
    address: int
    name: tuple[int, ...]
    organisation: int
    state: int
    attributes: tuple[tuple[str, int], ...]
    ignored: tuple[str, ...]
    """Headings that are not stored, as they stand in the file."""

    def read(self, line: int, cells: Sequence[str]) -> Entry | None:
        """The row as an Entry, None for one of empty cells only; raise RowRefusedError or RowSkippedError."""
        if len(cells) != self.width and not self._fits(cells):
            return None
        if not (written := cells[self.address].strip()) and not any(map(str.strip, cells)):
            return None
        address = _address(written)
        if self.state >= 0 and plain_heading(cells[self.state]) in _NOT_ON_THE_LIST:
            raise RowSkippedError("the file says that this person is not on the list", "none is needed")
        name = " ".join([part for index in self.name if (part := clean_text(cells[index], NAME_LIMIT, "name"))])
        if len(name) > NAME_LIMIT:
            raise too_long("name", NAME_LIMIT)
        organisation = ""
        if self.organisation >= 0:
            organisation = clean_text(cells[self.organisation], NAME_LIMIT, "organisation")
        attributes = self._attributes(cells) if self.attributes else "{}"
        return Entry(line, address.key, address.spelling, name, organisation, attributes)

    def _attributes(self, cells: Sequence[str]) -> str:
        values = {name: clean_text(cells[index], ATTRIBUTE_LIMIT, name) for name, index in self.attributes}
        return "{" + ", ".join([f'"{name}": {json.dumps(value)}' for name, value in values.items() if value]) + "}"

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


def map_columns(header: Sequence[str], attributes: Sequence[str] = ()) -> Columns:
    """Find each column by its heading, whatever its case, accents and punctuation; configured attributes go first.

    Raises InputError naming what was found when two columns hold the same thing, or none the address.
    """
    wanted = {plain_heading(name): name for name in attributes}
    found: dict[str, int] = {}
    ignored: list[str] = []
    for index, heading in enumerate(header):
        word = plain_heading(heading)
        meaning = wanted.get(word) or HEADINGS.get(word)
        if meaning is None:
            ignored += [heading.strip()] if word else []
        elif meaning in found:
            first = header[found[meaning]].strip()
            raise InputError(
                f"two columns hold the same: {first!r} and {heading.strip()!r}", remedy="remove or rename one of them"
            )
        else:
            found[meaning] = index
    if Role.ADDRESS not in found:
        raise _no_address(header)
    return _columns(header, found, wanted, ignored)


def _columns(header: Sequence[str], found: dict[str, int], wanted: dict[str, str], ignored: list[str]) -> Columns:
    parts = tuple(found[part] for part in _NAME_PARTS if part in found)
    if Role.NAME in found:
        ignored = [*ignored, *(header[index].strip() for index in parts)]
        parts = (found[Role.NAME],)
    return Columns(
        width=len(header),
        address=found[Role.ADDRESS],
        name=parts,
        organisation=found.get(Role.ORGANISATION, -1),
        state=found.get(Role.STATE, -1),
        attributes=tuple((name, found[name]) for name in wanted.values() if name in found),
        ignored=tuple(ignored),
    )


def _no_address(header: Sequence[str]) -> InputError:
    if any("@" in heading for heading in header):
        return InputError("the first line is a person, not a header", remedy="put a line above it: e-mail;naam")
    found = ", ".join(repr(heading.strip()[:40]) for heading in header[:20])
    return InputError(f"no column for the e-mail address; found {found}", remedy='call the column "e-mail"')


def plain_heading(text: str) -> str:
    """Letters and digits only, without accents and case: `E-mailadres ` is `emailadres`."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    return "".join([character for character in bare if character.isalnum()])


def _address(text: str) -> Address:
    if not text:
        raise RowRefusedError("the row has no e-mail address", "add it, or remove the row")
    if UNREADABLE in text:
        raise unreadable("e-mail address")
    try:
        return parse_address(text if text[0].isalnum() else restore_text(text))
    except AddressError as error:
        raise RowRefusedError(error.what, error.remedy) from None
