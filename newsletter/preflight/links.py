"""Links of the source: whether they lead somewhere, and whether their texts say where (A41). Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from newsletter.issue.finding import Finding
from newsletter.preflight.messages import Messages
from newsletter.preflight.targets import check_target, is_empty
from newsletter.preflight.walk import Anchor, Content, Words

_VAGUE = frozenset(
    {
        *("hier", "klik hier", "lees hier", "kijk hier", "lees hier meer", "lees verder", "verder lezen", "lees meer"),
        *("meer lezen", "meer", "deze link", "link", "klik", "via deze link", "klik op deze link", "verder", "deze"),
        *("here", "click here", "read here", "read more", "more", "learn more", "this link", "link", "continue"),
        *("continue reading", "click", "go", "this"),
    }
)
_WEAK = frozenset(
    {
        *("meer informatie", "meer info", "informatie", "info", "inschrijven", "aanmelden", "download", "downloaden"),
        *("schrijf u hier in", "schrijf je hier in", "meld u hier aan", "meer informatie en inschrijven", "bekijk"),
        *("website", "de website", "deze website", "pagina", "deze pagina", "details", "bekijk hier", "lees"),
        *("more information", "more info", "information", "sign up", "register", "register here", "sign up here"),
        *("website", "this website", "this page", "page", "details", "view", "see more", "read"),
    }
)
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
_EDGES = " .,:;!?\u2026\u00bb\u203a>\u2192\u00a0\"'()[]"


def check_links(content: Content, messages: Messages, places: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Every link on its own, then texts that stand for more than one target, then addresses that are no links.

    `places` are the ids in the compiled mail that a link may jump to.
    """
    found = content.anchors
    for anchor in found:
        yield from check_target(anchor, places, messages)
        yield from _text(anchor, messages)
    yield from _repeated(found, messages)
    linked = {anchor.text.strip() for anchor in found}
    for words in content.words:
        yield from _loose(words, linked, messages)


def _text(anchor: Anchor, messages: Messages) -> Iterator[Finding]:
    text = anchor.text.strip()
    bare = _bare(text)
    if not text:
        yield messages.finding("no-link-text", anchor.line, target=anchor.address)
    elif bare in _VAGUE:
        yield messages.finding("vague-link", anchor.line, text=text)
    elif bare in _WEAK:
        yield messages.finding("weak-link", anchor.line, text=text)
    elif _ADDRESS.fullmatch(text):
        yield messages.finding("bare-address", anchor.line, text=text)


def _repeated(found: Sequence[Anchor], messages: Messages) -> Iterator[Finding]:
    """One text for two targets; an empty target may become any, so two empty ones count as two.

    A vague text must go wherever it stands, so that it also repeats needs no saying.
    """
    groups: dict[str, list[Anchor]] = defaultdict(list)
    for anchor in found:
        groups[_bare(anchor.text)].append(anchor)
    for text, same in groups.items():
        targets = {anchor.address for anchor in same}
        if text and text not in _VAGUE and len(same) > 1 and (len(targets) > 1 or is_empty(same[0])):
            lines = messages.lines(anchor.line for anchor in same)
            first = same[0].text.strip()
            yield messages.finding("one-text-more-targets", same[1].line, text=first, count=len(same), lines=lines)


def _loose(words: Words, linked: set[str], messages: Messages) -> Iterator[Finding]:
    if "://" not in words.text and "www." not in words.text.casefold():
        return
    for found in _ADDRESS.finditer(words.text):
        address = found[0].rstrip(_EDGES)
        if address not in linked and words.text.strip() not in linked:
            yield messages.finding("loose-address", words.line, text=address)


def _bare(text: str) -> str:
    """A link text as it is compared: no marks at its edges, no capitals."""
    return " ".join(text.casefold().split()).strip(_EDGES)
