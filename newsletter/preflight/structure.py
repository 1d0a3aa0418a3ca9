"""Structure of the source: something under every heading, levels in order (A40), images described (A39). Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest
from pathlib import PurePosixPath

from newsletter.issue.finding import Finding
from newsletter.issue.model import Article, Block, Only
from newsletter.issue.model_blocks import Cards, Heading, Paragraph, Picture
from newsletter.issue.model_text import Strong
from newsletter.preflight.inlines import plain
from newsletter.preflight.messages import Messages
from newsletter.preflight.walk import Content, every_block

LONGEST_ALT = 150
"""Characters; a screen reader reads a description without a pause, and cannot go back in it."""
LONGEST_BOLD_HEADING = 80

_FILE_NAME = re.compile(
    r".*\.(?:jpe?g|png|gif|webp|svg|bmp|tiff?|heic)|(?:img|dsc|dscn|pxl|image|scan)[-_ ]?\d+", re.IGNORECASE
)
_SAYS_NOTHING = frozenset(
    {
        *("foto", "afbeelding", "plaatje", "beeld", "illustratie", "figuur", "sfeerbeeld", "banner", "logo", "icoon"),
        *("photo", "image", "picture", "illustration", "graphic", "icon", "header", "screenshot", "spacer"),
    }
)
_BEGINS_BOLD_SENTENCE = re.compile(r"[.:;,!?]$")


def check_structure(content: Content, messages: Messages) -> Iterator[Finding]:
    """Whether there is anything, headings in order, every image described."""
    if not content.issue.blocks:
        yield messages.finding("empty-issue", 0)
    elif all(isinstance(block, Only) for block in content.issue.blocks):
        yield messages.finding("for-some-only", content.issue.blocks[0].line)
    headings = [block for block in content.blocks if isinstance(block, Heading)]
    yield from _levels(headings, messages)
    yield from _twins(headings, messages)
    yield from _sections(content.issue.blocks, messages)
    yield from _bold_headings(content, messages)
    for pictures, beside in _groups(content.issue.blocks):
        for picture in pictures:
            yield from _picture(picture, beside, messages)


def _levels(headings: Sequence[Heading], messages: Messages) -> Iterator[Finding]:
    """The title of the mail is level 1; compose mends skipped levels, but they tell of a muddle in the text."""
    before = 1
    for heading in headings:
        if heading.level > before + 1:
            values = {"level": heading.level, "before": before, "marks": "#" * (before + 1)}
            yield messages.finding("skipped-level", heading.line, text=plain(heading.content), **values)
        before = heading.level


def _twins(headings: Sequence[Heading], messages: Messages) -> Iterator[Finding]:
    groups: dict[str, list[Heading]] = defaultdict(list)
    for heading in headings:
        groups[plain(heading.content).casefold().strip()].append(heading)
    for same in groups.values():
        if len(same) > 1:
            lines = messages.lines(heading.line for heading in same)
            text = plain(same[0].content)
            yield messages.finding("two-headings", same[1].line, text=text, count=len(same), lines=lines)


def _sections(blocks: Sequence[Block], messages: Messages) -> Iterator[Finding]:
    """A heading that another of its own or a higher level follows, or nothing at all."""
    for block, after in pairwise((*blocks, None)):
        if not isinstance(block, Heading):
            continue
        if after is None or (isinstance(after, Heading) and after.level <= block.level):
            yield messages.finding("empty-section", block.line, text=plain(block.content))


def _bold_headings(content: Content, messages: Messages) -> Iterator[Finding]:
    """A paragraph that is one short bold line, and no sentence."""
    level = 1
    for block, after in pairwise((*content.blocks, None)):
        if isinstance(block, Heading):
            level = block.level
        if not isinstance(block, Paragraph) or not isinstance(after, Paragraph):
            continue
        text = plain(block.content).strip()
        is_bold = len(block.content) == 1 and isinstance(block.content[0], Strong)
        if is_bold and len(text) <= LONGEST_BOLD_HEADING and not _BEGINS_BOLD_SENTENCE.search(text):
            yield messages.finding("bold-heading", block.line, text=text, marks="#" * min(level + 1, 6))


def _groups(blocks: Sequence[Block]) -> Iterator[tuple[Sequence[Picture], frozenset[str]]]:
    """Pictures with the texts that stand right beside them."""
    for block, after in zip_longest(blocks, blocks[1:]):
        match block:
            case None:
                continue
            case Cards():
                for card in block.cards:
                    if card.picture:
                        yield [card.picture], _compared(card.title)
            case Picture():
                yield [block], _compared(_text_of(after))
            case _:
                within = list(every_block([block]))
                pictures = [found for found in within if isinstance(found, Picture)]
                near = within if isinstance(block, Article) else []
                yield pictures, frozenset().union(*(_compared(_text_of(found)) for found in near))


def _picture(picture: Picture, beside: frozenset[str], messages: Messages) -> Iterator[Finding]:
    alt, source, line = picture.alt.strip(), picture.source, picture.line
    if not alt:
        yield messages.finding("no-alt", line, source=source)
    elif _FILE_NAME.fullmatch(alt) or alt.casefold() == PurePosixPath(source).stem.casefold():
        yield messages.finding("alt-is-file", line, alt=alt, source=source)
    elif alt.casefold().rstrip(".") in _SAYS_NOTHING:
        yield messages.finding("alt-says-nothing", line, alt=alt, source=source)
    elif _compared(alt) & _compared(plain(picture.caption)):
        yield messages.finding("alt-is-caption", line, source=source)
    elif _compared(alt) & beside:
        yield messages.finding("alt-is-nearby", line, alt=alt, source=source)
    elif len(alt) > LONGEST_ALT:
        yield messages.finding("alt-too-long", line, source=source, size=len(alt), limit=LONGEST_ALT)


def _text_of(block: Block | None) -> str:
    return plain(block.content) if isinstance(block, Heading | Paragraph) else ""


def _compared(text: str) -> frozenset[str]:
    """The text as it is compared; nothing for an empty one."""
    bare = " ".join(text.casefold().split()).strip(" .,!?:")
    return frozenset({bare}) if bare else frozenset()
