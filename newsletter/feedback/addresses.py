"""Finding e-mail addresses in what servers write. Pure, linear in the text.

Around every @ at most 64 characters to the left and 255 to the right are looked at (A8), so that no text, however
odd, costs more than its length.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LOCAL_CHARACTERS = 64
DOMAIN_CHARACTERS = 255
MAXIMUM_FOUND = 200
"""Addresses of one text; nobody writes more into a report."""

_ATEXT = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~.")
_DOMAIN = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.){1,20}(?:[A-Za-z]{2,40}|xn--[A-Za-z0-9-]{2,59})"
    r"(?![A-Za-z0-9_-])"
    r"|\[[0-9A-Fa-f:.]{3,60}\]",
    re.ASCII,
)
_TYPED = re.compile(r"\s*([A-Za-z0-9_-]{1,20})\s*;\s*", re.ASCII)
_IMCEA = re.compile(r"IMCEA(?:SMTP|RFC822)?-", re.IGNORECASE)
_ESCAPED = re.compile(r"[+_]([0-9A-Fa-f]{2})")
_XTEXT = re.compile(r"\+(2[1-9A-F]|[3-6][0-9A-F]|7[0-9A-E])", re.ASCII)
"""A visible character as its number."""
_X400 = re.compile(r"(?:rfc-?822|smtp)\s*[=;:]\s*([^;/,\s]{1,64})\(a\)([^;/,\s]{1,255})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """An address and its place in the text."""

    address: str
    start: int
    end: int


def find_addresses(text: str) -> Iterator[Found]:
    """Every address in `text`, from left to right, as often as it stands there."""
    place, count = text.find("@"), 0
    while place >= 0 and count < MAXIMUM_FOUND:
        found = _around(text, place)
        if found:
            count += 1
            yield found
        place = text.find("@", found.end if found else place + 1)


def first_address(text: str) -> str | None:
    """The first address in `text`; None if there is none."""
    return next((found.address for found in find_addresses(text)), None)


def mailboxes(values: Iterable[str]) -> list[str]:
    """The addresses of header values such as To; one in angle brackets goes before one in a display name."""
    found: list[str] = []
    for value in values:
        bracketed = [item.address for item in find_addresses(value) if value[item.start - 1 : item.start] == "<"]
        found += bracketed or [item.address for item in find_addresses(value)]
    return found


def key(address: str) -> str:
    """What two spellings of one address have in common."""
    return address.casefold()


def field_address(value: str) -> str | None:
    """The address of a field such as Final-Recipient: `rfc822; name@domain`; None for one that is no mail address."""
    typed = _TYPED.match(value)
    rest = (value[typed.end() :] if typed else value).strip()
    if inner := _x400(rest):
        return inner
    rest = rest.strip(" <>")
    if rest.startswith("@"):  # a source route: what it ends in was local to that server
        return None
    address = first_address(rest) or (rest if _is_unusual(rest) else None)
    if address is None or (" " in rest and not rest.startswith((address, f"<{address}"))):
        return None  # a program or a mailbox's name in which an address happens to stand
    return _unwrapped(address)


def _is_unusual(text: str) -> bool:
    """Whether it is an address outside ASCII (RFC 6533) or without a dotted domain, whole."""
    local, at, domain = text.rpartition("@")
    has_room = len(text) <= LOCAL_CHARACTERS + 1 + DOMAIN_CHARACTERS
    return bool(at and local and "." in domain) and has_room and " " not in text


def _around(text: str, at: int) -> Found | None:
    domain = _DOMAIN.match(text, at + 1, at + 1 + DOMAIN_CHARACTERS)
    start = _local_start(text, at)
    if not domain or start is None:
        return None
    return Found(f"{text[start:at]}@{domain[0].lower()}", start, domain.end())


def _local_start(text: str, at: int) -> int | None:
    """Where the local part before `at` begins; None if there is none."""
    if text[at - 1 : at] == '"':
        opening = text.rfind('"', max(0, at - LOCAL_CHARACTERS), at - 1)
        return opening if opening >= 0 else None
    start = at
    while start > 0 and at - start <= LOCAL_CHARACTERS and _is_local(text[start - 1]):
        start -= 1
    while start < at and text[start] in "'`=.*|/~&":  # a quotation mark or a label before it: part of the sentence
        start += 1
    return start if 0 < at - start <= LOCAL_CHARACTERS else None


def _is_local(character: str) -> bool:
    """ASCII atext, and letters of Latin script; other scripts have no spaces, so that a sentence would stick to it."""
    return character in _ATEXT or ("\xc0" <= character <= "\u024f" and character.isalpha())


def _x400(text: str) -> str | None:
    """The mail address inside an X.400 one: `/DD.RFC-822=name(a)domain/`."""
    found = _X400.search(text[:1000])
    return f"{found[1]}@{found[2]}".lower() if found else None


def _unwrapped(address: str) -> str:
    """The address that Exchange wrapped: IMCEASMTP-name+40domain@server."""
    wrapped = _IMCEA.match(address)
    if not wrapped:
        return address
    inner = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), address[wrapped.end() :].rpartition("@")[0])
    return first_address(inner) or address


def read_xtext(text: str) -> str:
    """Text that was sent as xtext (RFC 3461 section 4): Exim repeats our ORCPT as it stood, other servers decode it."""
    return _XTEXT.sub(lambda found: chr(int(found[1], 16)), text)
