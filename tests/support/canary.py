"""A canary: somebody whose address, name and other values occur nowhere else, and searches that see through encodings.

`traces(folder)` opens every file below a folder, looks for the canary as plain text in several character sets, as
base64 at each of its three offsets, as hexadecimal, percent and quoted-printable encoding, and does the same in what a
file holds compressed. `holding(folder, pattern)` counts a pattern per file, for crowds of canaries. A search that finds
nothing is worth something only if it finds what is put there: tests/unit/test_canary_search.py hides it in every way.
"""

import base64
import bz2
import gzip
import io
import lzma
import quopri
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

Pattern = re.Pattern[bytes]

DEEPEST = 3
"""Compressed within compressed."""


@dataclass(frozen=True)
class Canary:
    """One person to look for."""

    word: str = "kanariepiet"

    @property
    def address(self) -> str:
        return f"{self.word}.Vogel@{self.word}-dorp.example"

    @property
    def name(self) -> str:
        return f"{self.word.capitalize()} Zangvögel"

    @property
    def organisation(self) -> str:
        return f"Gemeente {self.word.capitalize()}dorp"

    @property
    def words(self) -> tuple[str, ...]:
        """What is looked for; letters of either case."""
        return (self.word, "zangvögel")


CANARY = Canary()


def traces(folder: Path, canary: Canary = CANARY) -> list[str]:
    """Each file below `folder` that holds the canary, with the form in which; sorted."""
    return sorted(
        f"{path.relative_to(folder)}: {form}"
        for path in folder.rglob("*")
        for form in (_forms_in(path, canary) if path.is_file() else _named(path, canary))
    )


def _forms_in(path: Path, canary: Canary) -> Iterator[str]:
    yield from _named(path, canary)
    yield from forms(path.read_bytes(), canary)


def _named(path: Path, canary: Canary) -> Iterator[str]:
    if canary.word in path.name.casefold():
        yield "its name"


def forms(data: bytes, canary: Canary = CANARY, depth: int = 0) -> list[str]:
    """In which forms `data` holds the canary, compressed content included."""
    lower = data.lower()
    found = [form for form, needle, in_case in _needles(canary) if needle in (data if in_case else lower)]
    if depth < DEEPEST:
        for how, content in _unpacked(data):
            found += [f"{how}, {form}" for form in forms(content, canary, depth + 1)]
    return list(dict.fromkeys(found))


def _needles(canary: Canary) -> Iterator[tuple[str, bytes, bool]]:
    """Name of a form, the bytes to look for, and whether their case matters."""
    for word in canary.words:
        for charset in ("utf-8", "latin-1", "utf-16-le", "utf-16-be"):
            yield charset, word.encode(charset).lower(), False
        yield "hexadecimal", word.encode().hex().encode(), False
        yield "percent", quote(word).lower().encode(), False
        yield "quoted-printable", quopri.encodestring(word.encode()).lower(), False
        yield "json", word.encode("ascii", "backslashreplace").replace(b"\\x", b"\\u00"), False
        for spelling in (word, word.capitalize(), word.upper()):
            for offset in range(3):
                yield "base64", _base64_inside(spelling.encode(), offset), True


def _base64_inside(word: bytes, offset: int) -> bytes:
    """The letters that `word` is sure to become when it stands `offset` bytes past a multiple of three."""
    padded = b"\0" * offset + word
    whole = len(padded) - len(padded) % 3
    encoded = base64.b64encode(padded[:whole])
    return encoded[{0: 0, 1: 2, 2: 3}[offset] :]


def _unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    for how, begins, unpack in (
        ("gzip", b"\x1f\x8b", gzip.decompress),
        ("bzip2", b"BZh", bz2.decompress),
        ("xz", b"\xfd7zXZ", lzma.decompress),
        ("zlib", b"\x78", zlib.decompress),
    ):
        if data.startswith(begins):
            try:
                yield how, unpack(data)
            except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError):
                continue
    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for name in archive.namelist():
                    yield "zip", archive.read(name)
        except (zipfile.BadZipFile, RuntimeError):
            return


# ---------------------------------------------------------------- a pattern, counted per file


def holding(folder: Path, pattern: Pattern, *, but: Callable[[Path], bool] = lambda _path: False) -> dict[str, int]:
    """How often the pattern occurs in each file below `folder`, in any case and in the usual disguises."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not but(path)]
    counts = {
        str(path.relative_to(folder)): sum(len(pattern.findall(text)) for text in disguises(path)) for path in files
    }
    return {name: number for name, number in counts.items() if number}


def disguises(path: Path) -> Iterator[bytes]:
    """The bytes of a file, and what they are once expanded (zlib and gzip streams, wherever they begin)."""
    data = path.read_bytes()
    yield data
    yield data.decode("utf-16-le", "ignore").encode()
    for found in re.finditer(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08", data):
        try:
            yield zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(data[found.start() :])
        except zlib.error:
            continue


def is_backup(path: Path) -> bool:
    """Whether a file is a backup, which holds people until its life is over."""
    return path.suffix == ".backup"
