"""What stands on a line of its own in a paragraph: images and buttons are lifted out of it. Pure."""

from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from newsletter.issue.inline import InlineBuilder
from newsletter.issue.model import Block
from newsletter.issue.model_blocks import Button, Paragraph, Picture
from newsletter.issue.model_text import Mixed

_BREAKS = frozenset({"softbreak", "hardbreak"})
_ATTRIBUTION = ("-- ", "— ", "– ")  # noqa: RUF001 - editors type either dash


def paragraph_blocks(tokens: Sequence[Token], line: int, inline: InlineBuilder) -> Iterator[Block]:
    """The blocks of a paragraph that begins on `line`: text, and each image or button that has its own line."""
    run: list[Token] = []
    began = line
    for number, tokens_of_line in enumerate(_lines(tokens), start=line):
        lifted = list(_lifted(_content(tokens_of_line), number, inline))
        if not lifted:
            began = began if run else number
            run += tokens_of_line
            continue
        yield from _paragraph(run, began, inline)
        run = []
        yield from lifted
    yield from _paragraph(run, began, inline)


def attribution(tokens: Sequence[Token], line: int, inline: InlineBuilder) -> tuple[Sequence[Token], str]:
    """The words of a quotation without its last line `-- Name, role`, and what that line says."""
    lines = list(_lines(tokens))
    last = lines[-1] if lines else []
    if not last or last[0].type != "text" or not last[0].content.startswith(_ATTRIBUTION):
        return tokens, ""
    name = inline.plain(last, line + len(lines) - 1, "the name below a quotation")
    return [token for part in lines[:-1] for token in part], name.partition(" ")[2]


def _paragraph(run: Sequence[Token], line: int, inline: InlineBuilder) -> Iterator[Block]:
    content = inline.build(run, line)
    if content:
        yield Paragraph(content=content, line=line)


def _lines(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Tokens by line, each with its break at the end; a break within emphasis or a link does not count."""
    line: list[Token] = []
    depth = 0
    for token in tokens:
        depth += token.nesting
        line.append(token)
        if depth == 0 and token.type in _BREAKS:
            yield line
            line = []
    if line:
        yield line


def _content(tokens: Sequence[Token]) -> list[Token]:
    """A line without its break and without the spaces between things."""
    return [
        token
        for token in tokens
        if token.type not in _BREAKS and not (token.type == "text" and token.level == 0 and not token.content.strip())
    ]


def _lifted(tokens: list[Token], line: int, inline: InlineBuilder) -> Iterator[Block]:
    """Blocks for a line that holds nothing but images, linked images and buttons; nothing for any other line."""
    groups = list(_groups(tokens))
    if all(_is_picture(group) or _is_button(group) for group in groups):
        for group in groups:
            yield _picture(group, line, inline) if _is_picture(group) else _button(group, line, inline)


def _groups(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Top-level things of a line: a token, or an opening with all up to its closing."""
    group: list[Token] = []
    depth = 0
    for token in tokens:
        depth += token.nesting
        group.append(token)
        if depth == 0:
            yield group
            group = []
    if group:
        yield group


def _is_picture(group: Sequence[Token]) -> bool:
    if group[0].type == "link_open":
        inner = [token for token in group[1:-1] if token.type != "text" or token.content.strip()]
        return len(inner) == 1 and inner[0].type == "image"
    return group[0].type == "image"


def _is_button(group: Sequence[Token]) -> bool:
    return group[0].type == "link_open" and "button" in str(group[0].attrs.get("class", "")).split()


def _picture(group: Sequence[Token], line: int, inline: InlineBuilder) -> Block:
    image = next(token for token in group if token.type == "image")
    target: Mixed = ()
    if group[0].type == "link_open":
        inline.is_button(group[0], line)
        target = inline.target(group[0], line)
    return Picture(
        source=inline.source(str(image.attrs.get("src", "")), line),
        alt=inline.plain(image.children or [], line, "the description of an image"),
        caption=inline.words(str(image.attrs.get("title", "")), line),
        credit=inline.credit(image, line),
        target=target,
        line=line,
    )


def _button(group: Sequence[Token], line: int, inline: InlineBuilder) -> Block:
    inline.is_button(group[0], line)
    return Button(target=inline.target(group[0], line), content=inline.build(group[1:-1], line), line=line)
