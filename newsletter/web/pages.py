"""The public pages, rendered once when the program starts. Pure: templates come from a loader that is handed in.

No page holds anything about a person or a token (a form without `action` posts to the address it came from), so every
page is known beforehand, costs nothing to serve, and equal answers are equal bytes (A13).
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from newsletter.config import Configuration, MailingList
from newsletter.web.texts import TEXTS, Language, period_in_words
from subscribers.errors import ConfigurationError

STYLE = "style.css"
SUFFIXES = (".html", ".css")
LANGUAGES: tuple[Language, ...] = ("nl", "en")


@dataclass(frozen=True, kw_only=True)
class Link:
    """The same page in another language."""

    language: Language
    href: str


class Pages:
    """All pages of a site as bytes. Raises ConfigurationError that names a template's file and line."""

    def __init__(self, configuration: Configuration, loader: jinja2.BaseLoader) -> None:
        self._configuration = configuration
        self.prefix = urlsplit(configuration.site.base_url).path.rstrip("/")
        self._environment = ImmutableSandboxedEnvironment(
            loader=loader,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._style = self._source(STYLE)
        self.style_hash = "sha256-" + b64encode(sha256(self._style.encode()).digest()).decode()
        lists = configuration.lists
        language = configuration.site.language
        self.ask: Mapping[str, bytes] = {"": self._list_page("ask.html", None)} | {
            slug: self._list_page("ask.html", slug) for slug in lists
        }
        self.ended: Mapping[str, bytes] = {"": self._list_page("ended.html", None)} | {
            slug: self._list_page("ended.html", slug) for slug in lists
        }
        self.help = {code: self._general("help.html", code, "/u/") for code in LANGUAGES}
        self.home = {code: self._general("home.html", code, "/") for code in LANGUAGES}
        self.errors = {
            status: self._render("error.html", language, error=explained, status=status)
            for status, explained in TEXTS[language].errors.items()
        }

    def language(self, asked: str | None) -> Language:
        """The language a visitor asked for on a general page, or the site's own."""
        return next((code for code in LANGUAGES if code == asked), self._configuration.site.language)

    def _list_page(self, template: str, slug: str | None) -> bytes:
        """A page about one list in its language; without a list it is about "this newsletter" in the site's."""
        item = self._configuration.lists[slug] if slug else None
        language = item.language if item else self._configuration.site.language
        period = period_in_words(item.retention, language) if item else ""
        return self._render(template, language, slug=slug or "", item=item, period=period)

    def _general(self, template: str, language: Language, path: str) -> bytes:
        others = [Link(language=code, href=f"{self.prefix}{path}?language={code}") for code in self._spoken()]
        others = [link for link in others if link.language != language]
        return self._render(template, language, others=others, lists=self._shown())

    def _spoken(self) -> set[Language]:
        """Languages of the site and of its lists."""
        return {self._configuration.site.language, *(item.language for item in self._configuration.lists.values())}

    def _shown(self) -> list[MailingList]:
        """Lists that have something on the web; one without an archive keeps to the mailbox (`archive = "none"`)."""
        return [item for item in self._configuration.lists.values() if item.archive != "none"]

    def _site_name(self) -> str:
        """Who is speaking: the controller if all lists have the same one, else the name of the host."""
        names = {controller_name(item) for item in self._configuration.lists.values()}
        return names.pop() if len(names) == 1 else urlsplit(self._configuration.site.base_url).hostname or ""

    def _render(self, template: str, language: Language, **values: object) -> bytes:
        everything = {
            "language": language,
            "t": TEXTS[language],
            "texts": TEXTS,
            "site_name": self._site_name(),
            "prefix": self.prefix,
            "style": Markup(self._style),  # noqa: S704 - the operator's own file, not a visitor's text
            "others": [],
            **values,
        }
        try:
            return self._environment.get_template(template).render(everything).encode()
        except (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as problem:
            raise _unusable(problem, template) from None

    def _source(self, name: str) -> str:
        loader = self._environment.loader
        try:
            return loader.get_source(self._environment, name)[0] if loader else ""
        except jinja2.TemplateError as problem:
            raise _unusable(problem, name) from None


def controller_name(item: MailingList) -> str:
    """The controller's name without its postal address."""
    return item.controller.partition(",")[0].strip()


def _unusable(problem: Exception, template: str) -> ConfigurationError:
    place, line = template, 0
    for file, number in _places(problem):
        place, line = file, number
    if isinstance(problem, jinja2.TemplateSyntaxError):
        place, line = problem.filename or template, problem.lineno
    what = f"there is no {problem}" if isinstance(problem, jinja2.TemplateNotFound) else str(problem)
    return ConfigurationError(
        f"the page template does not work: {what}",
        where=f"{place}:{line}" if line else place,
        remedy="mend this line, or remove your copy so that the built-in page is used",
    )


def _places(problem: Exception) -> Iterator[tuple[str, int]]:
    """File and line of each template in a traceback, outermost first; Jinja puts its own frames there."""
    traceback = problem.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename.endswith(SUFFIXES):
            yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
