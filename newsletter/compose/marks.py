"""Opaque marks that carry fields and audience blocks through MJML and premailer, and come out as pieces (I8). Pure.

A mark is lower-case letters and digits only, so no stage escapes, encodes or wraps it. Its beginning is chosen so
that it occurs nowhere in what the editor or the department wrote; equal input gives equal marks (I6).

An audience block has a mark where it begins and one where it ends. Within a column they stand in comments, between
sections bare in `<mj-raw>`: MJML puts those between the rows of the table that only Outlook sees, so what is cut out
is a whole row there and a whole section elsewhere.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import count, groupby

from newsletter.compose.compiled import Conditional, Escape, Field, Piece, Pieces
from newsletter.compose.fields import READY_MADE, fill, in_language
from newsletter.issue.model_text import FieldRef, Mixed
from subscribers.segment_tree import Condition

_AUDIENCE_BLOCK = ":::only"
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
        self._marked: list[Field | Conditional | None] = []
        """What each mark stands for: a field, the beginning of an audience block, or (None) its end."""
        mark = f"{self._prefix}([0-9]{{5}})z"
        self._pattern = re.compile(mark)
        self._in_comment = re.compile(f"<!--({self._prefix}[0-9]{{5}}z)-->")

    def put(self, ref: FieldRef, escape: Escape) -> str:
        """The mark that stands for `ref` in a place that is escaped like this."""
        kept = Escape.HTML if escape is Escape.URL and ref.name in READY_MADE else escape
        return self._mark(Field(ref.name, ref.filters, kept))

    def begin(self, condition: Condition, *, on_web: bool) -> str:
        """The mark where an audience block begins."""
        return self._mark(Conditional(condition, (), on_web))

    def end(self) -> str:
        """The mark where the latest audience block ends."""
        return self._mark(None)

    def count(self, text: str) -> Counter[str]:
        """How often each mark stands in `text`."""
        return Counter(self._pattern.findall(text))

    def split(self, text: str, expected: Counter[str]) -> Pieces:
        """`text` with its marks turned into pieces; raises MarkError unless each occurs as often as expected."""
        found = self.count(text)
        if found != expected or text.count(self._prefix) != found.total():
            wrong = sorted(number for number in expected | found if expected[number] != found[number])
            raise MarkError(tuple(self._name(int(number)) for number in wrong))
        parts = self._pattern.split(self._in_comment.sub(r"\1", text))
        return nested(self._marked[int(part)] if index % 2 else part for index, part in enumerate(parts))

    def _mark(self, what: Field | Conditional | None) -> str:
        self._marked.append(what)
        return f"{self._prefix}{len(self._marked) - 1:05}z"

    def _name(self, number: int) -> str:
        what = self._marked[number]
        return what.name if isinstance(what, Field) else _AUDIENCE_BLOCK


def nested(flat: Iterable[Piece | None]) -> Pieces:
    """Pieces in which each Conditional holds what follows it up to its None; neighbouring strings merged.

    Raises MarkError if beginnings and ends do not match.
    """
    begun: list[Conditional] = []
    inside: list[list[Piece]] = [[]]
    for piece in flat:
        if isinstance(piece, Conditional):
            begun.append(piece)
            inside.append([])
        elif piece is not None:
            inside[-1].append(piece)
        elif begun:
            content = _merged(inside.pop())
            inside[-1].append(replace(begun.pop(), pieces=content))
        else:
            raise MarkError((_AUDIENCE_BLOCK,))
    if begun:
        raise MarkError((_AUDIENCE_BLOCK,))
    return _merged(inside[0])


def _merged(pieces: Iterable[Piece]) -> Pieces:
    merged: list[Piece] = []
    for is_text, group in groupby(pieces, lambda piece: isinstance(piece, str)):
        found = list(group)
        merged += ["".join(map(str, found))] if is_text else found
    return tuple(piece for piece in merged if piece != "")


def as_pieces(mixed: Mixed) -> Pieces:
    """A subject or preheader: text and Fields, escaped only where they are used."""
    return tuple(part if isinstance(part, str) else Field(part.name, part.filters) for part in mixed)


def with_defaults(mixed: Mixed, language: str = "") -> str:
    """The text as somebody reads it of whom nothing is known: for <title>, which is the same for all."""
    text = fill(in_language(as_pieces(mixed), language), {})
    return _SPACES.sub(" ", text).strip(" ")


def _absent_from(source: str) -> str:
    """The first candidate that `source` does not contain; letters first, so that it is a word wherever it stands."""
    return next(prefix for number in count() if (prefix := f"qzfield{number}x") not in source)
