"""Lines of plain text with fields in them: wrapped, indented, aligned, never broken inside a URL or a field. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from newsletter.compose.compiled import Escape, Field, Pieces
from newsletter.compose.fields import READY_MADE
from newsletter.issue.model import Code, Emphasis, FieldRef, Inlines, LineBreak, Link, Mixed, Strong, Text

Line: TypeAlias = tuple[str | Field, ...]
Lines: TypeAlias = list[Line]

FIELD_WIDTH = 12
"""What a value is taken to measure; nobody's name moves another one's line ends."""
BREAK = "\n"


def width(line: Iterable[str | Field]) -> int:
    """Characters of a line, values of fields taken as FIELD_WIDTH."""
    return sum(len(piece) if isinstance(piece, str) else FIELD_WIDTH for piece in line)


def in_words(content: Inlines) -> Iterator[str | Field]:
    """Pieces of running text: a link becomes `words (target)`, a line break BREAK; emphasis leaves its words."""
    for item in content:
        match item:
            case Text(text):
                yield text.replace(BREAK, " ")
            case Code(text):
                yield text
            case LineBreak():
                yield BREAK
            case Strong(children) | Emphasis(children):
                yield from in_words(children)
            case Link():
                yield from linked(tuple(in_words(item.children)), item.target)
            case FieldRef():
                yield Field(item.name, item.filters, Escape.TEXT)


def linked(words: Sequence[str | Field], target: Mixed) -> Iterator[str | Field]:
    """`words (target)`; the target alone where the words say the same, the words alone where it leads nowhere."""
    address = as_target(target)
    if not address or str(address[0]).startswith("#"):
        yield from words
    elif not words or "".join(map(str, words)) in {str(address[0]), str(address[0]).removeprefix("mailto:")}:
        yield from address
    else:
        yield from (*words, " (", *address, ")")


def as_target(target: Mixed) -> Line:
    """A link target; values are percent-encoded in it, ready-made URLs are not encoded again."""
    return tuple(
        piece
        if isinstance(piece, str)
        else Field(piece.name, piece.filters, Escape.TEXT if piece.name in READY_MADE else Escape.URL)
        for piece in target
    )


def wrap(pieces: Iterable[str | Field], limit: int) -> Lines:
    """Lines of at most `limit` characters, a longer word on a line of its own."""
    lines: Lines = []
    for part in _paragraphs(pieces):
        lines += _fill(_words(part), limit)
    return lines


def prefixed(lines: Iterable[Line], first: str, rest: str | None = None) -> Lines:
    """`lines` behind `first` and, from the second on, behind `rest` (or `first` again); no space at a line's end."""
    return [
        (*((prefix,) if line else (prefix.rstrip(),) if prefix.strip() else ()), *line)
        for prefix, line in ((first if index == 0 or rest is None else rest, line) for index, line in enumerate(lines))
    ]


def joined(groups: Iterable[Lines]) -> Lines:
    """Groups of lines with an empty line between them; empty groups leave none."""
    lines: Lines = []
    for group in groups:
        if group:
            lines += [(), *group] if lines else group
    return lines


def as_pieces(lines: Iterable[Line]) -> Pieces:
    """One text, a line feed behind every line, neighbouring strings merged."""
    merged: list[str | Field] = []
    words: list[str] = []
    for piece in (piece for line in lines for piece in (*line, "\n")):
        if isinstance(piece, str):
            words.append(piece)
        else:
            merged += ["".join(words), piece] if words else [piece]
            words = []
    return (*merged, "".join(words)) if words else tuple(merged)


def _paragraphs(pieces: Iterable[str | Field]) -> Iterator[list[str | Field]]:
    """Split at the breaks an editor asked for."""
    part: list[str | Field] = []
    for piece in pieces:
        if piece == BREAK:
            yield part
            part = []
        else:
            part.append(piece)
    yield part


def _words(pieces: Iterable[str | Field]) -> Iterator[Line]:
    """Whatever has no space in it: words, URLs, fields and what touches them."""
    word: list[str | Field] = []
    for piece in pieces:
        if not isinstance(piece, str):
            word.append(piece)
            continue
        first, *others = piece.replace("\t", " ").split(" ")
        word += [first] if first else []
        for text in others:
            if word:
                yield tuple(word)
            word = [text] if text else []
    if word:
        yield tuple(word)


def _fill(words: Iterable[Line], limit: int) -> Lines:
    lines: Lines = []
    line: Line = ()
    for word in words:
        if line and width(line) + 1 + width(word) > limit:
            lines.append(line)
            line = ()
        line = (*line, " ", *word) if line else word
    return [*lines, line] if line else lines
