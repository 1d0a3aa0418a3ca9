"""From MJML's HTML to the HTML that is sent: styles inlined, accessibility gaps closed, needless bytes gone. Pure.

premailer never sees the network: the only style sheet it reads is handed to it, all others in the document are
marked to be ignored and stay as they are (media queries, conditions for Outlook).
"""

import logging
import re
from functools import lru_cache
from typing import Any

import cssutils
from lxml import etree, html
from premailer import Premailer

DOCTYPE = "<!doctype html>"
_BLOCK = (
    "!--|!\\[|/?(?:html|head|body|meta|title|style|xml|noscript|table|thead|tbody|tr|td|th|caption|div|p|h[1-6]|"
    "ul|ol|li|blockquote|o:\\w+)\\b"
)
_BEFORE_BLOCK = re.compile(rf"\s+(?=<(?:{_BLOCK}))", re.IGNORECASE)
_AFTER_BLOCK = re.compile(rf"(<(?:{_BLOCK})[^>]*>)\s+", re.IGNORECASE)
_STYLE = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.DOTALL | re.IGNORECASE)
_CSS_SPACE = re.compile(r"\s*([{};,>])\s*|\s+")
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_DECLARATION = re.compile(r"\s*([:;])\s+")
_CLASS = re.compile(r"\.([A-Za-z][\w-]*)")
_KEPT_FROM_CSS = ["align", "bgcolor", "height", "valign", "width"]
"""Attributes that premailer would derive from CSS: `width: 100%` would overwrite an image's real width."""

cssutils.log.setLevel(logging.CRITICAL)  # it warns about every mso- property


def finish(source: str, css: str, language: str) -> str:
    """The document `source` with the rules of `css` inlined."""
    tree = html.document_fromstring(source.encode(), parser=html.HTMLParser(encoding="utf-8"))
    _ignore_style_sheets(tree)
    _inlined(tree, css)
    _repair(tree, language)
    text = etree.tostring(tree, method="html", encoding="unicode")
    return DOCTYPE + _lean(text)


def _ignore_style_sheets(tree: html.HtmlElement) -> None:
    for style in tree.iter("style"):
        style.set("data-premailer", "ignore")


def _inlined(tree: html.HtmlElement, css: str) -> None:
    _Inliner(
        tree,
        classes=_classes(tree),
        css_text=css,
        allow_network=False,
        keep_style_tags=True,
        strip_important=False,
        disable_leftover_css=True,
        disable_validation=True,
        disable_basic_attributes=_KEPT_FROM_CSS,
        align_floating_images=False,
    ).transform()


class _Inliner(Premailer):  # type: ignore[misc]  # premailer has no types
    """premailer that reads a theme's rules once, and seeks only what a rule may find in this document.

    It would serialise every rule anew for every issue, and search the whole document for each.
    """

    def __init__(self, *args: Any, classes: frozenset[str], **options: Any) -> None:  # noqa: ANN401 - premailer's own
        super().__init__(*args, **options)
        self._classes = classes

    def _parse_style_rules(self, css_body: str, ruleset_index: int) -> Any:  # noqa: ANN401, ARG002 - premailer's
        rules, leftover = _rules(css_body)
        return [rule for rule, needed in rules if needed <= self._classes], leftover


@lru_cache(maxsize=8)
def _rules(css: str) -> tuple[list[tuple[Any, frozenset[str]]], list[Any]]:
    """Rules to inline, each with the classes it needs, and what cannot be inlined.

    There is one sheet only, so its index among sheets does not matter.
    """
    reader = Premailer("", strip_important=False, disable_validation=True)
    rules, leftover = reader._parse_style_rules(css, 0)  # noqa: SLF001 - the one step worth keeping
    return [(rule, frozenset(_CLASS.findall(rule[1]))) for rule in rules], leftover


def _classes(tree: html.HtmlElement) -> frozenset[str]:
    return frozenset(name for names in tree.xpath("//@class") for name in names.split())


def _repair(tree: html.HtmlElement, language: str) -> None:
    """A36 on html and on the wrapper inside the body (webmail strips html), A38, A39."""
    wrappers = tree.xpath("/html | /html/body/div[@role='article']")
    for element in wrappers:
        element.set("lang", language)
        element.set("dir", "ltr")
    for image in tree.iter("img"):
        if image.get("alt") is None:
            image.set("alt", "")
    for table in tree.iter("table"):
        if table.get("role") is None and table.find(".//th") is None:
            table.set("role", "presentation")
    for element in tree.xpath("//*[@data-premailer]"):
        del element.attrib["data-premailer"]
    for element in tree.xpath("//*[@style]"):
        element.set("style", _DECLARATION.sub(r"\1", element.get("style")).rstrip("; "))


def _lean(text: str) -> str:
    """Without the spaces between blocks and in style sheets, which nobody sees and A30 counts."""
    text = _STYLE.sub(lambda found: found[1] + _lean_css(found[2]) + found[3], text)
    return _AFTER_BLOCK.sub(r"\1", _BEFORE_BLOCK.sub("", text)).strip()


def _lean_css(css: str) -> str:
    return _CSS_SPACE.sub(lambda found: found[1] or " ", _CSS_COMMENT.sub("", css)).strip()
