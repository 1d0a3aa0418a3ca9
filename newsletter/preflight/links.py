"""Links of the source: whether they lead somewhere, and whether their texts say where (A41). Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator
from difflib import get_close_matches
from urllib.parse import urlsplit

from newsletter.issue.finding import Finding
from newsletter.issue.model import Issue
from newsletter.preflight.messages import Messages
from newsletter.preflight.walk import Anchor, Words, anchors, every_words
from subscribers.address import AddressError, parse_address

_VAGUE = frozenset(
    {
        *("hier", "klik hier", "lees hier", "kijk hier", "lees verder", "verder lezen", "lees meer", "meer lezen"),
        *("meer", "deze link", "link", "klik", "via deze link"),
        *("here", "click here", "read here", "read more", "more", "learn more", "this link", "continue reading"),
    }
)
_SCHEMES = ("https", "http", "mailto", "tel")
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
_ODD_SCHEME = re.compile(r"([a-z]{2,7})(?::/{0,3}|/{2,3})(?=[^/\s])(.*)", re.IGNORECASE)
_EDGES = " .,:;!?\u2026\u00bb\u203a>\u2192\u00a0\"'()[]"


def check_links(issue: Issue, messages: Messages) -> Iterator[Finding]:
    """Every link on its own, then texts that stand for more than one target, then addresses that are no links."""
    found = anchors(issue, messages.language)
    for anchor in found:
        yield from _target(anchor, messages)
        yield from _text(anchor, messages)
    yield from _repeated(found, messages)
    for words in every_words(issue):
        yield from _loose(words, {anchor.text.strip() for anchor in found}, messages)


def _target(anchor: Anchor, messages: Messages) -> Iterator[Finding]:
    address, text = anchor.address, anchor.text.strip()
    if _is_empty(anchor):
        yield messages.finding("empty-link", anchor.line, text=text)
    elif address.startswith("#"):
        yield messages.finding("anchor-link", anchor.line, text=text, target=address)
    elif not _is_complete(address):
        yield messages.finding("bad-target", anchor.line, text=text, target=address, meant=_meant(address))
    elif address.casefold().startswith("http:"):
        yield messages.finding("plain-http", anchor.line, text=text, target=address)


def _text(anchor: Anchor, messages: Messages) -> Iterator[Finding]:
    text = anchor.text.strip()
    if not text:
        yield messages.finding("no-link-text", anchor.line, target=anchor.address)
    elif _bare(text) in _VAGUE:
        yield messages.finding("vague-link", anchor.line, text=text)
    elif _ADDRESS.fullmatch(text):
        yield messages.finding("bare-address", anchor.line, text=text)


def _repeated(found: list[Anchor], messages: Messages) -> Iterator[Finding]:
    """One text for two targets; an empty target may become any, so two empty ones count as two."""
    groups: dict[str, list[Anchor]] = defaultdict(list)
    for anchor in found:
        groups[_bare(anchor.text)].append(anchor)
    for text, same in groups.items():
        targets = {anchor.address for anchor in same}
        if text and len(same) > 1 and (len(targets) > 1 or _is_empty(same[0])):
            lines = ", ".join(str(line) for line in dict.fromkeys(anchor.line for anchor in same))
            yield messages.finding(
                "one-text-more-targets", same[1].line, text=same[0].text.strip(), count=len(same), lines=lines
            )


def _loose(words: Words, linked: set[str], messages: Messages) -> Iterator[Finding]:
    for found in _ADDRESS.finditer(words.text):
        address = found[0].rstrip(_EDGES)
        if address not in linked and words.text.strip() not in linked:
            yield messages.finding("loose-address", words.line, text=address)


def _is_empty(anchor: Anchor) -> bool:
    return anchor.address.strip() in {"", "#"}


def _is_complete(address: str) -> bool:
    """Whether a mail program can open it: a web address with a host, an e-mail address, a telephone number."""
    try:
        parts = urlsplit(address)
        if parts.scheme in {"http", "https"}:
            return bool(parts.hostname and "." in parts.hostname.strip("."))
        if parts.scheme == "mailto":
            return bool(parse_address(parts.path))
    except (ValueError, AddressError):
        return False
    return parts.scheme == "tel" and bool(parts.path)


def _meant(address: str) -> str:
    """The address that was probably meant."""
    odd = _ODD_SCHEME.fullmatch(address)
    if odd:
        close = get_close_matches(odd[1].casefold(), _SCHEMES, n=1, cutoff=0.5)
        scheme = close[0] if close else "https"
        return f"{scheme}:{odd[2]}" if scheme in {"mailto", "tel"} else f"{scheme}://{odd[2]}"
    if "@" in address and "/" not in address:
        return f"mailto:{address.removeprefix('mailto:')}"
    return f"https://{address.lstrip('/')}"


def _bare(text: str) -> str:
    """A link text as it is compared: no marks at its edges, no capitals."""
    return " ".join(text.casefold().split()).strip(_EDGES)
