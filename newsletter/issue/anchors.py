"""Names of headings, so that a link in the same mail can lead to one: `[the agenda](#agenda)`. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import count

from newsletter.issue.model import Article, Block
from newsletter.issue.model_blocks import Contents, Heading
from newsletter.issue.model_text import Code, Inlines, Text

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
_LONGEST = 50


def anchors(blocks: Sequence[Block]) -> list[tuple[Heading, str]]:
    """The headings of a mail that everybody gets, in reading order, each with a name of its own."""
    taken: set[str] = set()
    return [(heading, _name(heading, taken)) for heading in _headings(blocks)]


def listed(blocks: Sequence[Block]) -> list[tuple[Heading, str]]:
    """What the table of contents lists: the headings after it that are of the highest level there."""
    found = anchors(blocks)
    start = next((block.line for block in blocks if isinstance(block, Contents)), 0)
    later = [(heading, name) for heading, name in found if heading.line >= start]
    highest = min((heading.level for heading, _ in later), default=0)
    return [(heading, name) for heading, name in later if heading.level == highest]


def _headings(blocks: Sequence[Block]) -> Iterator[Heading]:
    """Of the running text and of articles; what stands in a note or a quotation is no part of the mail."""
    for block in blocks:
        if isinstance(block, Heading):
            yield block
        elif isinstance(block, Article):
            yield from _headings(block.blocks)


def _name(heading: Heading, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", _words(heading.content)).encode("ascii", "ignore").decode().lower()
    stem = _NOT_IN_A_NAME.sub("-", plain).strip("-")[:_LONGEST].strip("-") or "deel"
    name = next(name for number in count(1) if (name := stem if number == 1 else f"{stem}-{number}") not in taken)
    taken.add(name)
    return name


def _words(content: Inlines) -> str:
    """Without fields: a name is the same for everybody."""
    return "".join(
        item.text if isinstance(item, Text | Code) else _words(getattr(item, "children", ())) or " " for item in content
    )
