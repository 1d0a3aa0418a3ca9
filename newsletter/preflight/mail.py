"""The compiled mail as one recipient gets it, taken apart once for all checks of it. Pure."""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from lxml import html as lxml_html

from newsletter.compose.compiled import CompiledIssue, Pieces
from newsletter.compose.fields import fill, with_every_part
from newsletter.preflight.walk import Content

_EXAMPLE = "https://unsubscribe.example/x"
_PREFERENCES = "https://unsubscribe.example/y"
_CONDITIONAL = re.compile(r"<!--\[if .*?<!\[endif\]-->", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Mail:
    """Both parts, filled with example values; the tree of the HTML without its comments for Outlook."""

    compiled: CompiledIssue
    content: Content | None = None

    @cached_property
    def html(self) -> str:
        """The HTML part."""
        return self._filled(self.compiled.html)

    @cached_property
    def text(self) -> str:
        """The text part."""
        return self._filled(self.compiled.text)

    @cached_property
    def elements(self) -> tuple[lxml_html.HtmlElement, ...]:
        """Every element in order; none for an empty part."""
        if not self.html.strip():
            return ()
        tree = lxml_html.document_fromstring(_CONDITIONAL.sub("", self.html))
        return tuple(tree.iter(lxml_html.etree.Element))

    @cached_property
    def places(self) -> frozenset[str]:
        """The ids and names that a link within the mail may jump to."""
        found = (element.get(key) for element in self.elements for key in ("id", "name"))
        return frozenset(place for place in found if place)

    @cached_property
    def targets(self) -> frozenset[str]:
        """Where the links of the HTML lead; places within the mail left out."""
        found = (element.get("href", "") for element in self.elements if element.tag == "a")
        return frozenset(target for target in found if target and not target.startswith("#"))

    @cached_property
    def visible(self) -> str:
        """The words of the HTML, one space between them."""
        return one_line(re.sub(r"<style.*?</style>|<!--.*?-->|<[^>]*>", " ", self.html, flags=re.DOTALL))

    def _filled(self, pieces: Pieces) -> str:
        values: dict[str, str] = defaultdict(
            lambda: "Voorbeeld", unsubscribe_url=_EXAMPLE, preferences_url=_PREFERENCES
        )
        return fill(with_every_part(pieces), values)


def one_line(text: str) -> str:
    """`text` with one space between its words."""
    return " ".join(text.split())


def words_of(element: lxml_html.HtmlElement) -> str:
    """The words in an element."""
    return one_line(str(element.text_content()))
