"""Opaque marks that carry fields through MJML and premailer, and come out as Fields again (I8). Pure.

A mark is lower-case letters and digits only, so no stage escapes, encodes or wraps it. Its beginning is chosen so
that it occurs nowhere in what the editor or the department wrote; equal input gives equal marks (I6).
"""

import re
from collections import Counter
from itertools import count

from newsletter.compose.compiled import Escape, Field, Pieces
from newsletter.compose.fields import READY_MADE, evaluate
from newsletter.issue.model import FieldRef, Mixed

_SPACES = re.compile(r"[ \t\r\n\f\v]+")


class MarkError(Exception):
    """A field did not come through a stage as often as it went in: a template or a tool dropped or doubled it."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.names = names


class Marks:
    """The marks of one compilation: `put` one per place, `count` what went in, `split` what came out."""

    def __init__(self, source: str) -> None:
        self._prefix = _absent_from(source.casefold())
        self._fields: list[Field] = []
        self._pattern = re.compile(f"{self._prefix}([0-9]{{5}})z")

    def put(self, ref: FieldRef, escape: Escape) -> str:
        """The mark that stands for `ref` in a place that is escaped like this."""
        kept = Escape.HTML if escape is Escape.URL and ref.name in READY_MADE else escape
        self._fields.append(Field(ref.name, ref.filters, kept))
        return f"{self._prefix}{len(self._fields) - 1:05}z"

    def count(self, text: str) -> Counter[str]:
        """How often each mark stands in `text`."""
        return Counter(self._pattern.findall(text))

    def split(self, text: str, expected: Counter[str]) -> Pieces:
        """`text` with its marks turned into Fields; raises MarkError unless each occurs as often as expected."""
        found = self.count(text)
        if found != expected or text.count(self._prefix) != found.total():
            wrong = sorted(number for number in expected | found if expected[number] != found[number])
            raise MarkError(tuple(self._fields[int(number)].name for number in wrong))
        parts = self._pattern.split(text)
        pieces = (self._fields[int(part)] if index % 2 else part for index, part in enumerate(parts))
        return tuple(piece for piece in pieces if piece != "")


def as_pieces(mixed: Mixed) -> Pieces:
    """A subject or preheader: text and Fields, escaped only where they are used."""
    return tuple(part if isinstance(part, str) else Field(part.name, part.filters) for part in mixed)


def with_defaults(mixed: Mixed) -> str:
    """The text as somebody reads it of whom nothing is known: for <title>, which is the same for all."""
    texts = (part if isinstance(part, str) else evaluate(Field(part.name, part.filters), {}) for part in mixed)
    return _SPACES.sub(" ", "".join(texts)).strip(" ")


def _absent_from(source: str) -> str:
    """The first candidate that `source` does not contain; letters first, so that it is a word wherever it stands."""
    return next(prefix for number in count() if (prefix := f"qzfield{number}x") not in source)
