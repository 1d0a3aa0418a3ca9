"""How a text sounds: capitals and marks that shout, emphasis that is everywhere. Pure."""

import re
from collections.abc import Iterator

from newsletter.issue.finding import Finding
from newsletter.issue.model_blocks import Paragraph
from newsletter.preflight.inlines import is_all_stressed, plain, stressed
from newsletter.preflight.messages import Messages
from newsletter.preflight.walk import Content, Words

MAXIMUM_SHARE = 25
"""Percent of the running text that may be bold or italic."""
ENOUGH_TEXT = 400
"""Characters of running text below which no share is reckoned."""
LONGEST_STRESSED = 200
"""Characters of a paragraph that is bold or italic from end to end."""

_LONG_CAPITALS = 7
_SHOUTED = re.compile(r"\b[A-ZÀ-Þ]{2,}(?:[ -][A-ZÀ-Þ]{2,})+\b|\b[A-ZÀ-Þ]{7,}\b")
_MARKS = re.compile(r"\S*(?:!{2,}|\?!|!\?|\?{2,})[!?]*")
_MOST_SHOWN = 3


def check_tone(content: Content, messages: Messages) -> Iterator[Finding]:
    """Shouting in any text, then emphasis in the running text."""
    for words in content.words:
        yield from _shouting(words, messages)
    yield from _emphasis(content, messages)


def _shouting(words: Words, messages: Messages) -> Iterator[Finding]:
    capitals = [found[0] for found in _SHOUTED.finditer(words.text) if _is_shouted(found[0])]
    for text in capitals[:_MOST_SHOWN]:
        yield messages.finding("capitals", words.line, text=text)
    if "!" in words.text or "??" in words.text:
        marks = _MARKS.search(words.text)
        if marks and "???" not in marks[0]:
            yield messages.finding("marks", words.line, text=marks[0])


def _is_shouted(text: str) -> bool:
    """One long word, or several of which at least two are longer than a usual abbreviation."""
    parts = re.split(r"[ -]", text)
    if len(parts) == 1:
        return len(text) >= _LONG_CAPITALS
    return sum(len(part) > 3 for part in parts) > 1  # noqa: PLR2004 - VWS, AVG: abbreviations have two to four letters


def _emphasis(content: Content, messages: Messages) -> Iterator[Finding]:
    paragraphs = [block for block in content.blocks if isinstance(block, Paragraph)]
    total = bold = 0
    for paragraph in paragraphs:
        text = plain(paragraph.content)
        total += len(text)
        bold += stressed(paragraph.content)
        if len(text) > LONGEST_STRESSED and is_all_stressed(paragraph.content):
            yield messages.finding("emphasised-paragraph", paragraph.line, size=len(text), text=text)
    share = round(100 * bold / total) if total >= ENOUGH_TEXT else 0
    if share > MAXIMUM_SHARE:
        yield messages.finding("bold-everywhere", 0, share=share)
