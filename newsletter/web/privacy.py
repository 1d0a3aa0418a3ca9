"""The privacy statement of each list, made from the configuration: rendered once, the same for everybody."""

from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.config import Configuration
from newsletter.privacy.document import Document, Language, parts
from newsletter.privacy.facts import Vocabulary
from newsletter.privacy.statement import statement
from newsletter.web.pages import LANGUAGES, Pages
from newsletter.web.texts_own_data import HEADINGS, LABELS, LABELS_EN
from subscribers.schema import metadata


def _heading(table: str, language: Language) -> str:
    return HEADINGS[language].get(table, table.replace("_", " ").capitalize())


def _label(label: str, language: Language) -> str:
    return LABELS.get(label, label) if language == "nl" else LABELS_EN.get(label, label)


VOCABULARY = Vocabulary(heading=_heading, label=_label)
"""The words that people see on the page with their own data."""


def statement_of(configuration: Configuration, slug: str, language: Language | None = None) -> Document:
    """The statement of one list over the whole schema."""
    return statement(configuration, slug, metadata, VOCABULARY, language)


class Privacy:
    """`/privacy/{list}`, in the language of the list or the one asked for."""

    def __init__(self, configuration: Configuration, pages: Pages, error: Callable[[int], Response]) -> None:
        self._error = error
        self._pages: Mapping[tuple[str, str], bytes] = {
            (slug, language): _page(configuration, pages, slug, language)
            for slug in configuration.lists
            for language in LANGUAGES
        }
        self._languages = {slug: item.language for slug, item in configuration.lists.items()}

    async def privacy(self, request: Request) -> Response:
        """The statement; 404 for a list that is not there."""
        slug = request.path_params["list"]
        asked = request.query_params.get("language")
        page = self._pages.get((slug, asked or "")) or self._pages.get((slug, self._languages.get(slug, "")))
        return self._error(404) if page is None else HTMLResponse(page)


def _page(configuration: Configuration, pages: Pages, slug: str, language: Language) -> bytes:
    others = [link for link in pages.others(language, f"/privacy/{slug}") if link.language != language]
    document = statement_of(configuration, slug, language)
    return pages.general("privacy.html", language, document=document, parts=parts, others=others)
