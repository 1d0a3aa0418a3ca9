"""Mail taken apart, whatever is wrong with it: headers, parts, text. Pure, linear in its input, never raises.

The standard library's parser is right for mail that follows the rules; what comes back often does not: parts without
a header, multiparts without a Content-Type, boundaries that nobody closes, line ends of three kinds. Every limit is
here: what is beyond it is not read.
"""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.feedback.charsets import decode_text
from newsletter.feedback.headers import Headers, parse_parameters, split_headers

MAXIMUM_OCTETS = 2 * 1024 * 1024
"""A report says what it has to say before the message it returns; what is longer is cut here."""
MAXIMUM_DEPTH = 8
MAXIMUM_PARTS = 100
TEXT_CHARACTERS = 64 * 1024
"""Of each text part, the beginning."""
_FIRST_LINES = 8
"""Where the first boundary of a multipart without a header must stand."""
RETURNED = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"})
"""Parts that hold the message that was sent, or its headers (RFC 3462, RFC 6533)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a mail, or the mail itself."""

    headers: Headers
    type: str
    """`text/plain`, in lower case."""
    parameters: dict[str, str]
    body: bytes = b""
    """As transferred; empty for a multipart."""
    parts: tuple["Part", ...] = ()

    @property
    def is_returned(self) -> bool:
        """Whether it is the message that was sent, or its headers."""
        return self.type in RETURNED or (self.type == "text/plain" and self.headers.look_like_a_mail)

    def content(self) -> bytes:
        """The body without its transfer encoding."""
        return _decode_transfer(self.body, self.headers.first("content-transfer-encoding").lower())

    def text(self) -> str:
        """The beginning of the body as text, in its character set, or in the one that fits."""
        return decode_text(self.content()[: 4 * TEXT_CHARACTERS], self.parameters.get("charset", ""))[:TEXT_CHARACTERS]

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in their order; a returned message is one part."""
        yield self
        for part in self.parts:
            yield from part.walk()


def parse_mail(raw: bytes) -> Part:
    """The mail as a tree; `raw` may be of any length, with any line ends, and begin with mbox's "From " line."""
    data = plain_lines(raw[:MAXIMUM_OCTETS])
    if data.startswith((b"From ", b">From ")):
        data = data.partition(b"\n")[2]
    return _Splitter().part(data.lstrip(b"\n"), depth=0)


def plain_lines(data: bytes) -> bytes:
    """`data` with every line end as a line feed."""
    return data.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _decode_transfer(body: bytes, encoding: str) -> bytes:
    try:
        if encoding == "base64":
            letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
            whole = len(letters) - len(letters) % 4
            return binascii.a2b_base64(letters[:whole]) + _rest(letters[whole:])
        if encoding == "quoted-printable":
            return quopri.decodestring(body)
    except (ValueError, binascii.Error):  # pragma: no cover - nothing of the cleaned input is refused
        return body
    return body


def _rest(letters: bytes) -> bytes:
    """The last group of base64, which may lack its padding; one letter alone says nothing."""
    return binascii.a2b_base64(letters + b"=" * (4 - len(letters))) if len(letters) > 1 else b""


class _Splitter:
    """Splits multiparts, and counts the parts of the whole mail."""

    def __init__(self) -> None:
        self._count = 0

    def part(self, data: bytes, depth: int) -> Part:
        headers, body = split_headers(data)
        kind, parameters = parse_parameters(headers.first("content-type"))
        pieces = self._pieces(kind, parameters, body) if depth < MAXIMUM_DEPTH else []
        parts = tuple(self.part(piece, depth + 1) for piece in pieces if self._has_room())
        if parts:
            kind = kind if kind.startswith("multipart/") else "multipart/mixed"
            return Part(headers=headers, type=kind, parameters=parameters, parts=parts)
        if "/" not in kind or kind.startswith("multipart/"):
            kind = "text/plain"
        return Part(headers=headers, type=kind, parameters=parameters, body=body)

    def _has_room(self) -> bool:
        self._count += 1
        return self._count <= MAXIMUM_PARTS

    def _pieces(self, kind: str, parameters: dict[str, str], body: bytes) -> list[bytes]:
        if kind.startswith("multipart/"):
            named = parameters.get("boundary", "").encode("utf-8", "replace")
            return _split(body, named) or _split(body, _guess_boundary(body))
        return [] if kind else _split(body, _guess_boundary(body))


def _guess_boundary(body: bytes) -> bytes:
    """The boundary of a multipart whose header is lost: a line that comes again above a part's header."""
    for line in body[:1000].split(b"\n")[:_FIRST_LINES]:
        boundary = line[2:].rstrip()
        if line.startswith(b"--") and boundary.strip(b"-_=*") and b"\n" + line.rstrip() + b"\nContent-" in b"\n" + body:
            return boundary
    return b""


def _split(body: bytes, boundary: bytes) -> list[bytes]:
    """The parts of `body` between lines of `boundary`; the last one may lack its end."""
    if not boundary.strip():
        return []
    pieces: list[bytes] = []
    current: list[bytes] | None = None
    for chunk in (b"\n" + body).split(b"\n--" + boundary)[1:]:
        tail, _, content = chunk.partition(b"\n")
        if tail.strip() not in {b"", b"--"}:  # a line that only begins like the boundary
            if current is not None:
                current.append(b"\n--" + boundary + chunk)
            continue
        if current is not None:
            pieces.append(b"".join(current))
        current = None if tail.strip() else [content]
    return pieces if current is None else [*pieces, b"".join(current)]
