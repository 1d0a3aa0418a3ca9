"""Structure and accessibility of the source: headings (A40) and descriptions of images (A39). Pure."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from newsletter.issue.finding import Finding
from newsletter.issue.model import Heading, Issue, Picture
from newsletter.preflight.messages import Messages
from newsletter.preflight.walk import every_block, plain

_FILE_NAME = re.compile(
    r".*\.(?:jpe?g|png|gif|webp|svg|bmp|tiff?|heic)|(?:img|dsc|dscn|pxl|image|scan)[-_ ]?\d+", re.IGNORECASE
)
_SAYS_NOTHING = frozenset({"foto", "afbeelding", "plaatje", "photo", "image", "picture", "logo", "banner"})


def check_structure(issue: Issue, messages: Messages) -> Iterator[Finding]:
    """Whether there is anything, headings in order, every image described."""
    if not issue.blocks:
        yield messages.finding("empty-issue", 0)
    yield from _headings(issue, messages)
    for block in every_block(issue.blocks):
        if isinstance(block, Picture):
            yield from _picture(block, messages)


def _headings(issue: Issue, messages: Messages) -> Iterator[Finding]:
    """The title of the mail is level 1; compose mends skipped levels, but they tell of a muddle in the text."""
    before = 1
    for block in every_block(issue.blocks):
        if not isinstance(block, Heading):
            continue
        if block.level > before + 1:
            right = before + 1
            yield messages.finding(
                "skipped-level",
                block.line,
                text=plain(block.content),
                level=block.level,
                before=before,
                right=right,
                marks="#" * right,
            )
        before = block.level


def _picture(picture: Picture, messages: Messages) -> Iterator[Finding]:
    alt, source = picture.alt.strip(), picture.source
    if not alt:
        yield messages.finding("no-alt", picture.line, source=source)
    elif _FILE_NAME.fullmatch(alt) or alt.casefold() == PurePosixPath(source).stem.casefold():
        yield messages.finding("alt-is-file", picture.line, alt=alt, source=source)
    elif alt.casefold().rstrip(".") in _SAYS_NOTHING:
        yield messages.finding("alt-says-nothing", picture.line, alt=alt, source=source)
    elif _same(alt, plain(picture.caption)):
        yield messages.finding("alt-is-caption", picture.line, source=source)


def _same(one: str, other: str) -> bool:
    return one.casefold().strip(" .") == other.casefold().strip(" .")
