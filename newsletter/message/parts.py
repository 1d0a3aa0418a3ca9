"""Parts of a message: what is the same for everyone as encoded bytes, gaps for fields, runs for audience blocks. Pure.

Pieces are encoded one by one and joined by fences (newsletter.message.encoding). The fence before a piece in an
audience block goes with it, so that what stays decodes as if the block had never been there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from newsletter.compose.compiled import Conditional, Field, Pieces
from newsletter.compose.fields import Evaluator, Predicate, evaluator, predicate
from newsletter.message import encoding, headers
from subscribers.segment_tree import Condition

Part: TypeAlias = bytes | Field | Conditional | None
"""Encoded bytes, a field that is filled in quoted-printable, or where an audience block begins and (None) ends."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A field, as what makes its text for one recipient, and the places among the parts where that stands."""

    text: Evaluator
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A condition, and the runs of parts that only those get of whom it holds."""

    holds: Predicate
    runs: tuple[tuple[slice, list[bytes]], ...]
    """Where the parts of a block are, and as many empty ones."""


def text_entity(subtype: str, pieces: Pieces, parameters: str = "") -> Iterator[Part]:
    """A text entity: its header, and its pieces between fences."""
    yield headers.tokens("Content-Type", f"text/{subtype}; charset=utf-8{parameters}")
    yield b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    yield from _encoded(pieces, is_first=True)


def _encoded(pieces: Pieces, *, is_first: bool) -> Iterator[Part]:
    """Pieces, a fence before each but the first; the fence of a piece in an audience block goes with it."""
    for index, piece in enumerate(pieces):
        is_at_start = is_first and not index
        if isinstance(piece, Conditional):
            yield piece
            yield from _encoded(piece.pieces, is_first=is_at_start)
            yield None
            continue
        if not is_at_start:
            yield encoding.FENCE
        yield piece if isinstance(piece, Field) else encoding.quoted_printable(piece)


def merge(parts: Iterable[Part]) -> tuple[list[bytes], tuple[Gap, ...], tuple[Choice, ...]]:
    """Neighbouring bytes joined, gaps empty; the places of each distinct field and the runs of each condition.

    Places are counted from the part before the first, which is the headers of the recipient.
    """
    merged = [b""]
    places: dict[Field, list[int]] = {}
    runs: dict[Condition, list[tuple[slice, list[bytes]]]] = {}
    begun: list[tuple[Condition, int]] = []
    for part in parts:
        if isinstance(part, bytes):
            merged[-1] += part
            continue
        merged.append(b"")
        if isinstance(part, Field):
            places.setdefault(part, []).append(len(merged))
            merged.append(b"")
        elif isinstance(part, Conditional):
            begun.append((part.condition, len(merged)))
        else:
            condition, start = begun.pop()
            empty = [b""] * (len(merged) - start)
            runs.setdefault(condition, []).append((slice(start, len(merged)), empty))
    gaps = tuple(Gap(evaluator(part), tuple(found)) for part, found in places.items())
    return merged, gaps, tuple(Choice(predicate(part), tuple(found)) for part, found in runs.items())
