"""Asking what the columns of a file are, where its headings do not say it and somebody sits at the terminal."""

import sys
from collections.abc import Sequence
from itertools import islice
from shlex import quote

import typer
from rich.markup import escape
from rich.table import Table

from newsletter.cli.common import errors
from subscribers.csv_reading import Broken, CsvReader
from subscribers.errors import InputError
from subscribers.headings import HEADINGS, Role, plain_heading
from subscribers.importing import TARGETS

ROWS = 3
"""First rows that are shown, on the terminal of who holds the file."""
MOST_COLUMNS = 200
LONGEST_CELL = 40
SKIP = "skip"


def ask_mapping(reader: CsvReader, problem: InputError, attributes: Sequence[str]) -> list[str]:
    """Ask column by column; the answers as texts of `--map`. Raises `problem` where there is no terminal."""
    header = reader.header
    is_unclear = len({heading.strip() for heading in header}) < len(header) or len(header) > MOST_COLUMNS
    if is_unclear or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise problem
    rows = [cells for _, cells in islice(reader, ROWS) if not isinstance(cells, Broken)]
    errors.print(f"[bold]{escape(problem.what)}.[/] What is in each column?")
    words = [word for word in TARGETS if word != "address"]
    errors.print(f"Answer with one of: {escape(', '.join((*words, *attributes)))}")
    _show(header, rows)
    texts = _answers(header, rows, attributes)
    said = " ".join(f"--map {quote(text)}" for text in texts)
    errors.print(f"The same without questions: {escape(said)}")
    return texts


def _answers(header: Sequence[str], rows: Sequence[Sequence[str]], attributes: Sequence[str]) -> list[str]:
    texts, taken = [], set()
    for index, heading in enumerate(header):
        cells = [row[index] for row in rows if index < len(row)]
        guess = _guess(heading, cells, attributes)
        answer = _ask(index, heading, SKIP if guess in taken else guess, attributes)
        taken.add(answer)
        texts.append(f"{heading.strip()}={answer}")
    return texts


def _ask(index: int, heading: str, guess: str, attributes: Sequence[str]) -> str:
    while True:
        try:
            answer = str(typer.prompt(f"{index + 1}. {heading.strip() or '(no heading)'}", default=guess, err=True))
        except typer.Abort:
            raise InputError("not answered; nothing was changed") from None
        if answer.strip() in TARGETS or answer.strip() in attributes:
            return answer.strip()
        errors.print(f"No column can be {escape(repr(answer[:40]))}.")


def _guess(heading: str, cells: Sequence[str], attributes: Sequence[str]) -> str:
    """What the column most likely is."""
    word = plain_heading(heading)
    own = next((name for name in attributes if plain_heading(name) == word), None)
    if own:
        return own
    role = HEADINGS.get(word)
    if role is None and any("@" in cell for cell in cells):
        role = Role.ADDRESS
    return next((target for target, meaning in TARGETS.items() if role is not None and meaning is role), SKIP)


def _show(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table("", "Heading", *(f"row {number}" for number in range(1, len(rows) + 1)), box=None, pad_edge=False)
    for index, heading in enumerate(header):
        cells = [escape(row[index][:LONGEST_CELL]) if index < len(row) else "" for row in rows]
        table.add_row(str(index + 1), escape(heading.strip()[:LONGEST_CELL]), *cells)
    errors.print(table)
