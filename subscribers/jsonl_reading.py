"""JSON lines, as our own export writes them, read like a CSV file: rows with their line numbers. Pure.

One object per line; `attributes` is an object of texts. What a row does not have is an empty cell.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from subscribers.csv_reading import LINE_LIMIT, Broken
from subscribers.errors import InputError
from subscribers.exporting import defuse_text

FIELDS = ("email", "name", "organisation", "state", "since", "consented_at", "left_at", "reason")
_WRONG = Broken("the line is no JSON object", "write one object per line, as the export does")
_TOO_LONG = Broken("the line is too long", "split or shorten it")


def is_jsonl(file: BinaryIO) -> bool:
    """Whether the file begins with an object; it is rewound."""
    file.seek(0)
    head = file.read(1 << 10)
    file.seek(0)
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


class JsonLinesReader:
    """One file of JSON lines; what subscribers.csv_reading.CsvReader is for CSV."""

    encoding = "utf-8"
    delimiter = "\n"

    def __init__(self, file: BinaryIO, attributes: Sequence[str], *, line_limit: int = LINE_LIMIT) -> None:
        self._file = file
        self._limit = line_limit
        self._attributes = tuple(attributes)
        self.size = file.seek(0, 2)
        self.bytes_read = 0
        self.header = [*FIELDS, *attributes]
        if not self.size:
            raise InputError("the file is empty", remedy="one JSON object per line")

    def __iter__(self) -> Iterator[tuple[int, list[str] | Broken]]:
        self._file.seek(0)
        self.bytes_read = number = 0
        while line := self._file.readline(self._limit + 1):
            number += 1
            self.bytes_read += len(line)
            if len(line) > self._limit:
                self._skip_rest(line)
                yield number, _TOO_LONG
            elif line.strip():
                yield number, self._cells(line)

    def _skip_rest(self, line: bytes) -> None:
        while line and not line.endswith(b"\n"):
            line = self._file.readline(self._limit)
            self.bytes_read += len(line)

    def _cells(self, line: bytes) -> list[str] | Broken:
        try:
            found: Any = json.loads(line.decode("utf-8-sig", "replace"))
        except (ValueError, RecursionError):
            return _WRONG
        attributes = found.get("attributes") or {} if isinstance(found, dict) else None
        if not isinstance(attributes, dict):
            return _WRONG
        values = [*map(found.get, FIELDS), *map(attributes.get, self._attributes)]
        if not all(value is None or isinstance(value, str | int | float) for value in values):
            return _WRONG
        # As a cell of our CSV, so that the import takes off what it expects there and nothing else.
        return ["" if value is None else defuse_text(str(value)) for value in values]
