"""Quoted-printable bodies (RFC 2045 section 6.7): exact, 7-bit, and safe on every relay. Pure.

Text is encoded piece by piece: what is the same for everyone once, values of fields when they are filled in. Pieces
are fenced by soft line breaks, so a piece always starts in column 0 and ends a line, whatever stands beside it:

    Beste =                      literal piece
    Ren=C3=A9=                   value of a field
    , vanaf maandag kunt u       literal piece

A physical line has at most 76 octets, ends in no white space, starts with neither `.` (no dot-stuffing is ever needed)
nor `From ` (mbox), and can never hold `=_`, with which MIME boundaries start.
"""

import re
from binascii import b2a_base64

FENCE = b"=\r\n"
"""A soft line break: ends a line without a line end in the decoded text."""
_CONTENT = 75
"""Octets of a physical line before its `=`."""
_BASE64_LINE = 57
"""Octets that make a line of 76 base64 characters."""

# Octets that stand for themselves are printable ASCII; everything else, tabs included, is `=XX`.
_WORK = re.compile(rb"[^ -<>-~]")
_ENCODED = {bytes((octet,)): b"=%02X" % octet for octet in range(256)}
# A value that needs no work: one line, plain, not the start or the end of anything special.
_PLAIN = re.compile(r"(?!\.|From )[ -<>-~]{0,74}[!-<>-~]")
_LONG_WORD = re.compile(r"(?!\.)[!-<>-~]{75}(?!\.)[!-<>-~]{1,75}")
_NO_WORK = re.compile(r"[ -<>-~]*")
_LINE_END = re.compile(r"\r\n|\r|\n")
_ESCAPED_START = {".": "=2E", "F": "=46"}


def quoted_printable(text: str) -> bytes:
    """`text` as quoted-printable; every kind of line end becomes CRLF. Raises UnicodeEncodeError for half characters.

    The result may stand between two FENCEs, and before the CRLF of a boundary.
    """
    if _PLAIN.fullmatch(text):
        return text.encode("ascii")
    if _LONG_WORD.fullmatch(text):  # a link
        return f"{text[:_CONTENT]}=\r\n{text[_CONTENT:]}".encode("ascii")
    return "\r\n".join(_lines(line) for line in _LINE_END.split(text)).encode("ascii")


def base64_lines(data: bytes) -> bytes:
    """`data` as base64 in lines of 76 characters, CRLF after each but the last."""
    starts = range(0, len(data), _BASE64_LINE)
    return b"\r\n".join(b2a_base64(data[start : start + _BASE64_LINE], newline=False) for start in starts)


def _escape(found: re.Match[bytes]) -> bytes:
    return _ENCODED[found[0]]


def _lines(line: str) -> str:
    """One line of text as the physical lines it needs."""
    encoded = line if _NO_WORK.fullmatch(line) else _WORK.sub(_escape, line.encode()).decode("ascii")
    if encoded.endswith(" "):
        encoded = f"{encoded[:-1]}=20"
    lines = []
    while len(encoded := _safe_start(encoded)) > _CONTENT:
        cut = _place_to_cut(encoded)
        lines.append(encoded[:cut])
        encoded = encoded[cut:]
    return "=\r\n".join([*lines, encoded])


def _safe_start(encoded: str) -> str:
    """Nothing that a relay or a mailbox file takes for its own stands at the start of a line."""
    if encoded.startswith((".", "From ")):
        return _ESCAPED_START[encoded[0]] + encoded[1:]
    return encoded


def _place_to_cut(encoded: str) -> int:
    """The last place within a physical line that splits no `=XX`."""
    escape = encoded.rfind("=", _CONTENT - 2, _CONTENT)
    return escape if escape >= 0 else _CONTENT
