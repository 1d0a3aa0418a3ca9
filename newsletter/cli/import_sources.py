"""The file that `newsletter subscribers import` is given: a table, JSON lines, or a ZIP of tables."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import ZipFile

from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from subscribers.csv_encoding import ENCODING_NAMES
from subscribers.csv_reading import DELIMITER_NAMES, CsvReader
from subscribers.errors import InputError
from subscribers.import_formats import FileFormat, recognised
from subscribers.import_zip import Member, is_zip, member_stream, never_asked, opened_zip
from subscribers.importing import Columns, map_columns, read_mapping
from subscribers.jsonl_reading import JsonLinesReader, is_jsonl

JSON_LINES = "jsonl"


@dataclass(frozen=True, kw_only=True)
class Table:
    """One file of people, ready to be read."""

    name: str
    reader: CsvReader | JsonLinesReader
    columns: Columns
    format: str

    @property
    def read_as(self) -> str:
        """Encoding and separator, in words."""
        if isinstance(self.reader, JsonLinesReader):
            return "UTF-8, JSON lines"
        return f"{ENCODING_NAMES[self.reader.encoding]}, {DELIMITER_NAMES[self.reader.delimiter]}"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What a file holds."""

    tables: Sequence[Table]
    """Who left first."""
    not_read: Sequence[str] = ()
    """Files in a ZIP about people who never asked for mail."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How files are to be understood."""

    configuration: Configuration
    item: MailingList
    format: FileFormat | None
    mapping: Sequence[str]
    ask: Callable[[CsvReader, InputError], Sequence[str]]
    """Asks a person what the columns of a file are, as texts of `--map`; raises the error where nobody can answer."""


@contextmanager
def opened(file: Path, reading: Reading) -> Iterator[Opened]:
    """The tables in `file`; raises InputError naming the file, and the file inside a ZIP."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}", where=str(file)) from None
    with stream:
        if not stream.seekable():
            raise InputError("a pipe cannot be imported: the file is read twice", where=str(file), remedy="save it")
        try:
            if not is_zip(stream):
                yield Opened(tables=[_table(stream, file.name, reading)])
                return
            limit = reading.configuration.limits.import_megabytes << 20
            with opened_zip(stream, limit) as (archive, members):
                yield Opened(tables=_tables(file, archive, members, reading), not_read=never_asked(archive))
        except InputError as error:
            error.where = error.where or str(file)
            raise


def _tables(file: Path, archive: ZipFile, members: Sequence[Member], reading: Reading) -> list[Table]:
    try:
        return [_table(member_stream(archive, member), member.name, reading) for member in members]
    except InputError as error:
        error.where = f"{file}, {error.where}"
        raise


def _table(stream: BinaryIO, name: str, reading: Reading) -> Table:
    try:
        return _understood(stream, name, reading)
    except InputError as error:
        error.where = error.where or name
        raise


def _understood(stream: BinaryIO, name: str, reading: Reading) -> Table:
    limit = reading.configuration.limits.csv_line_kilobytes * 1024
    types = reading.item.typed_attributes
    if is_jsonl(stream):
        lines = JsonLinesReader(stream, tuple(types), line_limit=limit)
        columns = map_columns(lines.header, types, file_format=FileFormat.CSV, zone=reading.item.zone)
        return Table(name=name, reader=lines, columns=columns, format=JSON_LINES)
    reader = CsvReader(stream, line_limit=limit)
    texts = reading.mapping
    try:
        columns = _mapped(reader, name, reading, texts)
    except InputError as error:
        texts = reading.ask(reader, error)
        stream.seek(0)
        reader = CsvReader(stream, line_limit=limit)
        columns = _mapped(reader, name, reading, texts)
    chosen = reading.format or recognised(reader.header)
    return Table(name=name, reader=reader, columns=columns, format=chosen.value)


def _mapped(reader: CsvReader, name: str, reading: Reading, texts: Sequence[str]) -> Columns:
    types = reading.item.typed_attributes
    return map_columns(
        reader.header,
        types,
        file_format=reading.format,
        file_name=name,
        mapping=read_mapping(texts, reader.header, tuple(types)),
        zone=reading.item.zone,
    )
