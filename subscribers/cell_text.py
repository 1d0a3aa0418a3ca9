"""Text of one line that came from outside: a cell of a file, an option of a command. Cleaned, or refused (A4). Pure."""

import re
import unicodedata

from subscribers.exporting import restore_text

NAME_LIMIT = 200
ATTRIBUTE_LIMIT = 500
WORDING_LIMIT = 5000
"""Characters of the words that people agreed to."""

_FORMULA = re.compile(r"=|[+\-@].*(?:\||!|\w\()")
"""What a spreadsheet would run: `=...`, `+cmd|...`, `@SUM(...)`. "+31 groep" and "@home" are only text."""
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
UNREADABLE = "\ufffd"
"""What a byte becomes that is no character in the file's encoding."""
DIRECTION_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unseen characters that turn the order of what stands beside them: one name can look like another."""


class RowRefusedError(Exception):
    """A row that is not imported; `reason` and `remedy` are for people and hold nothing of the row."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class RowSkippedError(RowRefusedError):
    """A row that is in order and is left out on purpose."""


def clean_text(cell: str, limit: int, what: str) -> str:
    """A cell that is one line of harmless text (A4), stripped and composed (NFC)."""
    text = cell.strip(" \t")
    if not text.isprintable():
        text = _one_line(text, what)
    elif not text.isascii():
        if UNREADABLE in text:
            raise unreadable(what)
        text = unicodedata.normalize("NFC", text)
    if len(text) > limit:
        raise too_long(what, limit)
    if text[:1] in "'=+-@" and text:
        text = restore_text(text)
        if _FORMULA.match(text):
            raise RowRefusedError(f"the {what} is a formula", "write it as plain text")
    return text


def _one_line(text: str, what: str) -> str:
    """Odd spaces become spaces; whatever breaks, hides or reorders a line is refused."""
    text = unicodedata.normalize("NFC", text).replace("\u00a0", " ").replace("\u202f", " ")
    text = text.strip(" \ufeff\u200b")
    for character in text:
        if character == UNREADABLE:
            raise unreadable(what)
        if character in "\r\n\u2028\u2029\u0085":
            raise RowRefusedError(f"the {what} holds a line break", "write it on one line")
        if unicodedata.category(character) in _FORBIDDEN_CATEGORIES or character in DIRECTION_MARKS:
            raise RowRefusedError(f"the {what} holds a control character", "type it anew")
    return text


def too_long(what: str, limit: int) -> RowRefusedError:
    """The refusal of a text beyond its limit, in characters."""
    return RowRefusedError(f"the {what} is longer than {limit} characters", "shorten it")


def unreadable(what: str) -> RowRefusedError:
    """The refusal of a text that lost characters on its way."""
    return RowRefusedError(f"the {what} holds a character that cannot be read", "save the file as CSV UTF-8")
