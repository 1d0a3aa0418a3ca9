"""The headers of a mail that nobody vouches for: split, unfolded, decoded. Pure, never raises."""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.feedback.charsets import decode_text

MAXIMUM_HEADERS = 500
MAXIMUM_VALUE = 16 * 1024
"""Octets of one value; the rest is not read."""

_NAME = re.compile(rb"([!-9;-~]{1,76})[ \t]*:", re.ASCII)
_ENCODED = re.compile(r"=\?([A-Za-z0-9_-]{1,40})(?:\*[A-Za-z0-9-]{0,20})?\?([bBqQ])\?([^?\s]{0,400})\?=(\s+(?==\?))?")
_PARAMETER = re.compile(r';\s*([A-Za-z0-9_-]{1,40})(?:\*0?\*?)?\s*=\s*(?:"([^"\n]{0,500})"?|([^\s;"]{1,500}))')
_MAIL_HEADERS = frozenset({"received", "from", "to", "subject", "date", "message-id", "return-path"})


@dataclass(frozen=True, slots=True)
class Headers:
    """Names in lower case and values in one line, in the order of the mail."""

    fields: tuple[tuple[str, str], ...] = ()

    def all(self, *names: str) -> Iterator[str]:
        """The values of every header called one of `names`."""
        return (value for name, value in self.fields if name in names)

    def first(self, name: str) -> str:
        """The first value of that name, raw; empty if there is none."""
        return next(self.all(name), "")

    def has(self, *names: str) -> bool:
        """Whether there is a header with one of `names`."""
        return any(name in names for name, _ in self.fields)

    @property
    def subject(self) -> str:
        """The subject as a person reads it."""
        return decode_words(self.first("subject"))

    @property
    def look_like_a_mail(self) -> bool:
        """Whether they are the headers of a whole message, not those of a MIME part."""
        return len(_MAIL_HEADERS & {name for name, _ in self.fields}) >= 3  # noqa: PLR2004 - no MIME part has three


def split_headers(data: bytes) -> tuple[Headers, bytes]:
    """The headers that `data` begins with, and what follows the empty line; a line that is none begins the body."""
    found: list[tuple[str, list[bytes]]] = []
    place = 0
    while place < len(data):
        end = data.find(b"\n", place)
        end = len(data) if end < 0 else end
        line = data[place:end]
        name = _NAME.match(line)
        if not line.strip():
            place = end + 1
            break
        if line[:1] in b" \t" and found:
            found[-1][1].append(line)
        elif name:
            found.append((name[1].decode("ascii").lower(), [line[name.end() :]]))
        elif not (found and _NAME.match(data, end + 1)):  # else: a folded line that lost its indentation
            break
        place = end + 1
    fields = tuple((name, _unfold(lines)) for name, lines in found[:MAXIMUM_HEADERS])
    return Headers(fields), data[place:]


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """`text/plain; charset=utf-8` as the word before the semicolon, in lower case, and the parameters."""
    head = value.partition(";")[0].strip().lower()
    found = re.split(r"\s", head, maxsplit=1)[0]
    parameters: dict[str, str] = {}
    text = value if ";" in value else re.sub(r"\s+([A-Za-z]+=)", r"; \1", value[:1000])
    for match in _PARAMETER.finditer(text):
        parameters.setdefault(match[1].lower(), match[2] if match[2] is not None else match[3])
    return found, parameters


def decode_words(value: str) -> str:
    """`value` with its RFC 2047 encoded-words decoded; one that cannot be is left as it stands."""
    return _ENCODED.sub(_decode_word, value)


def _decode_word(match: re.Match[str]) -> str:
    charset, encoding, word = match[1], match[2].lower(), match[3]
    try:
        data = word.encode("ascii")
        if encoding == "q":
            return decode_text(quopri.decodestring(data, header=True), charset)
        return decode_text(binascii.a2b_base64(data + b"=" * (-len(data) % 4)), charset)
    except (ValueError, binascii.Error):
        return match[0]


def _unfold(lines: list[bytes]) -> str:
    value = b" ".join(line.strip() for line in lines)[:MAXIMUM_VALUE]
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
