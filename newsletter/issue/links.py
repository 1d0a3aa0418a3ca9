"""Where a link leads: read, judged for safety and made a URI. Whether it is a good link, preflight says. Pure."""

import re

from markdown_it.common.normalize_url import normalizeLink
from mdurl import encode

from newsletter.issue.fields import Fields
from newsletter.issue.model_text import Mixed
from newsletter.issue.report import Report, shown

_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_FORBIDDEN = frozenset({"javascript", "vbscript", "data", "file", "blob", "about"})
# A field may fill a path, a query or a fragment; never the scheme or the host.
_FIXED_START = re.compile(r"https?://[^/?#\s]+[/?#]|mailto:[^?\s]*\?", re.IGNORECASE)


def read_target(text: str, line: int, fields: Fields, report: Report) -> Mixed:
    """The target of a link as pieces of a URI; empty or `#` where the editor left it so.

    A scheme that can run or read something (I8), and a field that could choose the host, are findings.
    """
    pieces = fields.mixed(" ".join(text.split()), line)
    first = pieces[0] if pieces else ""
    scheme = _SCHEME.match(first) if isinstance(first, str) else None
    if scheme and scheme[1].casefold() in _FORBIDDEN:
        what = f"a link cannot lead to {shown(fields.restore(text))!r}"
        report.add("link", line, what, "link to an https: page or a mailto: address")
        return ()
    is_fixed = isinstance(first, str) and (len(pieces) < 2 or _FIXED_START.match(first))  # noqa: PLR2004 - one piece
    if not is_fixed:
        what = f"a field stands in the scheme or host of {shown(fields.restore(text))!r}"
        report.add("link", line, what, "begin with a fixed address: https://example.org/?code={{ name }}")
        return ()
    return tuple(
        piece if not isinstance(piece, str) else _uri(encode(piece) if index else normalizeLink(piece))
        for index, piece in enumerate(pieces)
    )


def _uri(text: str) -> str:
    """Brackets encoded, so that the text part can write `words (address)` and every program sees where it ends."""
    return text.replace("(", "%28").replace(")", "%29")
