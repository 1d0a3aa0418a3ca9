"""From markdown-it's inline tokens to words, links and fields. Pure."""

import re
from collections.abc import Iterable, Sequence

from markdown_it.token import Token

from newsletter.issue.fields import Fields
from newsletter.issue.links import read_target
from newsletter.issue.markdown import MAXIMUM_BRACKETS, MAXIMUM_PARAGRAPH, MAXIMUM_TEXT, inline_tokens
from newsletter.issue.model_text import Code, Emphasis, FieldRef, Inline, Inlines, LineBreak, Link, Strong, Text
from newsletter.issue.report import Report, meant, shown

MAXIMUM_NESTING = 20
BUTTON = "button"
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:|//")
_WHITE = re.compile(r"[\r\n\t]+")


class InlineBuilder:
    """Builds without recursion, so that no text is too nested to be refused politely."""

    def __init__(self, fields: Fields, report: Report) -> None:
        self.fields = fields
        self.report = report

    def build(self, tokens: Sequence[Token], line: int) -> Inlines:
        """The words of `tokens`, which begin on `line`. An image or a button among them is a finding."""
        stack: list[tuple[Token | None, int, list[Inline]]] = [(None, line, [])]
        for token in tokens:
            if token.nesting == 1:
                self._check_depth(len(stack), line)
                stack.append((token, line, []))
            elif token.nesting == -1 and len(stack) > 1:
                opening, began, children = stack.pop()
                stack[-1][2].extend(self._wrap(opening, began, _merge(children), is_deep=len(stack) > MAXIMUM_NESTING))
            else:
                stack[-1][2].extend(self._leaf(token, line))
                line += token.type in {"softbreak", "hardbreak"}
        return _strip(_merge(stack[0][2]))

    def target(self, token: Token, line: int) -> tuple[str | FieldRef, ...]:
        """Where a link token leads."""
        return read_target(str(token.attrs.get("href", "")), line, self.fields, self.report)

    def is_button(self, token: Token, line: int) -> bool:
        """Whether a link has the class `.button`; any other attribute is a finding."""
        names = str(token.attrs.get("class", "")).split()
        for name in names:
            if name != BUTTON:
                self.report.add("markdown", line, f"a link has no class {shown(name)!r}", meant(name, [BUTTON]))
        self._check_attributes(token, ("credit",), line, "a link", "write only {.button} behind it")
        return BUTTON in names

    def credit(self, token: Token, line: int) -> str:
        """Who made an image: `{credit="Name"}` behind it; any other attribute is a finding."""
        self._check_attributes(token, ("class",), line, "an image", 'write only {credit="Name"} behind it')
        return self.fields.plain(str(token.attrs.get("credit", "")).strip(), line, "the name of who made an image")

    def plain(self, tokens: Iterable[Token], line: int, what: str) -> str:
        """The words of `tokens` without markup, where no field can stand."""
        text = " ".join("".join(_words(token) for token in tokens).split())
        return self.fields.plain(text, line, what)

    def markdown(self, text: str, line: int) -> Inlines:
        """The words of a text that holds inline Markdown and no blocks, such as a value in YAML."""
        too_long: list[int] = []
        content = self.build(inline_tokens(text, too_long), line)
        if too_long:
            self.too_long(line)
        return content

    def too_long(self, line: int) -> None:
        """Note a text that is too long to be read."""
        what = f"a paragraph has more than {MAXIMUM_PARAGRAPH:,} characters or {MAXIMUM_BRACKETS} brackets"
        self.report.add("limit", line, f"{what}, or the issue more than {MAXIMUM_TEXT:,} characters", "split it")

    def source(self, text: str, line: int) -> str:
        """The name of an image file; an address on the web is a finding (I9)."""
        name = self.fields.plain(text.strip(), line, "the name of an image file")
        if not name:
            self.report.add("image", line, "an image has no file", "write ![what it shows](photo.jpg)")
        elif _REMOTE.match(name):
            what = f"the image {shown(name)!r} is not a file beside the issue"
            self.report.add("image", line, what, "save it in the folder of the issue and name that file")
        return name

    def words(self, text: str, line: int) -> Inlines:
        """Plain text with fields as Inlines."""
        pieces = self.fields.mixed(_WHITE.sub(" ", text), line)
        return tuple(Text(piece) if isinstance(piece, str) else piece for piece in pieces)

    def _check_attributes(self, token: Token, refused: Sequence[str], line: int, what: str, remedy: str) -> None:
        found = [*(name for name in refused if name in token.attrs), *map(str, token.meta.get("insecure_attrs", ()))]
        if found:
            self.report.add("markdown", line, f"{what} has no {shown(', '.join(sorted(found)))!r}", remedy)

    def _check_depth(self, depth: int, line: int) -> None:
        if depth == MAXIMUM_NESTING:
            self.report.add("markdown", line, "emphasis within emphasis, too deep", "remove some of the * and _")

    def _wrap(self, opening: Token | None, line: int, children: Inlines, *, is_deep: bool) -> Inlines:
        if opening is None or is_deep:
            return children
        if opening.type == "link_open":
            if self.is_button(opening, line):
                what = "a button stands in the middle of a text"
                self.report.add("markdown", line, what, "put the link on a line of its own, or remove {.button}")
            return (Link(self.target(opening, line), children, line),)
        return (Strong(children) if opening.type == "strong_open" else Emphasis(children),) if children else ()

    def _leaf(self, token: Token, line: int) -> Inlines:
        match token.type:
            case "text" | "text_special":
                if token.content.startswith(":::"):
                    what = f"{shown(token.content)!r} is not read as a block here"
                    self.report.add("directive", line, what, "begin it at the first column, outside lists and quotes")
                return self.words(token.content, line)
            case "softbreak":
                return (Text(" "),)
            case "hardbreak":
                return (LineBreak(),)
            case "code_inline":
                return (Code(self.fields.restore(token.content)),)
            case "html_inline":
                what = f"{shown(self.fields.restore(token.content))} is HTML, and issues hold none"
                self.report.add("html", line, what, "use Markdown; a block such as :::article for layout")
            case "image":
                name = shown(self.fields.restore(str(token.attrs.get("src", ""))))
                what = f"the image {name!r} stands in the middle of a text"
                self.report.add("image", line, what, "put it on a line of its own")
        return ()


def _words(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " "
    return token.content if token.type in {"text", "text_special", "code_inline"} else ""


def _merge(items: Sequence[Inline]) -> Inlines:
    """Neighbouring texts as one."""
    merged: list[Inline] = []
    words: list[str] = []
    for item in items:
        if isinstance(item, Text):
            words.append(item.text)
            continue
        if words:
            merged.append(Text("".join(words)))
            words = []
        merged.append(item)
    return (*merged, Text("".join(words))) if words else tuple(merged)


def _strip(items: Inlines) -> Inlines:
    """Without breaks and spaces at either end."""
    kept = list(items)
    while kept and _is_blank(kept[-1]):
        kept.pop()
    kept = kept[next((index for index, item in enumerate(kept) if not _is_blank(item)), 0) :]
    for index, cut in ((0, str.lstrip), (-1, str.rstrip)):
        if kept and isinstance(item := kept[index], Text):
            kept[index] = Text(cut(item.text, " "))
    return tuple(kept)


def _is_blank(item: Inline) -> bool:
    return isinstance(item, LineBreak) or (isinstance(item, Text) and not item.text.strip())
