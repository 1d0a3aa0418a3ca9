"""`format=flowed` (RFC 3676): paragraphs that fit any screen, in a text that every old program shows as well. Pure.

A space at a line's end joins it to the next one (DelSp=no: the space stays). A line of text that begins with a space,
`>` or `From ` gets a space before it, which readers take off again; so does one that begins with a value, which nobody
knows yet. Lines of a table or a list get it together, so that columns and indents stay in line where nobody takes it
off. It never stands after a soft break: programs differ in which they undo first.
"""

from collections.abc import Iterable, Iterator

from newsletter.compose.compiled import Conditional, Pieces
from newsletter.compose.lines import SOFT, Line, Lines, QuoteMark, is_turn, needs_space


def stuffed(lines: Lines) -> Lines:
    """`lines` with the spaces that RFC 3676 section 4.4 asks for; unchanged if none of them flows."""
    if not any(line and line[-1] == SOFT for line in lines):
        return lines
    return [line for group in _groups(lines) for line in _stuffed(group)]


def is_flowed(pieces: Pieces) -> bool:
    """Whether a line of the text ends in a soft break."""
    return any(
        f"{SOFT}\n" in piece if isinstance(piece, str) else isinstance(piece, Conditional) and is_flowed(piece.pieces)
        for piece in pieces
    )


def _groups(lines: Iterable[Line]) -> Iterator[Lines]:
    """Lines up to and with the next empty one."""
    group: Lines = []
    for line in lines:
        group.append(line)
        if not line:
            yield group
            group = []
    yield group


def _stuffed(group: Lines) -> Lines:
    needing = [not is_turn(line) and not _is_quoted(line) and needs_space(line) for line in group]
    if any(line and line[-1] == SOFT for line in group):
        return [(" ", *line) if needs else line for line, needs in zip(group, needing, strict=True)]
    if not any(needing):
        return group
    return [(" ", *line) if line and not is_turn(line) and not _is_quoted(line) else line for line in group]


def _is_quoted(line: Line) -> bool:
    return bool(line) and isinstance(line[0], QuoteMark)
