"""Contents, recordings, figures and downloads as text, and what every meeting has. Pure."""

from collections.abc import Callable, Sequence

from newsletter.compose.furniture import Furniture
from newsletter.compose.lines import Lines, in_words, joined, linked, prefixed, underlined, wrap
from newsletter.compose.richtext import without_links
from newsletter.issue.anchors import listed
from newsletter.issue.model import Block
from newsletter.issue.model_blocks import Download, Figures, Picture, Recording
from newsletter.issue.model_meetings import Meeting
from newsletter.issue.model_text import Inlines


def contents_lines(blocks: Sequence[Block], furniture: Furniture, limit: int) -> Lines:
    """The headings that follow; a text has no places to link to."""
    found: list[Inlines] = [without_links(heading.content) for heading, _ in listed(blocks)]
    lines = [line for words in found for line in prefixed(wrap(in_words(words), limit - 2), "- ", "  ")]
    return [(f"{furniture.labels.contents}:",), *lines] if lines else []


def recording_lines(
    block: Recording, furniture: Furniture, picture: Callable[[Picture, int], Lines], limit: int
) -> Lines:
    """Title, kind and length, what it is about, and the link."""
    labels = furniture.labels
    kind = labels.podcast if block.kind == "podcast" else labels.film
    facts = ", ".join(part for part in (kind, furniture.length(block.minutes)) if part)
    return joined(
        [
            [*underlined(wrap([block.title], limit), "-"), *wrap([facts], limit)],
            picture(block.picture, limit) if block.picture else [],
            wrap(in_words(block.content), limit),
            wrap(linked((furniture.recording_link(block),), block.link), limit),
        ]
    )


def figures_lines(block: Figures, limit: int) -> Lines:
    """`200 miljoen: wat het telt`."""
    return [line for one in block.figures for line in wrap([f"{one.value}: ", *in_words(one.label)], limit)]


def download_lines(block: Download, limit: int) -> Lines:
    """`Titel (PDF, 1,2 MB) (address)`."""
    words = (f"{block.title} ({block.type}, {block.size})",)
    return [*wrap(linked(words, block.link), limit), *wrap(in_words(block.content), limit)]


def news_lines(meeting: Meeting, furniture: Furniture, limit: int) -> Lines:
    """That it was cancelled or moved, if so."""
    news = furniture.news(meeting)
    return wrap([news], limit) if news else []


def calendar_lines(meeting: Meeting, furniture: Furniture, limit: int) -> Lines:
    """The link to its calendar file."""
    link = furniture.calendar_link(meeting)
    return wrap(in_words((link,)), limit) if link else []
