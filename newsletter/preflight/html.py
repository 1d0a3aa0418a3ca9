"""The compiled mail: size (A30), language and title (A36, A37), alt (A39), the same links in both parts (A6). Pure."""

import quopri
import re
from collections import defaultdict
from collections.abc import Iterator
from html import unescape

from newsletter.compose.compiled import CompiledIssue
from newsletter.compose.fields import fill
from newsletter.issue.finding import Finding
from newsletter.preflight.messages import Messages

MAXIMUM_BYTES = 100_000
"""Above it Gmail cuts the mail off, and with it the way out."""

_LINK = re.compile(r"<a\b[^>]*?\bhref=[\"']([^\"']*)[\"']", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_TITLE = re.compile(r"<title>\s*[^<\s]", re.IGNORECASE)
_ALT = re.compile(r"\balt\s*=", re.IGNORECASE)


def check_html(compiled: CompiledIssue, messages: Messages) -> Iterator[Finding]:
    """Both parts as one recipient gets them."""
    values: dict[str, str] = defaultdict(lambda: "Voorbeeld", unsubscribe_url="https://unsubscribe.example/x")
    html, text = fill(compiled.html, values), fill(compiled.text, values)
    for part, content in (("text/html", html), ("text/plain", text)):
        if not content.strip():
            yield messages.finding("empty-part", 0, part=part)
    yield from _size(html, messages)
    if not re.search(rf"<html\b[^>]*\blang=[\"']{compiled.language}\b", html, re.IGNORECASE):
        yield messages.finding("no-language", 0, language=compiled.language)
    if not _TITLE.search(html):
        yield messages.finding("no-title", 0)
    without = sum(1 for image in _IMAGE.findall(html) if not _ALT.search(image))
    if without:
        yield messages.finding("image-without-alt", 0, count=without)
    for target in sorted(_targets(html)):
        if target not in text:
            yield messages.finding("links-differ", 0, target=target)


def _size(html: str, messages: Messages) -> Iterator[Finding]:
    data = html.encode()
    for form, size in (("UTF-8", len(data)), ("quoted-printable", len(quopri.encodestring(data)))):
        if size > MAXIMUM_BYTES:
            yield messages.finding("too-large", 0, size=size, form=form, limit=MAXIMUM_BYTES)
            return


def _targets(html: str) -> set[str]:
    targets = {unescape(found) for found in _LINK.findall(html)}
    return {target for target in targets if target and not target.startswith("#")}
