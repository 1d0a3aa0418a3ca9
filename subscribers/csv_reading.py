"""CSV as offices save it, read as a stream: bytes in, rows with their line numbers out. Pure.

Understood without being told: UTF-8 with or without byte order mark, Windows-1252, UTF-16 ("Unicode text" of Excel);
comma, semicolon or tab; Excel's first line `sep=;`; quoted cells with line breaks; line ends of Windows, Unix and old
Macs. A broken row costs that row only: what an unclosed quote would have swallowed is read again from the next line.
Memory stays bounded whatever the file holds: no line or row longer than `line_limit` characters is ever kept.
"""

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from subscribers.csv_encoding import CHUNK, SAVE_AS_CSV, detect_encoding
from subscribers.errors import InputError

LINE_LIMIT = 1 << 16
REREAD_LIMIT = 1 << 26
"""Characters that may be read a second time after broken quotes, over the whole file: no file takes for ever."""

_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?\r?', re.IGNORECASE)

DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True, slots=True)
class Broken:
    """Why a row cannot be read, and what to do about it; never a piece of the row itself (I7)."""

    reason: str
    remedy: str


_UNCLOSED = Broken('a quote (") is opened and never closed', "close the quote, or remove it")
_MISPLACED = Broken('a quote (") stands in the wrong place', 'write a quote inside quotes twice: ""')
_BARE_RETURN = Broken("a line break stands in the middle of a cell", "remove it, or put the cell in quotes")


class _TooLongError(Exception):
    """A line or a quoted cell goes on beyond the limit."""


class _Lines:
    """Lines for the csv module, which counts them, bounds them and can take them back.

    An iterator and not a generator: it must go on after it has raised.
    """

    def __init__(self, texts: Iterator[str], limit: int) -> None:
        self.number = 0
        self.fed: list[str] = []
        self._size = 0
        self._limit = limit
        self._rereadable = REREAD_LIMIT
        self._new = _split(texts, limit)
        self._back: list[str | None] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else next(self._new)
        if self.fed:
            return self._continue(line)
        self.number += 1
        if line is None:
            raise _TooLongError
        self.fed.append(line)
        self._size = len(line)
        return line

    def _continue(self, line: str | None) -> str:
        """A further line of a row whose quote is open."""
        if line is None or self._size + len(line) > self._limit:
            self._back.append(line)
            raise _TooLongError
        self.number += 1
        self.fed.append(line)
        self._size += len(line) + 1
        return "\n" + line

    def take_back(self) -> None:
        """Only the first line of a broken row is lost; those after it are handed out again."""
        self._rereadable -= self._size
        if self._rereadable > 0:
            again = self.fed[1:]
            self._back.extend(reversed(again))
            self.number -= len(again)

    def peek(self) -> str:
        """The next line that is not blank, which stays the next; raises StopIteration or _TooLongError."""
        line = next(self)
        while not line.strip():
            self.fed.clear()
            line = next(self)
        self.fed.clear()
        self.number -= 1
        self._back.append(line)
        return line

    def skip(self) -> None:
        """Pass over the line that was peeked at."""
        next(self)
        self.fed.clear()


def _split(texts: Iterator[str], limit: int) -> Iterator[str | None]:
    """Lines without their line feed; None stands for one that is longer than `limit`."""
    rest, is_overlong = "", False
    for text in texts:
        lines = (rest + text).split("\n")
        rest = lines.pop()
        if lines and is_overlong:
            lines[0], is_overlong = "", False
            yield None
            del lines[0]
        yield from lines if max(map(len, lines), default=0) <= limit else _bounded(lines, limit)
        if len(rest) > limit:
            rest, is_overlong = "", True
        elif is_overlong:
            rest = ""
    if is_overlong:
        yield None
    elif rest:
        yield rest


def _bounded(lines: list[str], limit: int) -> Iterator[str | None]:
    return (line if len(line) <= limit else None for line in lines)


class CsvReader:
    """One CSV file. Iterating yields `(line, cells)`, or `(line, Broken)` for a row that cannot be read; blank lines
    are passed over. `line` counts from 1 and is where the row begins.

    Raises InputError on construction for a file that is empty or no text.
    """

    def __init__(self, file: BinaryIO, *, line_limit: int = LINE_LIMIT) -> None:
        self._file = file
        self._limit = line_limit
        self.bytes_read = 0
        self.size = file.seek(0, 2)
        self.encoding = detect_encoding(file)
        self._lines = _Lines(self._texts(), line_limit)
        try:
            self.delimiter = self._find_delimiter()
            self.header = self._read_header()
        except StopIteration:
            raise InputError("the file is empty", remedy="its first line names the columns: e-mail;naam") from None
        except _TooLongError:
            raise InputError("line 1 is too long for a header", remedy=SAVE_AS_CSV) from None

    def __iter__(self) -> Iterator[tuple[int, list[str] | Broken]]:
        lines = self._lines
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        while True:
            lines.fed.clear()
            line = lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, _TooLongError) as error:
                lines.take_back()
                yield line, self._explain(error)
                continue
            if cells:
                yield line, cells

    def _texts(self) -> Iterator[str]:
        """The file as text, by chunks, its lines ended by a line feed, with or without a return before it."""
        self._file.seek(0)
        decoder = codecs.getincrementaldecoder(self.encoding)("replace")
        is_old_mac: bool | None = None
        while True:
            chunk = self._file.read(CHUNK)
            self.bytes_read += len(chunk)
            text = decoder.decode(chunk, not chunk)
            if is_old_mac is None:
                is_old_mac = "\r" in text and "\n" not in text
            yield text.replace("\r", "\n") if is_old_mac else text
            if not chunk:
                return

    def _find_delimiter(self) -> str:
        line = self._lines.peek()
        if said := _SEPARATOR_LINE.fullmatch(line):
            self._lines.skip()
            return said[1]
        bare = re.sub(r'"[^"]*"', "", line)
        return max(DELIMITER_NAMES, key=bare.count)

    def _read_header(self) -> list[str]:
        self._lines.peek()
        for _, cells in self:
            if isinstance(cells, Broken):
                raise InputError(f"the header cannot be read: {cells.reason}", remedy=cells.remedy)
            return cells
        raise StopIteration

    def _explain(self, error: Exception) -> Broken:
        text = str(error)
        if isinstance(error, _TooLongError) and len(self._lines.fed) > 1:
            return _UNCLOSED
        if isinstance(error, _TooLongError) or "field limit" in text:
            return Broken(f"the line is longer than {self._limit // 1024} kB", "split or shorten it")
        if "unexpected end" in text:
            return _UNCLOSED
        return _BARE_RETURN if "new-line" in text else _MISPLACED
