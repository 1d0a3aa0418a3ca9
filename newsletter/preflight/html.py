"""The HTML: language (A36), title (A37), tables (A38), images (A39), headings (A40), both parts (A6). Pure."""

from collections.abc import Iterator

from lxml.html import HtmlElement

from newsletter.issue.finding import Finding
from newsletter.preflight.mail import Mail, words_of
from newsletter.preflight.messages import Messages

_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def check_html(mail: Mail, messages: Messages) -> Iterator[Finding]:
    """What a screen reader and a mail program meet."""
    for part, content in (("text/html", mail.html), ("text/plain", mail.text)):
        if not content.strip():
            yield messages.finding("empty-part", 0, part=part)
    if mail.elements:
        yield from _language(mail, messages)
        yield from _title(mail, messages)
        yield from _tables(mail, messages)
        yield from _images(mail, messages)
        yield from _headings(mail, messages)
    for target in sorted(mail.targets):
        if target not in mail.text:
            yield messages.finding("links-differ", 0, target=target)


def _language(mail: Mail, messages: Messages) -> Iterator[Finding]:
    """On <html>, and on an element within <body>: webmail takes html and body away."""
    language = mail.compiled.language
    root = mail.elements[0]
    wrapper = next((element for element in mail.elements if element.get("lang") and element.tag == "div"), None)
    for where, element in (("<html>", root), ("<body>", wrapper)):
        spoken = element.get("lang", "") if element is not None else ""
        if spoken.partition("-")[0] != language:
            yield messages.finding("no-language", 0, language=language, where=where)
    if not root.get("dir"):
        yield messages.finding("no-direction", 0)


def _title(mail: Mail, messages: Messages) -> Iterator[Finding]:
    if not any(element.tag == "title" and words_of(element) for element in mail.elements):
        yield messages.finding("no-title", mail.content.issue.lines.get("subject", 0) if mail.content else 0)


def _tables(mail: Mail, messages: Messages) -> Iterator[Finding]:
    """A table with header cells holds data; any other is layout and says so (A38)."""
    unmarked = 0
    for table in (element for element in mail.elements if element.tag == "table"):
        has_head = _has_own_head(table)
        is_layout = table.get("role") in {"presentation", "none"}
        unmarked += not has_head and table.get("role") is None
        if has_head and is_layout:
            yield messages.finding("layout-table-head", 0)
    if unmarked:
        yield messages.finding("layout-table", 0, count=unmarked)


def _has_own_head(table: HtmlElement) -> bool:
    """A header cell or caption of this table, not of one within it."""
    found = (element for tag in ("th", "caption") for element in table.iter(tag))
    return any(next(element.iterancestors("table")) is table for element in found)


def _images(mail: Mail, messages: Messages) -> Iterator[Finding]:
    images = [element for element in mail.elements if element.tag == "img"]
    without = sum(image.get("alt") is None for image in images)
    if without:
        yield messages.finding("image-without-alt", 0, count=without)
    for image in images:
        link = next(image.iterancestors("a"), None)
        if link is not None and not image.get("alt", "").strip() and not words_of(link):
            yield messages.finding("linked-image-without-alt", 0, target=link.get("href", ""))


def _headings(mail: Mail, messages: Messages) -> Iterator[Finding]:
    found = [element for element in mail.elements if element.tag in _HEADINGS]
    first = sum(element.tag == "h1" for element in found)
    if first != 1:
        yield messages.finding("html-headings", 0, count=first)
    before = 0
    for element in found:
        level = _HEADINGS[element.tag]
        if before and level > before + 1:
            yield messages.finding("html-skipped-level", 0, text=words_of(element), level=level, before=before)
        before = level
