"""Everything in an issue that a check may look at, gathered once: blocks, links, words, fields, with lines. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from newsletter.compose.labels import LABELS
from newsletter.issue.model import Article, Block, Issue, ListBlock, Quote
from newsletter.issue.model_blocks import (
    Button,
    Card,
    Cards,
    Download,
    Figures,
    Heading,
    Paragraph,
    Picture,
    Recording,
    Table,
)
from newsletter.issue.model_meetings import Agenda, AgendaEntry, Invitation, ProgrammeItem
from newsletter.issue.model_text import FieldRef, Inlines, Mixed
from newsletter.preflight.inlines import fields, fields_of, links, plain, plain_mixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A link of any kind: in text, a button, a linked picture, an agenda entry, a card, an invitation."""

    text: str
    target: Mixed
    line: int

    @property
    def address(self) -> str:
        """The target as one text, fields as `{{name}}`."""
        return plain_mixed(self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Text as a reader sees it, fields as spaces."""

    text: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Content:
    """An issue, opened up for the checks; `language` chooses the default texts that compose will use."""

    issue: Issue
    language: str

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks, also those within blocks, in reading order."""
        return tuple(every_block(self.issue.blocks))

    @cached_property
    def texts(self) -> tuple[tuple[Inlines, int], ...]:
        """All running text of the body with its line."""
        return tuple(text for block in self.blocks for text in _texts(block))

    @cached_property
    def anchors(self) -> tuple[Anchor, ...]:
        """All links of the body, by line."""
        found = [anchor for block in self.blocks for anchor in _own_anchors(block, self.language)]
        for content, _ in self.texts:
            found += [Anchor(text=plain(link.children), target=link.target, line=link.line) for link in links(content)]
        return tuple(sorted(found, key=lambda anchor: anchor.line))

    @cached_property
    def words(self) -> tuple[Words, ...]:
        """Everything a reader reads: subject, preheader, title, running text and the texts of blocks."""
        issue = self.issue
        head = (("subject", issue.subject), ("preheader", issue.preheader), ("title", (issue.title,)))
        return (
            *(Words(text=plain_mixed(mixed, field=" "), line=issue.lines.get(key, 0)) for key, mixed in head),
            *(Words(text=plain(content), line=line) for content, line in self.texts),
            *(Words(text=text, line=line) for block in self.blocks for text, line in _own_texts(block) if text),
        )

    @cached_property
    def fields(self) -> tuple[tuple[FieldRef, int], ...]:
        """Every field of subject, preheader, text and link targets, with its line."""
        issue = self.issue
        head = ((issue.subject, "subject"), (issue.preheader, "preheader"))
        mixed = [(pieces, issue.lines.get(key, 0)) for pieces, key in head]
        mixed += [(anchor.target, anchor.line) for anchor in self.anchors]
        found = [(field, line) for pieces, line in mixed for field in fields_of(pieces)]
        found += [(field, line) for content, line in self.texts for field in fields(content)]
        return tuple((field, field.line or line) for field, line in found)


def every_block(blocks: Sequence[Block]) -> Iterator[Block]:
    """Blocks and the blocks within them, in reading order."""
    for block in blocks:
        yield block
        match block:
            case Article(picture=picture):
                yield from every_block((picture, *block.blocks) if picture else block.blocks)
            case ListBlock():
                for item in block.items:
                    yield from every_block(item)
            case Cards():
                yield from (card.picture for card in block.cards if card.picture)
            case Recording(picture=picture) if picture:
                yield picture
            case Quote():
                yield from every_block((block.portrait, *block.blocks) if block.portrait else block.blocks)
            case _:
                yield from every_block(getattr(block, "blocks", ()))


def _texts(block: Block) -> Iterator[tuple[Inlines, int]]:
    match block:
        case Heading() | Paragraph() | Button() | Recording() | Download():
            yield block.content, block.line
        case Picture():
            yield block.caption, block.line
        case Table():
            for row in (block.head, *block.rows):
                yield from ((cell, block.line) for cell in row)
        case Cards():
            yield from ((card.content, card.line) for card in block.cards)
        case Figures():
            yield from ((figure.label, figure.line) for figure in block.figures)
        case Invitation():
            yield from ((item.title, item.line) for item in _programme(block.programme))


def _own_anchors(block: Block, language: str) -> Iterator[Anchor]:
    match block:
        case Button():
            yield Anchor(text=plain(block.content), target=block.target, line=block.line)
        case Picture() if block.target:
            yield Anchor(text=block.alt, target=block.target, line=block.line)
        case Agenda():
            yield from (_titled(entry) for entry in block.entries if entry.link)
        case Cards():
            yield from (_titled(card) for card in block.cards if card.link)
        case Recording() if block.link:
            yield _titled(block)
        case Download() if block.link:
            kind = f" ({block.type})" if block.type else ""
            yield Anchor(text=f"{block.title}{kind}", target=block.link, line=block.line)
        case Invitation() if block.link:
            yield Anchor(text=block.link_text or LABELS[language].sign_up, target=block.link, line=block.line)


def _titled(thing: AgendaEntry | Card | Recording) -> Anchor:
    return Anchor(text=thing.link_text or thing.title, target=thing.link, line=thing.line)


def _own_texts(block: Block) -> Iterator[tuple[str, int]]:
    match block:
        case Picture():
            yield from ((text, block.line) for text in (block.alt, block.credit))
        case Quote():
            yield from ((text, block.line) for text in (block.person, block.role))
        case Agenda():
            for entry in block.entries:
                yield from ((text, entry.line) for text in (entry.title, entry.place, entry.audience, entry.link_text))
        case Cards():
            yield from ((text, card.line) for card in block.cards for text in (card.title, card.link_text))
        case Figures():
            yield from ((figure.value, figure.line) for figure in block.figures)
        case Recording():
            yield from ((text, block.line) for text in (block.title, block.link_text))
        case Download():
            yield block.title, block.line
        case Invitation():
            texts = (block.title, block.place, block.audience, block.cost, block.link_text)
            yield from ((text, block.line) for text in texts)


def _programme(items: Sequence[ProgrammeItem]) -> Iterator[ProgrammeItem]:
    for item in items:
        yield item
        yield from _programme(item.items)
