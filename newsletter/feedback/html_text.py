"""HTML as plain text, well enough to read a report in it. Pure, linear, never raises."""

import html
import re

_TAG = re.compile(r"<(?=[A-Za-z/!?])([^<>]{0,5000})>")
_NAME = re.compile(r"/?([A-Za-z0-9]{1,12})")
_LINES = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "pre", "blockquote", "hr"})
_UNSEEN = ("style", "script", "head", "title")


def html_to_text(markup: str) -> str:
    """The text of a page: a line for each block, without tags, styles and scripts."""
    for name in _UNSEEN:
        markup = _without(markup, name)
    return html.unescape(_TAG.sub(_replace, markup)).replace("\xa0", " ")


def _replace(match: re.Match[str]) -> str:
    inside = match[1]
    name = _NAME.match(inside)
    if "@" in inside.split(" ")[0] and not inside.lower().startswith("a "):  # <name@domain>: an address, not a tag
        return match[0]
    return "\n" if name and name[1].lower() in _LINES else " "


def _without(markup: str, name: str) -> str:
    """`markup` without the elements called `name`; one that is not closed stays."""
    lower = markup.lower()
    kept, place = [], 0
    while (begin := lower.find(f"<{name}", place)) >= 0:
        end = lower.find(f"</{name}", begin)
        if end < 0:
            break
        kept.append(markup[place:begin])
        place = end
    return "".join([*kept, markup[place:]])
