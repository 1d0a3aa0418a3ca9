"""Issue to MJML: one partial per block, one layout; the templates get this and nothing else. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from newsletter.compose.assets import Assets
from newsletter.compose.furniture import Furniture
from newsletter.compose.outline import Outline
from newsletter.compose.richtext import RichText, plain, without_links
from newsletter.compose.templating import LAYOUT, Templates
from newsletter.issue.anchors import anchors, listed
from newsletter.issue.model import Article, Block, Issue, ListBlock, Only
from newsletter.issue.model_blocks import Cards, Heading, Paragraph
from newsletter.issue.model_text import Mixed


class Renderer:
    """Renders one issue; what the editor must mend gathers in `text.findings` and `assets.findings`."""

    def __init__(self, *, furniture: Furniture, templates: Templates, text: RichText, assets: Assets) -> None:
        self._templates = templates
        self._text = text
        self._assets = assets
        self._outline = Outline()
        self._anchors: dict[int, str] = {}
        self._listed: list[tuple[Heading, str]] = []
        self._furniture = furniture
        self._shared: dict[str, Any] = {
            "theme": templates.theme,
            "furniture": furniture,
            "labels": furniture.labels,
            "flow": self._flow,
            "item": self._item,
            "inline": text.inline,
            "mixed": text.mixed,
            "href": text.href,
            "plain": plain,
            "image": assets.show,
            "level": self._outline.below,
            "contents": self._contents,
            "day_parts": self._day_parts,
        }

    def document(self, issue: Issue, *, title: str, heading: Mixed, has_logo: bool) -> Markup:
        """The whole mail as MJML; raises IssueError for a template that does not work."""
        self._anchors = {id(heading): name for heading, name in reversed(anchors(issue.blocks))}
        self._listed = listed(issue.blocks)
        logo = self._assets.logo(int(self._templates.theme["logo"]["width"])) if has_logo else None
        return self._template(
            LAYOUT,
            title=title,
            heading=heading,
            preheader=issue.preheader,
            logo=logo,
            head_css=self._templates.head_css,
            sections=Markup("\n").join(self._sections(issue.blocks)),
        )

    def _template(self, name: str, **values: object) -> Markup:
        return self._templates.render(name, **self._shared, **values)

    def _sections(self, blocks: Sequence[Block]) -> Iterator[Markup]:
        """Runs of flowing blocks share a section; blocks that need columns have their own."""
        run: list[Block] = []
        for block in blocks:
            if not _needs_columns(block):
                run.append(block)
                continue
            yield from self._run(run)
            run = []
            yield from self._only_sections(block) if isinstance(block, Only) else [self._block(block, in_columns=True)]
        yield from self._run(run)

    def _only_sections(self, block: Only) -> Iterator[Markup]:
        """Sections for some readers; compose.marks says why their marks stand bare."""
        yield Markup("<mj-raw>{}</mj-raw>").format(self._text.begin(block))
        yield from self._sections(block.blocks)
        yield Markup("<mj-raw>{}</mj-raw>").format(self._text.end())

    def _run(self, run: Sequence[Block]) -> Iterator[Markup]:
        if run:
            yield self._template("flow.mjml.j2", content=self._flow(run))

    def _flow(self, blocks: Sequence[Block]) -> Markup:
        """Blocks under each other, as HTML inside a column."""
        return Markup("\n").join(self._block(block, in_columns=False) for block in blocks)

    def _item(self, blocks: Sequence[Block]) -> Markup:
        """A list item: its first paragraph is the item itself, without a margin."""
        if blocks and isinstance(blocks[0], Paragraph):
            return self._text.inline(blocks[0].content) + self._flow(blocks[1:])
        return self._flow(blocks)

    def _block(self, block: Block, *, in_columns: bool) -> Markup:
        """By the partial called like its type; `-columns` where it stands in columns, not in running text.

        An audience block is the blocks in it, between marks.
        """
        if isinstance(block, Only):
            begin = self._text.begin(block)
            content = self._flow(block.blocks)
            end = self._text.end()
            return Markup("<!--{}-->{}<!--{}-->").format(begin, content, end)
        kind = "list" if isinstance(block, ListBlock) else type(block).__name__.lower()
        values: dict[str, object] = {}
        if isinstance(block, Heading):
            anchor = self._anchors.pop(id(block), "")  # a heading that a test uses twice has its name once
            values = {"heading_level": self._outline.enter(block.level), "anchor": anchor}
        return self._template(f"blocks/{kind}{'-columns' if in_columns else ''}.mjml.j2", block=block, **values)

    def _contents(self) -> list[tuple[str, Markup]]:
        """Name and words of the headings that the table of contents lists."""
        return [(name, self._text.inline(without_links(heading.content))) for heading, name in self._listed]

    def _day_parts(self, day: date) -> tuple[str, str, str]:
        """Weekday, number, month and year, for a date that is set in three sizes."""
        weekday, number, rest = self._furniture.day(day).split(" ", 2)
        return weekday, number, rest


def _needs_columns(block: Block) -> bool:
    """Whether the block is built of columns that stack on a phone."""
    if isinstance(block, Article):
        return block.picture is not None and block.image_side != "above"
    if isinstance(block, Only):
        return any(map(_needs_columns, block.blocks))
    return isinstance(block, Cards)
