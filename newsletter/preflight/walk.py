"""Everything in an issue that a check may look at: blocks, links, pictures, words, fields, with their lines. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.compose.labels import LABELS
from newsletter.issue.model import (
    Agenda,
    Article,
    Block,
    Button,
    Cards,
    Code,
    Emphasis,
    FieldRef,
    Heading,
    Inlines,
    Invitation,
    Issue,
    LineBreak,
    Link,
    ListBlock,
    Mixed,
    Note,
    Paragraph,
    Picture,
    ProgrammeItem,
    Quote,
    Strong,
    Table,
    Text,
)


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
    """Running text as a reader sees it, fields as spaces."""

    text: str
    line: int


def every_block(blocks: Sequence[Block]) -> Iterator[Block]:
    """Blocks and the blocks within them, in reading order."""
    for block in blocks:
        yield block
        match block:
            case Quote() | Note():
                yield from every_block(block.blocks)
            case Article():
                yield from every_block((block.picture, *block.blocks) if block.picture else block.blocks)
            case ListBlock():
                for item in block.items:
                    yield from every_block(item)
            case Cards():
                yield from (card.picture for card in block.cards if card.picture)


def every_text(issue: Issue) -> Iterator[tuple[Inlines, int]]:
    """All running text of the body with its line."""
    for block in every_block(issue.blocks):
        match block:
            case Heading() | Paragraph() | Button():
                yield block.content, block.line
            case Picture():
                yield block.caption, block.line
            case Table():
                for row in (block.head, *block.rows):
                    yield from ((cell, block.line) for cell in row)
            case Cards():
                yield from ((card.content, card.line) for card in block.cards)
            case Invitation():
                yield from ((item.title, item.line) for item in _programme(block.programme))


def anchors(issue: Issue, language: str) -> list[Anchor]:
    """All links of the body, in reading order; a default text is the one that compose will use."""
    found = [anchor for block in every_block(issue.blocks) for anchor in _own_anchors(block, language)]
    for content, _ in every_text(issue):
        found += [Anchor(text=plain(link.children), target=link.target, line=link.line) for link in _links(content)]
    return sorted(found, key=lambda anchor: anchor.line)


def every_words(issue: Issue) -> Iterator[Words]:
    """Everything a reader reads: subject, preheader, title, running text and the texts of blocks."""
    for mixed in (issue.subject, issue.preheader, (issue.title,)):
        yield Words(text=plain_mixed(mixed, field=" "), line=0)
    for content, line in every_text(issue):
        yield Words(text=plain(content), line=line)
    for block in every_block(issue.blocks):
        yield from (Words(text=text, line=line) for text, line in _own_texts(block) if text)


def every_field(issue: Issue) -> Iterator[FieldRef]:
    """Every field of subject, preheader, text and link targets."""
    mixed = [issue.subject, issue.preheader, *(anchor.target for anchor in anchors(issue, "nl"))]
    yield from (piece for pieces in mixed for piece in pieces if isinstance(piece, FieldRef))
    for content, _ in every_text(issue):
        yield from _fields(content)


def plain(content: Inlines) -> str:
    """The words of `content`, fields as spaces."""
    words = []
    for item in content:
        match item:
            case Text(text) | Code(text):
                words.append(text)
            case Strong(children) | Emphasis(children):
                words.append(plain(children))
            case Link():
                words.append(plain(item.children))
            case LineBreak() | FieldRef():
                words.append(" ")
    return "".join(words)


def plain_mixed(pieces: Mixed, field: str | None = None) -> str:
    """`pieces` as one text; a field as `{{name}}` or as `field`."""
    return "".join(
        piece if isinstance(piece, str) else (f"{{{{{piece.name}}}}}" if field is None else field) for piece in pieces
    )


def _own_anchors(block: Block, language: str) -> Iterator[Anchor]:
    match block:
        case Button():
            yield Anchor(text=plain(block.content), target=block.target, line=block.line)
        case Picture() if block.target:
            yield Anchor(text=block.alt, target=block.target, line=block.line)
        case Agenda():
            for entry in block.entries:
                if entry.link:
                    yield Anchor(text=entry.link_text or entry.title, target=entry.link, line=entry.line)
        case Cards():
            for card in block.cards:
                if card.link:
                    yield Anchor(text=card.link_text or card.title, target=card.link, line=card.line)
        case Invitation() if block.link:
            text = block.link_text or LABELS[language].sign_up
            yield Anchor(text=text, target=block.link, line=block.line)


def _own_texts(block: Block) -> Iterator[tuple[str, int]]:
    match block:
        case Picture():
            yield block.alt, block.line
        case Quote():
            yield f"{block.person}, {block.role}", block.line
        case Agenda():
            for entry in block.entries:
                yield from ((text, entry.line) for text in (entry.title, entry.place, entry.audience, entry.link_text))
        case Cards():
            yield from ((text, card.line) for card in block.cards for text in (card.title, card.link_text))
        case Invitation():
            texts = (block.title, block.place, block.audience, block.cost, block.link_text)
            yield from ((text, block.line) for text in texts)


def _programme(items: Sequence[ProgrammeItem]) -> Iterator[ProgrammeItem]:
    for item in items:
        yield item
        yield from _programme(item.items)


def _links(content: Inlines) -> Iterator[Link]:
    for item in content:
        match item:
            case Link():
                yield item
            case Strong(children) | Emphasis(children):
                yield from _links(children)


def _fields(content: Inlines) -> Iterator[FieldRef]:
    for item in content:
        match item:
            case FieldRef():
                yield item
            case Strong(children) | Emphasis(children):
                yield from _fields(children)
            case Link():
                yield from _fields(item.children)
