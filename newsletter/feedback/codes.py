"""Enhanced status codes (RFC 3463) and reply codes (RFC 5321) in a server's words. Pure, linear."""

import re
from dataclasses import dataclass

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d|\.\w)", re.ASCII)
_REPLY = re.compile(
    r"(?<![\w.:/\[+=-])([45][0-5]\d)(?=[\s:;,#<>.\"'\])-]|$)(?!-\d|\.\d|:\d\d|\s*(?:bytes|KB|MB|K\b))", re.ASCII
)
_STATUS_FIELD = re.compile(r"\s*([245])\s*\.\s*(\d{1,3})\s*\.\s*(\d{1,3})", re.ASCII)
_CONTEXT = re.compile(
    r"(?:\b(?:said|says|reason|reply|response|error|code|returned|smtp|status|host|answered"
    r"|antwort|antwoord|fout|erreur)\b[^\n]{0,60}?|^[\s>*<|(\[\"'-]{0,12})([45][0-5]\d)(?=[\s:;,#<-])",
    re.ASCII | re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Codes:
    """What a text says in numbers, in its order, each once."""

    enhanced: tuple[str, ...] = ()
    replies: tuple[int, ...] = ()

    @property
    def status(self) -> str | None:
        """The most telling enhanced code."""
        return best_status(self.enhanced)

    @property
    def reply(self) -> int | None:
        """The first reply code that refuses for good, else the first."""
        final = (code for code in self.replies if code >= 500)  # noqa: PLR2004 - 5yz
        return next(final, next(iter(self.replies), None))


def find_codes(text: str) -> Codes:
    """The codes in `text`: a reply code must stand where servers put it, not just be a number."""
    enhanced = [f"{match[1]}.{int(match[2])}.{int(match[3])}" for match in _ENHANCED.finditer(text)]
    failing = [code for code in enhanced if code[0] != "2"]
    replies = [int(match[1]) for match in _CONTEXT.finditer(text)] or [int(match[1]) for match in _REPLY.finditer(text)]
    return Codes(tuple(dict.fromkeys(failing)), tuple(dict.fromkeys(replies)))


def read_status(value: str) -> str | None:
    """The code of a Status field: `5.1.1 (user unknown)` is 5.1.1."""
    found = _STATUS_FIELD.match(value)
    return f"{found[1]}.{int(found[2])}.{int(found[3])}" if found else None


def precision(status: str | None) -> int:
    """How much a code says: 0 for none, 1 for 5.0.0, 2 for 5.1.0, 3 for 5.1.1."""
    if not status:
        return 0
    _, subject, detail = status.split(".")
    return 3 if detail != "0" else 2 if subject != "0" else 1


def best_status(codes: tuple[str, ...]) -> str | None:
    """The most precise one, and of equals the last: what the last server said is nearest to the cause."""
    return max(reversed(codes), key=precision, default=None)
