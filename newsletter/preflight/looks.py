"""What the HTML makes hard to see: text under 14 pixels, links that only a colour tells from text (A42). Pure."""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from newsletter.issue.finding import Finding
from newsletter.preflight.contrast import MINIMUM_TYPE
from newsletter.preflight.mail import Mail, words_of
from newsletter.preflight.messages import Messages

_FONT_SIZE = re.compile(r"(?:^|;)\s*font-size\s*:\s*([\d.]+)px", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|max-height\s*:\s*0|mso-hide\s*:\s*all", re.IGNORECASE)
_PLAIN_LINK = re.compile(r"text-decoration\s*:\s*none", re.IGNORECASE)
_BOX = re.compile(r"(?:background|border|padding)[\w-]*\s*:", re.IGNORECASE)


def check_looks(mail: Mail, messages: Messages) -> Iterator[Finding]:
    """Elements with a style of their own; what is hidden from readers is left out."""
    for element in mail.elements:
        style = element.get("style")
        if not style:
            continue
        found = _FONT_SIZE.search(style)
        if found and float(found[1]) < MINIMUM_TYPE:
            yield from _small(element, float(found[1]), messages)
        if element.tag == "a" and _PLAIN_LINK.search(style) and not _BOX.search(style) and _in_text(element):
            yield messages.finding("colour-only-link", 0, text=words_of(element))


def _small(element: HtmlElement, size: float, messages: Messages) -> Iterator[Finding]:
    """Text that stands in the element itself and is shown at this size."""
    own = [element.text or "", *(child.tail or "" for child in element)]
    text = " ".join(" ".join(own).split())
    if text and not _is_hidden(element):
        yield messages.finding("small-text", 0, text=text, size=f"{size:g}", limit=MINIMUM_TYPE)


def _is_hidden(element: HtmlElement) -> bool:
    return any(_HIDDEN.search(one.get("style") or "") for one in (element, *element.iterancestors()))


def _in_text(link: HtmlElement) -> bool:
    """Whether words stand beside the link; one alone in its paragraph is told by its place."""
    parent = link.getparent()
    return bool(link.text_content().strip()) and parent is not None and words_of(parent) != words_of(link)
