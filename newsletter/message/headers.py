"""Header lines as bytes: folded, encoded and safe, so that every parser reads exactly what was meant. Pure.

The standard library is not used here: it encodes long List-Unsubscribe URIs as RFC 2047 words and loses spaces of
Dutch subjects. The choices are made for parsers as they are:

- Lines are folded at 76 octets (RFC 2047 section 2 asks it of lines with encoded-words, RFC 5322 at most 78), only
  at single spaces, never in the first place after the colon, since some parsers drop an empty first line.
- Plain ASCII stays plain, unless it looks like an encoded-word, is longer than a line, or holds runs of spaces, which
  real parsers collapse. Neighbouring words that need encoding share one run of encoded-words with their spaces inside.
- A display name is atoms, one quoted-string or one encoded-word. A longer one is encoded word by word, because
  Python's parser puts a space between two neighbouring encoded-words of a name.
- URIs are never encoded and never split (A3): lines break between them only.
"""

import re
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from subscribers.clock import require_aware
from subscribers.errors import InputError

LINE = 76
"""Octets of a folded line, without CRLF."""
HARD_LIMIT = 998
"""Octets that no line may pass (RFC 5322 section 2.1.1, A1)."""
ENCODED_WORD = 75
"""Octets of one encoded-word (RFC 2047 section 2)."""
_FRAME = len("=?utf-8?q??=")
_LEAST_ROOM = 30
"""An encoded run starts on a new line rather than with a word shorter than this."""

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Controls, line and paragraph separators, and halves of characters: never in a header (A4)."""
_SPACES = re.compile(" {2,}")
_WORD = re.compile(r"[^ ]+ *")
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_VISIBLE = re.compile(r"[!-~]+")
_QUOTABLE = re.compile(r"[!-~]+(?: [!-~]+)*")
_ADDRESS = re.compile(r'[^\s<>()\[\],:;"\\@]+@[A-Za-z0-9.-]+')
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[!#-;=?-~]+", re.ASCII)
_FOLD = "\r\n"
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]"
_PLAIN_MAILBOX = re.compile(
    rf"[A-Za-z-]+: (?:{_ATOM}+(?: {_ATOM}+)* <{_ATOM}[\w!#$%&'*+/=?^`{{|}}~.-]*@[A-Za-z0-9.-]+>"
    rf"|{_ATOM}[\w!#$%&'*+/=?^`{{|}}~.-]*@[A-Za-z0-9.-]+)",
    re.ASCII,
)
"""A mailbox header that needs nothing done to it, as most are."""
_TOKENS = re.compile(r"[!-~]+(?: [!-~]+)*")

# Cost of each octet in Q: these stand for themselves also in a display name (RFC 2047 section 5 (3)); space is "_".
_LITERAL = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
_Q = {octet: f"={octet:02X}" for octet in range(256)} | {octet: chr(octet) for octet in _LITERAL} | {0x20: "_"}

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class UnsafeValueError(InputError):
    """A value that would break or forge a header: CR, LF, NUL, another control, or not what its place takes (A4).

    Names the header, never the value: it may be about a person (I7).
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}", remedy="correct the value where it was entered or imported")
        self.name = name


@dataclass(frozen=True, slots=True)
class _Run:
    """Text that becomes one or more encoded-words."""

    text: str


def unstructured(name: str, text: str) -> bytes:
    """A header of running text such as Subject; spaces around it are dropped. Raises UnsafeValueError (A4)."""
    return _lay_out(name, _words(require_safe(name, text).strip(), LINE - len(name) - 2, _VISIBLE))


def mailbox(name: str, display: str, address: str) -> bytes:
    """A header of one mailbox: `"Name" <address>`, or the bare address. Raises UnsafeValueError (A4).

    Runs of spaces in a name become one: some parsers make that of them anyway.
    A local part outside ASCII stands as it is (RFC 6532): such a message needs SMTPUTF8 (A7).
    """
    line = f"{name}: {display} <{address}>" if display else f"{name}: {address}"
    if len(line) <= LINE and "=?" not in line and _PLAIN_MAILBOX.fullmatch(line):
        return line.encode("ascii") + b"\r\n"
    if not _ADDRESS.fullmatch(address) or UNSAFE.search(address):
        raise UnsafeValueError(name, "not an address that a header can hold")
    display = _SPACES.sub(" ", require_safe(name, display).strip())
    if address.isascii() and not display.isascii():
        line = f"{name}: {_encoded(display)} <{address}>"
        if len(line) <= LINE:
            return line.encode("ascii") + b"\r\n"
    return _lay_out(name, [*_phrase(display, LINE - len(name) - 2), f"<{address}>" if display else address])


def uris(name: str, *targets: str) -> bytes:
    """A List-* header: URIs in angle brackets with commas between (RFC 2369). Raises UnsafeValueError (A4)."""
    if not targets or not all(map(_URI.fullmatch, targets)):
        raise UnsafeValueError(name, "not a URI that a header can hold")
    if len(targets) == len(("url", "mailto")):  # as in every message, and laid out as below
        start, rest = f"{name}: <{targets[0]}>,", f" <{targets[1]}>\r\n"
        if max(len(start), len(rest) - 2) <= HARD_LIMIT:
            is_short = len(start) + len(rest) - 2 <= LINE
            return f"{start}{'' if is_short else _FOLD}{rest}".encode("ascii")
    *first, last = (f"<{target}>" for target in targets)
    return _lay_out(name, [*(f"{target}," for target in first), last])


def tokens(name: str, value: str) -> bytes:
    """A header whose value is plain ASCII by its grammar, folded at its spaces. Raises UnsafeValueError (A4)."""
    if not _TOKENS.fullmatch(value):
        raise UnsafeValueError(name, "not plain ASCII words with single spaces")
    return _lay_out(name, value.split(" "))


def list_id(phrase: str, identifier: str) -> bytes:
    """List-Id: a title in plain ASCII, or none, and `label.domain` (RFC 2919). Raises UnsafeValueError (A4)."""
    title = phrase if not phrase or _ATOMS.fullmatch(phrase) else _quoted(phrase)
    return tokens("List-Id", f"{title} <{identifier}>".lstrip())


def format_date(moment: datetime) -> bytes:
    """The value of Date for an aware `moment`, in its own zone: `Mon, 14 Jun 2027 09:30:00 +0200` (RFC 5322 3.3)."""
    require_aware(moment)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment:%Y %H:%M:%S %z}".encode("ascii")


def require_safe(name: str, text: str) -> str:
    """`text` unchanged; raises UnsafeValueError if a control character or half a character is in it (A4)."""
    if UNSAFE.search(text):
        raise UnsafeValueError(name, "control characters or line breaks in the value")
    return text


def _words(text: str, first_room: int, plain: re.Pattern[str]) -> Iterator[str | _Run]:
    """Words that match `plain`, and runs to encode, one space between each; `first_room`: octets of line one."""
    waiting: list[str] = []
    room = first_room
    for found in _WORD.findall(text):
        word = found.removesuffix(" ")
        if len(word) > room or "=?" in word or not plain.fullmatch(word):
            waiting.append(word)
        else:
            if waiting:
                yield _Run(" ".join(waiting))
                waiting = []
            yield word
        room = LINE - 1
    if waiting:
        yield _Run(" ".join(waiting))


def _phrase(display: str, room: int) -> Iterable[str | _Run]:
    """A display name (RFC 5322 phrase) in the plainest form that says exactly this."""
    if not display:
        return []
    if "=?" not in display and _QUOTABLE.fullmatch(display):
        if _ATOMS.fullmatch(display) and max(map(len, display.split(" "))) <= room:
            return display.split(" ")
        if len(quoted := _quoted(display)) <= room:
            return [quoted]
    is_short = len(_encoded(display)) <= room
    return [_Run(display)] if is_short else _words(display, room, _ATOMS)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _lay_out(name: str, parts: Iterable[str | _Run]) -> bytes:
    """The header with its parts on folded lines, CRLF at the end."""
    lines = [f"{name}:"]
    for part in parts:
        if isinstance(part, _Run):
            _add_encoded(lines, part.text)
        else:
            _add(lines, part)
    data = [line.encode() for line in lines]
    if max(map(len, data)) > HARD_LIMIT:
        raise UnsafeValueError(name, f"longer than {HARD_LIMIT} octets without a place to fold")
    return b"\r\n".join(data) + b"\r\n"


def _add(lines: list[str], word: str) -> None:
    """Put `word` on the last line, or on a new one if it does not fit and the last one is not the bare name."""
    is_bare = len(lines) == 1 and " " not in lines[0]
    if is_bare or len(lines[-1]) + 1 + len(word) <= LINE:
        lines[-1] += f" {word}"
    else:
        lines.append(f" {word}")


def _add_encoded(lines: list[str], text: str) -> None:
    """Put `text` as encoded-words; decoders drop the white space between them, so spaces are inside (RFC 2047 6.2)."""
    whole = _encoded(text)
    if len(whole) <= (ENCODED_WORD if " " in lines[-1] else LINE - len(lines[-1]) - 1):
        _add(lines, whole)
        return
    start = 0
    is_q = _is_shorter_as_q(text)
    while start < len(text):
        room = LINE - len(lines[-1]) - 1
        if room < _LEAST_ROOM:
            lines.append("")
            room = LINE - 1
        end = _fitting(text, start, min(room, ENCODED_WORD) - _FRAME, is_q=is_q)
        lines[-1] += f" {_encoded_word(text[start:end], is_q=is_q)}"
        start = end


def _is_shorter_as_q(text: str) -> bool:
    data = text.encode()
    escaped = len(data.translate(None, _LITERAL + b" "))
    return len(data) + 2 * escaped <= (len(data) + 2) // 3 * 4


def _fitting(text: str, start: int, room: int, *, is_q: bool) -> int:
    """The end of the longest part of `text` from `start` that fits in `room` octets, whole characters only."""
    used = 0
    for end in range(start, len(text)):
        octets = text[end].encode()
        used += sum(len(_Q[octet]) for octet in octets) if is_q else len(octets)
        if (used if is_q else (used + 2) // 3 * 4) > room:
            return end
    return len(text)


def _encoded(text: str) -> str:
    """All of `text` as one encoded-word, however long."""
    return _encoded_word(text, is_q=_is_shorter_as_q(text))


def _encoded_word(text: str, *, is_q: bool) -> str:
    data = text.encode()
    if is_q:
        return f"=?utf-8?q?{''.join(map(_Q.__getitem__, data))}?="
    return f"=?utf-8?b?{b2a_base64(data, newline=False).decode('ascii')}?="
