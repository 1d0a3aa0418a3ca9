"""Mails from files: single files, folders, Maildirs and mbox files, one at a time (an edge: it reads files).

Nothing is changed, moved or deleted. An mbox of any length is read in one pass, a mail of any length up to a limit.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from subscribers.errors import InputError

MAXIMUM_OCTETS = 10 * 1024 * 1024
"""Of one mail; the rest of it is passed over."""
_LINE = 64 * 1024
_MAIL_SUFFIXES = frozenset({".eml", ".mbox", ".mail", ".msg", ".mbx"})
_BEGINS_LIKE_MAIL = re.compile(rb"\s*(?:>?From |[!-9;-~]{1,76}[ \t]*:)")
_ESCAPED = re.compile(rb">+From ")


@dataclass(frozen=True, slots=True)
class FoundMail:
    """One mail: the file it stands in, with its number if it stands in an mbox (`FILE#3`), and its bytes."""

    name: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Files:
    """The files below the paths that were given, in their order."""

    mails: tuple[Path, ...]
    skipped: int
    """Files in folders that are no mail by name and beginning."""


def find_files(paths: Iterable[Path]) -> Files:
    """The files to read; raises InputError for a path that is not there. A file named outright is always read."""
    found: list[Path] = []
    skipped = 0
    for path in paths:
        if path.is_dir():
            inside = _inside(path)
            taken = [file for file in inside if _is_mail(file)]
            skipped += len(inside) - len(taken)
            found += taken
        elif path.exists():
            found.append(path)
        else:
            raise InputError("there is no such file or folder", where=str(path))
    return Files(tuple(found), skipped)


def read_mails(path: Path) -> Iterator[FoundMail]:
    """The mails of one file; raises InputError if it cannot be read."""
    try:
        with path.open("rb") as stream:
            if path.suffix.lower() != ".eml" and stream.read(5) == b"From ":
                stream.seek(0)
                for number, raw in enumerate(_split_mbox(stream), 1):
                    yield FoundMail(f"{path}#{number}", raw)
            else:
                stream.seek(0)
                yield FoundMail(str(path), stream.read(MAXIMUM_OCTETS))
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}", where=str(path)) from None


def _inside(folder: Path) -> list[Path]:
    """The files of a folder and those below it; of a Maildir those that are delivered."""
    if (folder / "cur").is_dir() and (folder / "new").is_dir():
        return [file for part in ("new", "cur") for file in sorted((folder / part).iterdir()) if file.is_file()]
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place, name) for name in sorted(names) if not name.startswith(".")]
    return [file for file in found if file.is_file()]


def _is_mail(file: Path) -> bool:
    if file.suffix.lower() in _MAIL_SUFFIXES or file.parent.name in {"cur", "new"}:
        return True
    try:
        with file.open("rb") as stream:
            return bool(_BEGINS_LIKE_MAIL.match(stream.read(1000)))
    except OSError:
        return True  # read_mails says what is wrong with it


def _split_mbox(stream: BinaryIO) -> Iterator[bytes]:
    """The mails of an mbox, without their "From " lines and with the escaped ones restored."""
    lines: list[bytes] = []
    size, is_first, follows_empty = 0, True, True
    while line := stream.readline(_LINE):
        if follows_empty and line.startswith(b"From "):
            if not is_first:
                yield b"".join(lines)
            lines, size, is_first = [], 0, False
        elif size < MAXIMUM_OCTETS:
            kept = line[1:] if _ESCAPED.match(line) else line
            lines.append(kept)
            size += len(kept)
        follows_empty = not line.strip(b"\r\n")
    if not is_first:
        yield b"".join(lines)
