"""The size of the HTML, and which blocks weigh most in it (A30). Pure."""

import quopri
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from newsletter.issue.finding import Finding
from newsletter.issue.model import Block
from newsletter.issue.model_blocks import Heading, Picture
from newsletter.issue.model_text import Text
from newsletter.preflight.inlines import plain
from newsletter.preflight.mail import Mail
from newsletter.preflight.messages import Messages
from newsletter.preflight.walk import Content, every_block

MAXIMUM_BYTES = 100_000
"""Above it Gmail cuts the mail off, and with it the way out."""
WARNING_BYTES = 90_000
_NAMED = 3
_SAMPLE = 24
"""Characters of a block's words that are sought in the HTML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """How many bytes of HTML a top-level block makes."""

    line: int
    title: str
    size: int


def check_size(mail: Mail, messages: Messages) -> Iterator[Finding]:
    """UTF-8 and quoted-printable: what counts is not known for sure, so neither may pass the limit."""
    data = mail.html.encode()
    sizes = {"UTF-8": len(data), "quoted-printable": len(quopri.encodestring(data))}
    form, size = max(sizes.items(), key=lambda item: item[1])
    if size > WARNING_BYTES:
        name = "too-large" if size > MAXIMUM_BYTES else "nearly-too-large"
        heaviest = _named(mail, messages)
        yield messages.finding(name, 0, size=size, form=form, limit=MAXIMUM_BYTES, heaviest=heaviest)


def weights(content: Content, html: str) -> list[Weight]:
    """The weight of each top-level block: from where its first words stand in the HTML to where the next one's do."""
    starts: list[tuple[int, Block, str]] = []
    position = max(html.find("<h1"), 0)
    for block in content.issue.blocks:
        for words in _first_words(block):
            found = html.find(escape(words, quote=False), position)
            if found >= 0:
                position = found
                starts.append((found, block, words))
                break
    ends = [*(start for start, _, _ in starts[1:]), _end(html, position)][: len(starts)]
    return [
        Weight(line=block.line, title=_title(block, words), size=len(html[start:end].encode()))
        for (start, block, words), end in zip(starts, ends, strict=True)
    ]


def _end(html: str, position: int) -> int:
    """Where the footer begins, as far as can be told."""
    found = html.find("footer", position)
    return found if found > 0 else len(html)


def _first_words(block: Block) -> Iterator[str]:
    for inner in every_block([block]):
        if isinstance(inner, Picture) and inner.alt:
            yield inner.alt[:_SAMPLE]
        for item in getattr(inner, "content", ()):
            if isinstance(item, Text) and item.text.strip():
                yield item.text.strip()[:_SAMPLE]
                break
        for entry in (inner, *getattr(inner, "entries", ()), *getattr(inner, "cards", ())):
            if getattr(entry, "title", ""):
                yield entry.title[:_SAMPLE]


def _title(block: Block, words: str) -> str:
    heading = next((inner for inner in every_block([block]) if isinstance(inner, Heading)), None)
    return plain(heading.content) if heading else words


def _named(mail: Mail, messages: Messages) -> str:
    found = weights(mail.content, mail.html) if mail.content else []
    heavy = sorted(found, key=lambda weight: -weight.size)[:_NAMED]
    line = "regel" if messages.language == "nl" else "line"
    return "; ".join(f"{line} {weight.line}, '{weight.title}' ({weight.size:,} bytes)" for weight in heavy) or "-"
