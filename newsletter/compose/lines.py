"""Lines of plain text with fields in them: wrapped, indented, aligned, never broken inside a URL or a field. Pure.

A line that a mail program may join to the next ends in a space (a soft break of RFC 3676). An audience block begins
with a line that holds only a Conditional and ends with a line that holds only None: its turns.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from newsletter.compose.compiled import Conditional, Escape, Field, Piece, Pieces
from newsletter.compose.fields import READY_MADE
from newsletter.compose.marks import nested
from newsletter.issue.model_text import Code, Emphasis, FieldRef, Inlines, LineBreak, Link, Mixed, Strong, Text

Item: TypeAlias = Piece | None
Line: TypeAlias = tuple[Item, ...]
Lines: TypeAlias = list[Line]

WIDTH = 72
"""Characters on a line, its soft break and a longer URL excepted."""
FIELD_WIDTH = 12
"""What a value is taken to measure; nobody's name moves another one's line ends."""
BREAK = "\n"
SOFT = " "
"""The last item of a line that goes on in the next one."""
_SIGNATURE = ("--",)
"""With a soft break it would be the line that begins a signature (RFC 3676 section 4.3)."""


_STUFFED = (" ", ">", "From ")
_STUFFED_FIRST = frozenset(start[0] for start in _STUFFED)


class QuoteMark(str):
    """`> `, `>> `: put before a quoted line by us; no text is ever taken for one."""

    __slots__ = ()


def width(line: Iterable[Item]) -> int:
    """Characters of a line, values of fields taken as FIELD_WIDTH."""
    return sum(len(piece) if isinstance(piece, str) else FIELD_WIDTH for piece in line if not _is_turn(piece))


def in_words(content: Inlines) -> Iterator[Item]:
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


def as_inlines(mixed: Mixed) -> Inlines:
    """Text with fields as running text."""
    return tuple(Text(piece) if isinstance(piece, str) else piece for piece in mixed)


def linked(words: Sequence[Item], target: Mixed) -> Iterator[Item]:
    """`words (target)`; the target alone where the words say the same, the words alone where it leads nowhere."""
    address = as_target(target)
    if not address or str(address[0]).startswith("#"):
        yield from words
    elif not words or "".join(map(str, words)) in {str(address[0]), str(address[0]).removeprefix("mailto:")}:
        yield from address
    else:
        yield from (*words, " (", *address, ")")


def as_target(target: Mixed) -> tuple[str | Field, ...]:
    """A link target; values are percent-encoded in it, ready-made URLs are not encoded again."""
    return tuple(
        piece
        if isinstance(piece, str)
        else Field(piece.name, piece.filters, Escape.TEXT if piece.name in READY_MADE else Escape.URL)
        for piece in target
    )


def wrap(pieces: Iterable[Item], limit: int) -> Lines:
    """Lines of at most `limit` characters and a soft break, a longer word on a line of its own."""
    lines: Lines = []
    for part in _paragraphs(pieces):
        filled = _fill(_kept_together(_words(part)), limit)
        lines += [*((*line, SOFT) for line in filled[:-1]), *filled[-1:]]
    return lines


def hard(lines: Iterable[Line]) -> Lines:
    """`lines` that stay as they are: without soft breaks."""
    return [line[:-1] if line and line[-1] == SOFT else line for line in lines]


def underlined(lines: Lines, mark: str) -> Lines:
    """A heading; as long as its longest line, but a URL in it makes the rule no longer than a line."""
    words = hard(lines)
    return [*words, (mark * min(WIDTH, max(map(width, words))),)] if words else []


def prefixed(lines: Iterable[Line], first: str, rest: str | None = None) -> Lines:
    """`lines` behind `first` and, from the second on, behind `rest` (or `first` again); no space at a line's end."""
    return [
        line if is_turn(line) else (*((prefix,) if line else (prefix.rstrip(),) if prefix.strip() else ()), *line)
        for prefix, line in (
            (first if index == 0 or rest is None else rest, line) for index, line in enumerate(hard(lines))
        )
    ]


def quoted(lines: Iterable[Line]) -> Lines:
    """`lines` behind `> `, what is quoted already behind `>> ` (RFC 3676 section 4.5).

    They do not flow: not every program that joins lines takes the marks out of the middle.
    """
    return [line if is_turn(line) else _quoted(line) for line in hard(lines)]


def joined(groups: Iterable[Lines]) -> Lines:
    """Groups of lines with an empty line between them; empty groups leave none.

    The empty line before an audience block belongs to it: who does not get the block does not see two.
    """
    lines: Lines = []
    for group in groups:
        if not lines:
            lines = list(group)
        elif group and is_turn(group[0]) and not _has_gap(group):
            lines += [group[0], (), *group[1:]]
        elif group:
            lines += [(), *group]
    return lines


def enclosed(groups: Iterable[Lines]) -> Lines:
    """As `joined`, for groups behind a mark of their own: an audience block that begins them has its empty line after.

    Who does not get that block would see the mark before an empty line.
    """
    shown = [group for group in groups if group]
    first = next((index for index, group in enumerate(shown) if not is_turn(group[0])), 0)
    return [*(line for group in shown[:first] for line in (*group[:-1], (), group[-1])), *joined(shown[first:])]


def _has_gap(group: Lines) -> bool:
    """Whether the audience block that begins `group` ends with an empty line, behind a mark or not."""
    last = group[group.index((None,)) - 1]
    return all(isinstance(item, str) and not item.strip(" |>") for item in last)


def needs_space(line: Line) -> bool:
    """Whether a flowed text has a space before this line (RFC 3676 section 4.4); a value may begin with anything."""
    first = next((item for item in line if item != ""), "")
    if isinstance(first, Field):
        return first.name not in READY_MADE
    if isinstance(first, str) and first and first[0] not in _STUFFED_FIRST:
        return False  # nearly every line
    return "".join(item if isinstance(item, str) else "x" for item in line).startswith(_STUFFED)


def is_turn(line: Line) -> bool:
    """Whether an audience block begins or ends here; such a line is not a line of text."""
    return len(line) == 1 and _is_turn(line[0])


def as_pieces(lines: Iterable[Line]) -> Pieces:
    """One text, a line feed behind every line, neighbouring strings merged."""
    return nested(piece for line in lines for piece in (line if is_turn(line) else (*line, "\n")))


def _is_turn(item: Item) -> bool:
    return item is None or isinstance(item, Conditional)


def _quoted(line: Line) -> Line:
    first = line[0] if line else None
    if isinstance(first, QuoteMark):
        return (QuoteMark(f">{first}"), *line[1:])
    return (QuoteMark("> "), *line) if line else (QuoteMark(">"),)


def _paragraphs(pieces: Iterable[Item]) -> Iterator[list[Item]]:
    """Split at the breaks an editor asked for."""
    part: list[Item] = []
    for piece in pieces:
        if piece == BREAK:
            yield part
            part = []
        else:
            part.append(piece)
    yield part


def _words(pieces: Iterable[Item]) -> Iterator[Line]:
    """Whatever has no space in it: words, URLs, fields and what touches them."""
    word: list[Item] = []
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


def _kept_together(words: Iterable[Line]) -> Iterator[Line]:
    """A word that would need a space before it at a line's start stays with the word before it."""
    kept: Line = ()
    for word in words:
        if kept and needs_space((*word, " ")):
            kept = (*kept, " ", *word)
            continue
        if kept:
            yield kept
        kept = word
    if kept:
        yield kept


def _fill(words: Iterable[Line], limit: int) -> Lines:
    lines: Lines = []
    line: Line = ()
    size = 0
    for word in words:
        needed = width(word)
        if line and line != _SIGNATURE and size + 1 + needed > limit:
            lines.append(line)
            line = ()
        size = size + 1 + needed if line else needed
        line = (*line, " ", *word) if line else word
    return [*lines, line] if line else lines
