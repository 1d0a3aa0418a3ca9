"""A document for people: sections of paragraphs, lists and tables; and the same as Markdown. Pure.

Statement, record and report are documents, so that page, file and terminal say the same. HTML is made of them by a
template (templates/documents/), which escapes every word.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from subscribers.address import AddressError, parse_address

Language: TypeAlias = Literal["nl", "en"]


@dataclass(frozen=True)
class Ref:
    """Words that lead somewhere."""

    text: str
    href: str


Words: TypeAlias = str | Ref | tuple[str | Ref, ...]


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    words: Words
    kind: str = "paragraph"


@dataclass(frozen=True)
class Bullets:
    """Things of the same kind."""

    items: tuple[Words, ...]
    kind: str = "bullets"


@dataclass(frozen=True)
class Grid:
    """A table with a caption; the first cell of a row names it. `numbers` are the columns to align as numbers."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]
    numbers: frozenset[int] = frozenset()
    kind: str = "grid"


Block: TypeAlias = Paragraph | Bullets | Grid


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    heading: str
    blocks: tuple[Block, ...]
    level: int = 2


@dataclass(frozen=True, kw_only=True)
class Document:
    """One whole document in one language."""

    title: str
    language: Language
    lead: Words
    sections: tuple[Section, ...]


def parts(words: Words) -> tuple[str | Ref, ...]:
    """The words as a row of texts and references."""
    return words if isinstance(words, tuple) else (words,)


def reach(contact: str) -> str | Ref:
    """A contact as it was configured: an address or a page leads there, a name stays text."""
    if contact.startswith(("https://", "http://")):
        return Ref(contact, contact)
    try:
        address = parse_address(contact).spelling
    except AddressError:
        return contact
    return Ref(address, f"mailto:{address}")


def to_markdown(document: Document) -> str:
    """The document as Markdown that reads as plain text, too; what was configured cannot become markup."""
    lines = [f"# {_escaped(document.title)}", "", _inline(document.lead), ""]
    for section in document.sections:
        lines += [f"{'#' * section.level} {_escaped(section.heading)}", ""]
        for block in section.blocks:
            lines += [*_block(block, section.heading), ""]
    return "\n".join(lines).rstrip() + "\n"


def _block(block: Block, heading: str) -> Iterator[str]:
    match block:
        case Paragraph():
            yield _inline(block.words)
        case Bullets():
            yield from (f"- {_inline(item)}" for item in block.items)
        case Grid():
            if block.caption != heading:
                yield f"{_escaped(block.caption)}:"
                yield ""
            yield _row(block.header)
            yield _row(tuple("---:" if number in block.numbers else "---" for number in range(len(block.header))))
            yield from (_row(tuple(_inline(cell) for cell in row)) for row in block.rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _inline(words: Words) -> str:
    return "".join(_ref(part) if isinstance(part, Ref) else _escaped(part) for part in parts(words))


def _ref(part: Ref) -> str:
    bare = part.href.removeprefix("mailto:")
    target = re.sub(r"[\s<>]", "", part.href)
    return f"<{bare}>" if part.text == bare else f"[{_escaped(part.text)}](<{target}>)"


def _escaped(text: str) -> str:
    """Configured text without the marks that Markdown would obey, on one line."""
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", re.sub(r"\s+", " ", text))
