"""A ZIP of files of people, as Mailchimp packs an audience: which files are read, in which order, within which limits.

Nothing is unpacked to disk: each file is read as a stream, and no more of it than the ZIP says there is. Who left is
read before who stays, so that nobody who is in both files gets on a list. Pure: reads the stream it is handed.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, BinaryIO, cast

from subscribers.csv_encoding import SAVE_AS_CSV
from subscribers.errors import InputError
from subscribers.import_formats import NEVER_ASKED, check_asked, kind_in_name

MAGIC = b"PK\x03\x04"
MOST_FILES = 100
"""Entries in a ZIP, whatever they are."""
MOST_TIMES = 200
"""How much smaller a file of people can be made by packing it; a bomb's goes to a thousand."""
_FREE = 1 << 20
"""Bytes that may be packed as tightly as anybody likes."""
_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x07"
_TAIL = 22 + (1 << 16)
_ORDER = ("cleaned", "unsubscribed", "subscribed")
_DAMAGES = (zipfile.BadZipFile, EOFError, RuntimeError, ValueError, OverflowError, struct.error)
"""What zipfile raises for what is no ZIP; a RuntimeError also for a method or a lock that it does not know."""
_DOCUMENTS = {
    b"xl/work": "an Excel file",
    b"word/document": "a Word document",
    b"META-INF/manifest.xml": "an OpenDocument file",
}
"""By a name in the table of contents."""
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of people in a ZIP."""

    name: str
    """Without folders."""
    info: zipfile.ZipInfo


def is_zip(file: BinaryIO) -> bool:
    """Whether the file begins as a ZIP does; it is rewound."""
    file.seek(0)
    head = file.read(len(MAGIC))
    file.seek(0)
    return head == MAGIC


@contextmanager
def opened_zip(file: BinaryIO, most_bytes: int) -> Iterator[tuple[zipfile.ZipFile, Sequence[Member]]]:
    """The ZIP and its files of people, those who left first; raises InputError for what is no audience export.

    `most_bytes` is what they may weigh together, unpacked.
    """
    _check_directory(file)
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGES:
        raise _damaged() from None
    with archive:
        members = _members(archive, most_bytes)
        try:
            yield archive, members
        except (zipfile.BadZipFile, EOFError, zlib.error):
            raise _damaged() from None


def never_asked(archive: zipfile.ZipFile) -> Sequence[str]:
    """The files of people who never asked for mail: nobody in them is read."""
    return [_name(info) for info in archive.infolist() if _is_table(info) and kind_in_name(_name(info)) == NEVER_ASKED]


def member_stream(archive: zipfile.ZipFile, member: Member) -> BinaryIO:
    """The file as bytes; it can be rewound. Raises InputError if it is not where the ZIP says."""
    try:
        stream: IO[bytes] = archive.open(member.info)
    except _DAMAGES:
        raise _damaged() from None
    return cast("BinaryIO", stream)


def _damaged() -> InputError:
    return InputError("the ZIP is damaged", remedy="download the export again")


def _check_directory(file: BinaryIO) -> None:
    """Refuse a table of contents that is too long before it is read into memory."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL - 20))
    tail = file.read()
    file.seek(0)
    place = tail.rfind(_END)
    if place < 0 or len(tail) < place + 22:
        raise _damaged()
    count = int.from_bytes(tail[place + 10 : place + 12], "little")
    octets = int.from_bytes(tail[place + 12 : place + 16], "little")
    _check_no_document(tail[max(0, place - octets) : place])
    if count > MOST_FILES or octets > _FREE or tail[max(0, place - 20) : place].startswith(_END_64):
        raise InputError(f"the ZIP holds more than {MOST_FILES} files", remedy=_REMEDY)


def _check_no_document(directory: bytes) -> None:
    """Refuse what Office packs as a ZIP, under whatever name it is saved."""
    for name, meaning in _DOCUMENTS.items():
        if name in directory:
            raise InputError(f"this is {meaning}, not CSV", remedy=SAVE_AS_CSV)


def _members(archive: zipfile.ZipFile, most_bytes: int) -> Sequence[Member]:
    infos = [info for info in archive.infolist() if _is_table(info)]
    unknown = [info for info in infos if not kind_in_name(_name(info))]
    if not infos or unknown:
        what = f"{_name(unknown[0])[:80]!r} is no file of an audience" if unknown else "there is no CSV file in the ZIP"
        raise InputError(what, remedy=_REMEDY)
    wanted = [info for info in infos if kind_in_name(_name(info)) != NEVER_ASKED]
    if not wanted:
        check_asked(_name(infos[0]))
    for info in wanted:
        _check(info)
    if sum(info.file_size for info in wanted) > most_bytes:
        raise InputError(
            f"the files in the ZIP weigh more than {most_bytes >> 20:,} MB",
            remedy="raise [limits] import_megabytes if that is right, or import them one by one",
        )
    members = [Member(name=_name(info), info=info) for info in wanted]
    return sorted(members, key=lambda member: _ORDER.index(kind_in_name(member.name)))


def _is_table(info: zipfile.ZipInfo) -> bool:
    hidden = info.filename.startswith("__MACOSX/") or _name(info).startswith(".")
    return not info.is_dir() and not hidden and _name(info).casefold().endswith((".csv", ".txt"))


def _check(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & 1:
        raise InputError("the ZIP asks for a password", remedy="unpack it, and import the files one by one")
    is_bomb = info.file_size > _FREE and info.file_size > MOST_TIMES * info.compress_size
    if info.compress_type not in _METHODS or is_bomb:
        raise InputError("the ZIP is packed in a way that no export is", remedy=_REMEDY)


def _name(info: zipfile.ZipInfo) -> str:
    return PurePosixPath(info.filename.replace("\\", "/")).name


_REMEDY = "expected an audience export: subscribed_….csv, unsubscribed_….csv, cleaned_….csv"
