"""A data table as text: aligned columns where they fit, else each row as `head: value` lines. Pure."""

from itertools import zip_longest

from newsletter.compose.lines import Line, Lines, in_words, joined, width, wrap
from newsletter.issue.model_blocks import Table
from newsletter.issue.model_text import Inlines

_GAP = "  "


def table_lines(table: Table, limit: int) -> Lines:
    """The table in at most `limit` characters, a longer URL excepted."""
    head, *rows = ([_cell(content) for content in row] for row in (table.head, *table.rows))
    columns = list(zip_longest(head, *rows, fillvalue=()))
    widths = [max(map(width, column), default=0) for column in columns]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > limit:
        return _records(head, rows, limit)
    rule: Line = (_GAP.join("-" * max(1, size) for size in widths),)
    return [_aligned(head, widths, table), rule, *(_aligned(row, widths, table) for row in rows)]


def _cell(content: Inlines) -> Line:
    lines = wrap(in_words(content), 10_000)
    return tuple(piece for index, line in enumerate(lines) for piece in ((" ", *line) if index else line))


def _aligned(row: list[Line], widths: list[int], table: Table) -> Line:
    line: Line = ()
    for index, (cell, size) in enumerate(zip(row, widths, strict=False)):
        side = table.align[index] if index < len(table.align) else "left"
        space = size - width(cell)
        before = space if side == "right" else space // 2 if side == "center" else 0
        line = (*line, _GAP if index else "", " " * before, *cell, " " * (space - before))
    return _without_end(line)


def _without_end(line: Line) -> Line:
    """No space at a line's end."""
    kept = list(line)
    while kept and isinstance(kept[-1], str) and not kept[-1].strip():
        kept.pop()
    return tuple(kept)


def _records(head: list[Line], rows: list[list[Line]], limit: int) -> Lines:
    groups: list[Lines] = []
    for row in rows:
        named = zip_longest(head, row, fillvalue=())
        pairs = [((*name, ": ", *cell) if name else cell) for name, cell in named if cell]
        groups.append([line for pair in pairs for line in wrap(pair, limit)])
    return joined(groups) if groups else [line for name in head for line in wrap(name, limit)]
