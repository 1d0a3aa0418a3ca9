"""Which addresses stand anywhere in a mail: whoever is erased must be found in what is kept of it (I5). Pure."""

from collections.abc import Iterator

from newsletter.feedback.addresses import find_addresses
from newsletter.feedback.charsets import decode_text
from newsletter.feedback.headers import decode_words
from newsletter.feedback.mailboxes import key_of
from newsletter.feedback.mime import MAXIMUM_OCTETS, parse_mail, plain_lines

MOST = 2000
"""Addresses of one mail that are looked up."""
_PIECE = 100
"""Lines that are searched at once: each search has a limit of its own."""


def addresses_in(raw: bytes) -> set[str]:
    """The keys of all addresses in headers and decoded texts; a mail with thousands of them is read in part."""
    found: set[str] = set()
    for text in _texts(raw):
        lines = text.split("\n")
        for start in range(0, len(lines), _PIECE):
            found.update(key_of(item.address) for item in find_addresses("\n".join(lines[start : start + _PIECE])))
            if len(found) >= MOST:
                return found
    return found


def _texts(raw: bytes) -> Iterator[str]:
    text = decode_text(plain_lines(raw[:MAXIMUM_OCTETS]))
    yield text
    if "=?" in text:  # words of a header, as mail programs write what is not ASCII
        yield decode_words(text)
    yield from (part.text() for part in parse_mail(raw).walk() if part.headers.has("content-transfer-encoding"))
