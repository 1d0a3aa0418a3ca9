"""The text part, written from the Issue itself and not from its HTML: same words, same links (A6). Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from newsletter.compose.compiled import Conditional, Pieces
from newsletter.compose.flowed import stuffed
from newsletter.compose.furniture import Furniture
from newsletter.compose.lines import (
    WIDTH,
    Lines,
    as_inlines,
    as_pieces,
    enclosed,
    in_words,
    joined,
    linked,
    prefixed,
    quoted,
    underlined,
    wrap,
)
from newsletter.compose.text_media import (
    calendar_lines,
    contents_lines,
    download_lines,
    figures_lines,
    news_lines,
    recording_lines,
)
from newsletter.compose.text_table import table_lines
from newsletter.issue.model import Article, Block, Issue, ListBlock, Note, Only, Quote
from newsletter.issue.model_blocks import (
    Button,
    Card,
    Cards,
    Contents,
    Divider,
    Download,
    Figures,
    Heading,
    Paragraph,
    Picture,
    Recording,
    Table,
)
from newsletter.issue.model_meetings import Agenda, AgendaEntry, Invitation, ProgrammeItem

__all__ = ["WIDTH", "render_text"]


def render_text(issue: Issue, furniture: Furniture) -> Pieces:
    """The whole text part: title, date, web version, issue, footer with the way out; flowed (compose.flowed)."""
    writer = _Writer(furniture, issue.blocks)
    title = in_words(as_inlines((issue.title,) if issue.title else issue.subject))
    web_version = furniture.web_version
    top: list[Lines] = [underlined(wrap(title, WIDTH), "="), [(f"{furniture.title}, {furniture.date}",)]]
    top += [wrap(in_words((web_version,)), WIDTH)] if web_version else []
    footer = [
        group
        for part in furniture.footer
        for group in (underlined([(part.title,)], "-"), writer.blocks(part.blocks, WIDTH))
    ]
    return as_pieces(stuffed(joined([*top, writer.blocks(issue.blocks, WIDTH), _RULE, *footer])))


_RULE: Lines = [("* * *",)]


class _Writer:
    """Writes blocks as lines of at most `limit` characters, in the words of one list's language."""

    def __init__(self, furniture: Furniture, issue: Sequence[Block]) -> None:
        self._furniture = furniture
        self._issue = issue
        self._labels = furniture.labels

    def blocks(self, blocks: Sequence[Block], limit: int) -> Lines:
        """Blocks with an empty line between them."""
        return joined(self._each(blocks, limit))

    def _inside(self, blocks: Sequence[Block], limit: int) -> Lines:
        """Blocks behind a mark of their own."""
        return enclosed(self._each(blocks, limit))

    def _each(self, blocks: Sequence[Block], limit: int) -> Iterator[Lines]:
        return (_WRITERS[type(block)](self, block, limit) for block in blocks)

    def heading(self, block: Heading, limit: int) -> Lines:
        return underlined(wrap(in_words(block.content), limit), "-")

    def paragraph(self, block: Paragraph, limit: int) -> Lines:
        return wrap(in_words(block.content), limit)

    def picture(self, block: Picture, limit: int) -> Lines:
        """What the image shows, its caption, and where it leads."""
        words = (f"[{self._labels.image}: {block.alt}]",) if block.alt else ()
        credit = wrap([f"{self._labels.credit} {block.credit}"], limit) if block.credit else []
        return [*wrap(linked(words, block.target), limit), *wrap(in_words(block.caption), limit), *credit]

    def list_block(self, block: ListBlock, limit: int) -> Lines:
        marks = [f"{block.start + index}. " if block.ordered else "- " for index in range(len(block.items))]
        indent = max(map(len, marks), default=0)
        lines: Lines = []
        for mark, item in zip(marks, block.items, strict=True):
            content = self._item(item, limit - indent) or [()]
            lines += prefixed(content, mark.rjust(indent), " " * indent)
        return lines

    def table(self, block: Table, limit: int) -> Lines:
        return table_lines(block, limit)

    def quote(self, block: Quote, limit: int) -> Lines:
        name = ", ".join(part for part in (block.person, block.role) if part)
        said = self._inside(block.blocks, limit - 2)
        person = wrap([f"\N{EM DASH} {name}"], limit - 2) if name else []
        portrait = self.picture(block.portrait, limit - 2) if block.portrait else []
        return quoted([*said, *person, *portrait])

    def divider(self, _block: Divider, _limit: int) -> Lines:
        return _RULE

    def button(self, block: Button, limit: int) -> Lines:
        return wrap(linked(tuple(in_words(block.content)), block.target), limit)

    def note(self, block: Note, limit: int) -> Lines:
        return prefixed(self._inside(block.blocks, limit - 2), "| ")

    def only(self, block: Only, limit: int) -> Lines:
        """Blocks for some readers, between their turns."""
        lines = self.blocks(block.blocks, limit)
        return [(Conditional(block.condition, (), block.on_web),), *lines, (None,)] if lines else []

    def article(self, block: Article, limit: int) -> Lines:
        picture = self.picture(block.picture, limit) if block.picture else []
        return joined([picture, self.blocks(block.blocks, limit)])

    def agenda(self, block: Agenda, limit: int) -> Lines:
        return joined(self._agenda_entry(entry, limit) for entry in block.entries)

    def cards(self, block: Cards, limit: int) -> Lines:
        return joined(self._card(card, limit) for card in block.cards)

    def contents(self, _block: Contents, limit: int) -> Lines:
        return contents_lines(self._issue, self._furniture, limit)

    def recording(self, block: Recording, limit: int) -> Lines:
        return recording_lines(block, self._furniture, self.picture, limit)

    def figures(self, block: Figures, limit: int) -> Lines:
        return figures_lines(block, limit)

    def download(self, block: Download, limit: int) -> Lines:
        return download_lines(block, limit)

    def invitation(self, block: Invitation, limit: int) -> Lines:
        labels = self._labels
        programme = self._programme(block.programme, limit)
        is_on = not block.is_cancelled
        closing = self._furniture.day(block.closing_date) if block.closing_date and is_on else ""
        sign_up = linked((block.link_text or labels.sign_up,), block.link) if block.link and is_on else ()
        return joined(
            [
                underlined(wrap([block.title], limit), "-"),
                [
                    *news_lines(block, self._furniture, limit),
                    *_labelled(labels.when, self._furniture.moment(block.date, block.start, block.end), limit),
                    *_labelled(labels.place, block.place, limit),
                    *_labelled(labels.audience, block.audience, limit),
                    *_labelled(labels.cost, block.cost, limit),
                ],
                [(f"{labels.programme}:",), *programme] if programme else [],
                [
                    *wrap(sign_up, limit),
                    *(wrap([f"{labels.closing} {closing}."], limit) if closing else []),
                    *calendar_lines(block, self._furniture, limit),
                ],
            ]
        )

    def _item(self, blocks: Sequence[Block], limit: int) -> Lines:
        """A list item: a list within it follows its words without an empty line."""
        lines: Lines = []
        for block in blocks:
            gap = [()] if lines and not isinstance(block, ListBlock) else []
            lines += [*gap, *_WRITERS[type(block)](self, block, limit)]
        return lines

    def _agenda_entry(self, entry: AgendaEntry, limit: int) -> Lines:
        """Date and time, then the title; the title is the link unless the editor gave the link words of its own."""
        labels = self._labels
        title = linked((entry.title,), () if entry.link_text else entry.link)
        details = [
            *news_lines(entry, self._furniture, limit - 2),
            *wrap(title, limit - 2),
            *_labelled(labels.place, entry.place, limit - 2),
            *_labelled(labels.audience, entry.audience, limit - 2),
            *(wrap(linked((entry.link_text,), entry.link), limit - 2) if entry.link_text else []),
            *calendar_lines(entry, self._furniture, limit - 2),
        ]
        return [*wrap([self._furniture.moment(entry.date, entry.start, entry.end)], limit), *prefixed(details, "  ")]

    def _card(self, card: Card, limit: int) -> Lines:
        """Title, image, words; the address stands last, so that the rule below the title stays short."""
        return joined(
            [
                underlined(wrap([card.title], limit), "-"),
                self.picture(card.picture, limit) if card.picture else [],
                wrap(in_words(card.content), limit),
                wrap(linked((card.link_text,) if card.link_text else (), card.link), limit),
            ]
        )

    def _programme(self, items: Sequence[ProgrammeItem], limit: int) -> Lines:
        lines: Lines = []
        for item in items:
            times = self._furniture.times(item.start, item.end)
            words = wrap([f"{times}: " if times else "", *in_words(item.title)], limit - 2)
            lines += prefixed([*words, *self._programme(item.items, limit - 2)], "- ", "  ")
        return lines


def _labelled(label: str, value: str, limit: int) -> Lines:
    return wrap([f"{label}: {value}"], limit) if value else []


_WRITERS: Mapping[type, Callable[[_Writer, Any, int], Lines]] = {
    Heading: _Writer.heading,
    Paragraph: _Writer.paragraph,
    Picture: _Writer.picture,
    ListBlock: _Writer.list_block,
    Table: _Writer.table,
    Quote: _Writer.quote,
    Divider: _Writer.divider,
    Button: _Writer.button,
    Note: _Writer.note,
    Only: _Writer.only,
    Article: _Writer.article,
    Agenda: _Writer.agenda,
    Cards: _Writer.cards,
    Invitation: _Writer.invitation,
    Contents: _Writer.contents,
    Recording: _Writer.recording,
    Figures: _Writer.figures,
    Download: _Writer.download,
}
