"""Replies of an SMTP server: reading them off the wire, their enhanced codes, and cleaning their text. Pure.

RFC 5321 section 4.2 (replies), RFC 3463 (enhanced codes). What a server sends is untrusted: lengths are bounded, and
anything that is no reply ends the session.
"""

import re
from typing import NamedTuple

MAXIMUM_LINE = 8192
MAXIMUM_REPLY = 65536
"""Octets of one reply with all its lines; a server that sends more is not talking SMTP."""
STORED_LENGTH = 200
"""Characters of a reply text that are kept."""

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)")
_ADDRESS = re.compile(r"""[^\s<>"'(),;:]*[^\s<>"'(),;:=]@\S*[^\s<>"'(),;:.]""")
_ENCODED_ADDRESS = re.compile(r"[^\s<>\"'(),;:=/?&]+(?:=|%40|\+40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_SUSPECT = re.compile(r"[@=+%\x00-\x1f\x7f]|  |^ | $")
"""What a text without any address has not, and one that is clean in other ways has neither."""
REMOVED = "<address>"
_KNOWN_LINES = 32
"""Replies of one line that are remembered: a server says the same few again and again."""


class NoReplyError(ValueError):
    """The server sent something that is not an SMTP reply."""


class Reply(NamedTuple):
    """One reply: the code of its last line and the texts of all lines, joined by a space.

    A tuple, since four of these are made for every message, and a frozen dataclass takes five times as long.
    """

    code: int
    text: str = ""

    @property
    def is_positive(self) -> bool:
        """2yz: done."""
        return 200 <= self.code < 300  # noqa: PLR2004 - RFC 5321 section 4.2.1

    @property
    def is_temporary(self) -> bool:
        """4yz: not now."""
        return 400 <= self.code < 500  # noqa: PLR2004 - RFC 5321 section 4.2.1

    @property
    def is_permanent(self) -> bool:
        """5yz: never."""
        return 500 <= self.code < 600  # noqa: PLR2004 - RFC 5321 section 4.2.1

    @property
    def enhanced(self) -> tuple[int, int, int] | None:
        """The RFC 3463 status, if the text begins with one of the same class as the code."""
        found = _ENHANCED.match(self.text)
        if not found or int(found[1]) != self.code // 100:
            return None
        return int(found[1]), int(found[2]), int(found[3])


class ReplyReader:
    """Bytes in, replies out; keeps what is not complete yet."""

    def __init__(self) -> None:
        self._buffer = b""
        self._texts: list[bytes] = []
        self._code = b""
        self._size = 0
        self._known: dict[bytes, Reply] = {}

    def feed(self, data: bytes) -> list[Reply]:
        """All replies that are complete after `data`; raises NoReplyError for anything else."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > MAXIMUM_LINE:
            raise NoReplyError("a line without an end")
        if not self._texts:
            known = [self._known.get(line) for line in lines]
            if None not in known:
                return known  # type: ignore[return-value]  # no None is among them
        return [reply for line in lines if (reply := self._read(line)) is not None]

    def _read(self, line: bytes) -> Reply | None:
        """The reply that `line` ends, if it ends one; remembered if it is whole in this line."""
        is_whole = not self._texts
        reply = self._line(line.rstrip(b"\r"))
        if reply and is_whole and len(self._known) < _KNOWN_LINES:
            self._known[line] = reply
        return reply

    def _line(self, line: bytes) -> Reply | None:
        found = _LINE.fullmatch(line)
        if not found or len(line) > MAXIMUM_LINE or (self._texts and found[1] != self._code):
            raise NoReplyError("a line that is no reply")
        self._size += len(line)
        if self._size > MAXIMUM_REPLY:
            raise NoReplyError("a reply without an end")
        self._code = found[1]
        self._texts.append(_once(found[1], found[3] or b""))
        return None if found[2] == b"-" else self._complete()

    def _complete(self) -> Reply:
        text = b" ".join(self._texts).decode("utf-8", "replace")
        self._texts, self._size = [], 0
        return Reply(int(self._code), text)


def _once(code: bytes, text: bytes) -> bytes:
    """The text of a line without the code, where a server says it again (what the next server said to it)."""
    return text[4:] if text[:3] == code and text[3:4] in {b" ", b"-"} else text


def scrub(text: str, recipient: str = "") -> str:
    """`text` in one line without any address, `recipient`'s or another's, cut to STORED_LENGTH (I7)."""
    local = recipient.rpartition("@")[0]
    if _is_clean(text, local):
        return text
    clean = _CONTROL.sub(" ", text)
    if len(clean) > 4 * STORED_LENGTH:  # a word that is cut in two could be half an address
        clean = clean[: 4 * STORED_LENGTH].rpartition(" ")[0]
    clean = _ENCODED_ADDRESS.sub(REMOVED, _ADDRESS.sub(REMOVED, clean))
    if local:
        clean = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", REMOVED, clean, flags=re.IGNORECASE)
    clean = clean.replace(f"<{REMOVED}>", REMOVED)  # a server writes `<who@where>`
    return " ".join(clean.split())[:STORED_LENGTH]


def _is_clean(text: str, local: str) -> bool:
    """Whether a look at it already shows that nothing is to be scrubbed, as in nearly every "250 2.0.0 Ok"."""
    if len(text) > STORED_LENGTH or not text.isascii() or not local.isascii() or _SUSPECT.search(text):
        return False
    return not local or local.lower() not in text.lower()
