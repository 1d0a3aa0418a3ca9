"""From markdown-it's tokens to the blocks of an issue. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from markdown_it.token import Token

from newsletter.issue.audience import audience
from newsletter.issue.directives import Directive
from newsletter.issue.inline import InlineBuilder
from newsletter.issue.markdown import MAXIMUM_NESTING
from newsletter.issue.model import Article, Block, ListBlock, Note, Only, Quote
from newsletter.issue.model_blocks import Contents, Divider, Heading, Paragraph, Picture, Table
from newsletter.issue.model_text import Code, Inlines, LineBreak
from newsletter.issue.paragraphs import attribution, paragraph_blocks
from newsletter.issue.yaml_blocks import yaml_block

_SIDES: Mapping[str, Literal["left", "right", "above", "none"]] = {
    "left": "left",
    "right": "right",
    "above": "above",
    "none": "none",
}
_ALIGN: Mapping[str, Literal["left", "center", "right"]] = {
    "text-align:center": "center",
    "text-align:right": "right",
}


@dataclass(slots=True)
class _Branch:
    """A token with what stands between it and its closing token."""

    token: Token
    children: list["_Branch"] = field(default_factory=list)

    @property
    def line(self) -> int:
        """From 1."""
        return (self.token.map[0] if self.token.map else 0) + 1

    @property
    def inline(self) -> Sequence[Token]:
        """The inline tokens of a heading, paragraph or table cell."""
        return next((child.token.children or [] for child in self.children if child.token.type == "inline"), [])


class BlockBuilder:
    """Builds the blocks of one text; findings go where `inline` sends them."""

    def __init__(self, inline: InlineBuilder) -> None:
        self.inline = inline

    def build(self, tokens: Sequence[Token]) -> tuple[Block, ...]:
        """All blocks; nothing but a finding if lists and quotations are nested too deeply."""
        for token in tokens:
            if token.level >= MAXIMUM_NESTING:
                line = (token.map[0] if token.map else 0) + 1
                what = "lists or quotations in each other, too deep"
                self.inline.report.add("markdown", line, what, "take some levels out")
                return ()
        return self._blocks(_tree(tokens))

    def _blocks(self, branches: Sequence[_Branch]) -> tuple[Block, ...]:
        return tuple(block for branch in branches for block in self._one(branch))

    def _one(self, branch: _Branch) -> Iterator[Block]:
        match branch.token.type:
            case "paragraph_open":
                yield from paragraph_blocks(branch.inline, branch.line, self.inline)
            case "hr":
                yield Divider(line=branch.line)
            case "fence":
                yield Paragraph(content=self._code(branch.token.content), line=branch.line)
            case "directive_yaml":
                block = yaml_block(_directive(branch), self.inline, branch.token.content)
                yield from [block] if block else []
            case other if other in _HANDLERS:
                yield from _HANDLERS[other](self, branch)

    def heading(self, branch: _Branch) -> Iterator[Block]:
        """`## Words`; one without words is a finding."""
        content = self.inline.build(branch.inline, branch.line)
        if not content:
            remedy = "write its words, or remove the #"
            self.inline.report.add("markdown", branch.line, "a heading has no words", remedy)
        yield Heading(level=int(branch.token.tag[1]), content=content, line=branch.line)

    def list_block(self, branch: _Branch) -> Iterator[Block]:
        """A list and all within it."""
        items = tuple(self._blocks(item.children) for item in branch.children)
        start = branch.token.attrs.get("start", 1)
        is_ordered = branch.token.type == "ordered_list_open"
        yield ListBlock(ordered=is_ordered, start=int(start), items=items, line=branch.line)

    def quote(self, branch: _Branch) -> Iterator[Block]:
        """A quotation; a last line `-- Name, role` says whose."""
        said = [child for child in branch.children if child.token.type == "paragraph_open"]
        last = branch.children[-1] if branch.children else None
        if not said or last is not said[-1]:
            yield Quote(blocks=self._blocks(branch.children), line=branch.line)
            return
        words, name = attribution(last.inline, last.line, self.inline)
        before = self._blocks(branch.children[:-1])
        person, _, role = name.partition(",")
        yield Quote(
            blocks=(*before, *paragraph_blocks(words, last.line, self.inline)),
            person=person.strip(),
            role=role.strip(),
            line=branch.line,
        )

    def table(self, branch: _Branch) -> Iterator[Block]:
        """A table with its head."""
        rows = [row for part in branch.children for row in part.children]
        head, *body = rows
        align = tuple(_ALIGN.get(str(cell.token.attrs.get("style", "")), "left") for cell in head.children)
        yield Table(head=self._row(head), rows=tuple(self._row(row) for row in body), align=align, line=branch.line)

    def directive(self, branch: _Branch) -> Iterator[Block]:
        """`:::article`, `:::quote`, `:::note`, `:::contents`."""
        found = _directive(branch)
        is_bare = bool(found.kind and found.kind.is_bare)
        if is_bare and branch.children:
            what = f"nothing can stand in the block {found.name!r}"
            self.inline.report.add("directive", branch.children[0].line, what, "close it with ::: before this line")
        elif not branch.children and not is_bare:
            self.inline.report.add("directive", branch.line, f"the block {found.name!r} is empty", "fill or remove it")
        yield from MARKDOWN_BUILDERS[found.name](self, branch, found)

    def article(self, branch: _Branch, found: Directive) -> Iterator[Block]:
        """The first image is the picture; the rest is running text."""
        blocks = self._blocks(branch.children)
        picture = next((block for block in blocks if isinstance(block, Picture)), None)
        rest = tuple(block for block in blocks if block is not picture)
        side = _SIDES[found.options["image"]]
        if picture and side == "none":
            what = "an article with image=none has an image"
            self.inline.report.add("directive", picture.line, what, "remove it, or write image=left, right or above")
        yield Article(image_side=side, picture=picture, blocks=rest, line=branch.line)

    def contents(self, branch: _Branch, _found: Directive) -> Iterator[Block]:
        """A list of the headings that follow."""
        yield Contents(line=branch.line)

    def note(self, branch: _Branch, _found: Directive) -> Iterator[Block]:
        """A notice."""
        yield Note(blocks=self._blocks(branch.children), line=branch.line)

    def only(self, branch: _Branch, found: Directive) -> Iterator[Block]:
        """Blocks for some readers; a condition that is not understood is a finding."""
        condition = audience(found.condition, branch.line, self.inline)
        blocks = self._blocks(branch.children)
        if condition and blocks:
            yield Only(condition=condition, blocks=blocks, on_web=found.options["web"] == "true", line=branch.line)

    def quote_directive(self, branch: _Branch, _found: Directive) -> Iterator[Block]:
        """`:::quote`, also around a Markdown quotation; an image in it is the portrait."""
        inner = branch.children
        if len(inner) == 1 and inner[0].token.type == "blockquote_open":
            found = (replace(block, line=branch.line) for block in self.quote(inner[0]) if isinstance(block, Quote))
        else:
            found = (block for block in self.quote(branch) if isinstance(block, Quote))
        for quote in found:
            portrait = next((block for block in quote.blocks if isinstance(block, Picture)), None)
            said = tuple(block for block in quote.blocks if block is not portrait)
            if portrait and (portrait.caption or portrait.target):
                what = "a portrait has neither a caption nor a link"
                self.inline.report.add(
                    "directive", portrait.line, what, "name the person below the words: -- Name, role"
                )
            yield replace(quote, blocks=said, portrait=portrait)

    def _row(self, row: _Branch) -> tuple[Inlines, ...]:
        return tuple(self.inline.build(cell.inline, row.line) for cell in row.children)

    def _code(self, content: str) -> Inlines:
        """A block of code as lines of code."""
        lines = self.inline.fields.restore(content).rstrip("\n").split("\n")
        return tuple(
            part
            for index, text in enumerate(lines)
            for part in ((LineBreak(),) if index else ()) + ((Code(text),) if text else ())
        )


def _directive(branch: _Branch) -> Directive:
    found = branch.token.meta["directive"]
    assert isinstance(found, Directive)  # noqa: S101 - markdown.py puts nothing else there
    return found


def _tree(tokens: Sequence[Token]) -> list[_Branch]:
    """Tokens in a flat row as branches."""
    stack: list[list[_Branch]] = [[]]
    for token in tokens:
        if token.nesting == -1:
            stack.pop()
            continue
        branch = _Branch(token)
        stack[-1].append(branch)
        if token.nesting == 1:
            stack.append(branch.children)
    return stack[0]


_Handler = Callable[[BlockBuilder, _Branch], Iterator[Block]]
_HANDLERS: Mapping[str, _Handler] = {
    "heading_open": BlockBuilder.heading,
    "bullet_list_open": BlockBuilder.list_block,
    "ordered_list_open": BlockBuilder.list_block,
    "blockquote_open": BlockBuilder.quote,
    "table_open": BlockBuilder.table,
    "directive_open": BlockBuilder.directive,
}
MARKDOWN_BUILDERS: Mapping[str, Callable[[BlockBuilder, _Branch, Directive], Iterator[Block]]] = {
    "article": BlockBuilder.article,
    "contents": BlockBuilder.contents,
    "note": BlockBuilder.note,
    "only": BlockBuilder.only,
    "quote": BlockBuilder.quote_directive,
}
