"""The Markdown of issues: CommonMark with tables, `{.button}` and `:::` blocks, and without HTML (I8). Pure.

Two rules of our own: one makes tokens of the directives that newsletter.issue.directives found, one makes a token of
everything that looks like an HTML tag, so that it can be refused with its line. Indented text is running text, not
code: in a newsletter it comes from copying. Long paragraphs are cut out before their inline markup is read, since
that takes more than linear time.
"""

import re
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.attrs import attrs_plugin

from newsletter.issue.directives import Directive

MAXIMUM_NESTING = 14
"""Levels of lists and quotations in each other; a list counts two."""
_GIVE_UP_NESTING = 20
"""Here markdown-it drops what is deeper; by then the nesting is refused."""
MAXIMUM_PARAGRAPH = 10_000
"""Characters."""
MAXIMUM_TEXT = 300_000
"""Characters in all; the mail may have 100,000 bytes (A30)."""
MAXIMUM_BRACKETS = 400
"""In one paragraph; every `[` may begin a link, which has to be tried."""

_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:[\s/][^<>]{0,2000})?>|<!--|<\?|<![A-Z]")


class _Markdown(MarkdownIt):
    """Leaves targets as written: newsletter.issue.links judges and encodes them, and can say what is wrong where."""

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802 - markdown-it's signature
        return True

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - markdown-it's name
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - markdown-it's name
        return link


@cache
def parser() -> MarkdownIt:
    """The one parser; it keeps nothing between two texts."""
    markdown = _Markdown("commonmark", {"maxNesting": _GIVE_UP_NESTING, "html": False})
    markdown.enable("table").disable(["code", "html_block"])
    markdown.use(attrs_plugin, after=("link_close", "image"), allowed=("class", "credit"))
    markdown.inline.ruler.at("html_inline", _tag)
    markdown.block.ruler.before(
        "fence", "directive", _directive, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    markdown.core.ruler.before("inline", "limits", _limits)
    return markdown


def tokens_of(source: str, directives: dict[int, Directive], too_long: list[int]) -> list[Token]:
    """Tokens of `source`; `directives` by the index of their first line; lines cut for length go into `too_long`."""
    return parser().parse(source, {"directives": directives, "too_long": too_long})


def inline_tokens(text: str, too_long: list[int]) -> list[Token]:
    """Tokens of a piece of text that holds no blocks."""
    tokens = parser().parseInline(text, {"too_long": too_long})
    return (tokens[0].children or []) if tokens else []


def _directive(state: StateBlock, start: int, _end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    found: Directive | None = state.env.get("directives", {}).get(start)
    if found is None:
        return False
    if silent:
        return True
    if found.close is None or found.kind is None:
        state.line = start + 1  # already reported; what follows is read as if the line were not there
    elif found.kind.is_yaml:
        token = state.push("directive_yaml", "", 0)
        token.content = state.getLines(start + 1, found.close, 0, keepLastLF=False)
        _finish(state, token, found, found.close)
    else:
        _read_inside(state, found, found.close)
    return True


def _read_inside(state: StateBlock, found: Directive, close: int) -> None:
    opening = state.push("directive_open", "", 1)
    outer = state.lineMax, state.parentType
    state.lineMax, state.parentType = close, "directive"
    state.md.block.tokenize(state, found.start + 1, close)
    state.lineMax, state.parentType = outer
    state.push("directive_close", "", -1)
    _finish(state, opening, found, close)


def _finish(state: StateBlock, token: Token, found: Directive, close: int) -> None:
    token.map = [found.start, close]
    token.meta = {"directive": found}
    state.line = close + 1


def _tag(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    if state.src[state.pos] != "<":
        return False
    found = _TAG.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        state.push("html_inline", "", 0).content = found[0]
    state.pos = found.end()
    return True


def _limits(state: StateCore) -> None:
    """Empty what is too long to be read, and note its line."""
    read = 0
    for token in state.tokens:
        if token.type != "inline":
            continue
        size = len(token.content)
        read += size
        if size > MAXIMUM_PARAGRAPH or read > MAXIMUM_TEXT or token.content.count("[") > MAXIMUM_BRACKETS:
            _env(state)["too_long"].append(token.map[0] if token.map else 0)
            token.content = ""


def _env(state: StateCore) -> Any:  # noqa: ANN401 - markdown-it's env is an open mapping
    return state.env
