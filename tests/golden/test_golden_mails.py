"""A few whole mails, compared as structure: tags, what they mean and their text; styles are judged by eye and by axe.

After a change that is meant: `NEWSLETTER_UPDATE_GOLDEN=1 pytest tests/golden`, then read the difference.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from lxml import html as lxml_html

from newsletter.compose.fields import fill
from tests.support.mails import VALUES, an_issue, compile_, every_block, starter

FOLDER = Path(__file__).parent / "mails"
MEANING = (
    "lang",
    "dir",
    "role",
    "class",
    "scope",
    "href",
    "alt",
    "width",
    "height",
    "start",
    "aria-label",
    "aria-hidden",
)
LAYOUT = frozenset({"table", "tbody", "tr", "td", "div"})
MAILS = {
    "nieuwsbrief": lambda: starter("nieuwsbrief"),
    "uitnodiging": lambda: starter("uitnodiging"),
    "every-block": lambda: compile_(an_issue(*every_block())),
}


def outline(source: str) -> str:
    """One line per element that says something, indented by depth; bare layout is left out."""
    tree = lxml_html.document_fromstring(source, parser=lxml_html.HTMLParser(remove_comments=True))
    etree.strip_elements(tree, "style", "meta", "noscript", with_tail=False)
    return "\n".join(_lines(tree, 0)) + "\n"


def _lines(element: etree._Element, depth: int) -> Iterator[str]:
    said = [f'{name}="{_stable(element.get(name))}"' for name in MEANING if element.get(name) is not None]
    text = " ".join((element.text or "").split())
    is_bare = element.tag in LAYOUT and not text and not {"class", "lang", "scope"} & set(element.keys())
    if not is_bare:
        yield f"{'  ' * depth}{' '.join([element.tag, *said])}{f' | {text}' if text else ''}"
    for child in element:
        yield from _lines(child, depth if is_bare else depth + 1)
        if (child.tail or "").strip():
            yield f"{'  ' * (depth + 1)}| {' '.join(child.tail.split())}"


def _stable(value: str) -> str:
    """Names of images depend on the version of Pillow."""
    return re.sub(r"[0-9a-f]{64}", "<digest>", value)


@pytest.mark.parametrize("name", MAILS)
def test_a_mail_has_the_structure_that_was_agreed(name):
    found = outline(fill(MAILS[name]().compiled.html, VALUES))
    path = FOLDER / f"{name}.txt"
    if os.environ.get("NEWSLETTER_UPDATE_GOLDEN"):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")
