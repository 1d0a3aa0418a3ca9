"""The types of attributes: text, number, date; their values as they are written, stored and compared. Pure.

A value is stored as text in one form only (`12.5`, `2027-06-14`), so that a database compares it as this program does.
What is stored in another form, from before the attribute had a type, compares as "not known".
"""

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache


class ValueType(StrEnum):
    """What an attribute holds."""

    TEXT = "text"
    """Any line of text; capitals never matter when it is compared."""
    NUMBER = "number"
    """A decimal number: at most 12 digits before the point and 6 behind it."""
    DATE = "date"
    """A day: 2027-06-14."""


NUMBER = r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?"
DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
"""What is stored; the same patterns in Python and in SQL."""
MILLIONTHS = 1_000_000
_NUMBER = re.compile(NUMBER)
_DATE = re.compile(DATE)
_WRITTEN_NUMBER = re.compile(r"([+-]?)([0-9]{1,12})(?:[.,]([0-9]{1,6}))?")
_WRITTEN_DATE = re.compile(r"([0-9]{1,2})[-./]([0-9]{1,2})[-./]([0-9]{4})")
_GROUP = 3
"""Digits between the marks of thousands."""
_LAST_CASED = 0x1E944
"""No character from here on has two cases."""


def number_of(text: str) -> int | None:
    """A stored number in millionths, or None for what is no number."""
    return int(Decimal(text) * MILLIONTHS) if _NUMBER.fullmatch(text) else None


def day_of(text: str) -> str | None:
    """A stored day, or None for what is none; days compare as texts."""
    return text if _DATE.fullmatch(text) else None


def stored_number(text: str) -> str | None:
    """A number as people write it (12, -3.50, 3,5), as it is stored (12, -3.5, 3.5); None for what is none.

    120.000 is none: a thousand in one country, a fraction in another. So three digits behind the point are stored with
    a zero after them (1.1250), and are read like that.
    """
    found = _WRITTEN_NUMBER.fullmatch(text.strip())
    if not found or _is_ambiguous(found[2], found[3] or ""):
        return None
    whole, rest = found[2].lstrip("0") or "0", (found[3] or "").rstrip("0")
    if _is_ambiguous(whole, rest):
        rest += "0"
    sign = "-" if found[1] == "-" and (whole != "0" or rest) else ""
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"


def _is_ambiguous(whole: str, rest: str) -> bool:
    return len(rest) == _GROUP and len(whole) <= _GROUP and not whole.startswith("0")


def stored_day(text: str) -> str | None:
    """A day as people write it (2027-06-14, 14-6-2027, 14/6/2027), as it is stored; None for what is none."""
    stripped = text.strip()
    found = _WRITTEN_DATE.fullmatch(stripped)
    try:
        day = date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(stripped)
    except ValueError:
        return None
    return day.isoformat() if found or _DATE.fullmatch(stripped) else None


def folded(text: str) -> str:
    """`text` with capitals and no-break spaces made alike: two texts are the same if this is.

    One character becomes one character (Unicode's simple case folding), so that a database can do the same.
    """
    return text.lower() if text.isascii() else text.translate(fold_table())


@cache
def fold_table() -> dict[int, int]:
    """Every character that `folded` changes, and what it becomes."""
    changed = {code: _folded_code(chr(code)) for code in range(_LAST_CASED) if not 0xD800 <= code < 0xE000}  # noqa: PLR2004 - surrogates
    return {code: other for code, other in changed.items() if other != code} | {0xA0: 0x20}


def _folded_code(character: str) -> int:
    for form in (character.casefold(), character.lower()):
        if len(form) == 1:
            return ord(form)
    return ord(character)
