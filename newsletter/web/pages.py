"""The public pages. Pure: templates come from a loader that is handed in, and what the archive lists as an argument.

No page holds anything about a person or a token (a form without `action` posts to the address it came from). So all
but the archive's indexes are rendered once when the program starts, cost nothing to serve, and equal answers are equal
bytes (A13).
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import groupby
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup

from newsletter.compose.dates import weekday_in_words
from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from newsletter.sandbox import sandbox
from newsletter.web.opengraph import About, head_lines
from newsletter.web.shelf import Listing
from newsletter.web.shown import farewell_form
from newsletter.web.texts import TEXTS, Language, Texts, period_in_words
from newsletter.web.texts_leaving import LEAVING
from subscribers.errors import ConfigurationError

STYLE = "style.css"
SUFFIXES = (".html", ".css")
LANGUAGES: tuple[Language, ...] = ("nl", "en")
UNDO_MARK = "undo-token-" + 86 * "-"
"""Stands in a farewell page for the two tokens of its undo, and is as long."""


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
        self._environment = sandbox(loader)
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
        # As `ended`, with the way back for whoever pressed our own button; UNDO_MARK stands for its token.
        self.farewell: Mapping[str, bytes] = {slug: self._farewell(slug) for slug in ("", *lists)}
        # By the list whose mail the link stood in, "" for one that is not known any more.
        self.farewell_to_all: Mapping[str, bytes] = {slug: self._farewell_to_all(slug) for slug in ("", *lists)}
        self.help = {code: self._general("help.html", code, "/u/") for code in LANGUAGES}
        self.home = {code: self._general("home.html", code, "/") for code in LANGUAGES}
        # Rendered for each visitor of the archive; rendered once here, so that a broken template is known at the start.
        for slug in configuration.public_lists:
            self.archive_index(slug, Listing(entries=(), changed_at=None))
        self.archive_lists(language, [(slug, Listing(entries=(), changed_at=None)) for slug in lists])
        self.errors = {
            status: self._render("error.html", language, error=explained, status=status)
            for status, explained in TEXTS[language].errors.items()
        }

    def told_of(self, slug: str) -> tuple[str, ...]:
        """The lists that a farewell to all of them may name to whoever holds a mail of `slug`: hidden ones stay so."""
        return tuple(item for item in self._configuration.lists if item == slug or item in self._shown())

    def _farewell(self, slug: str) -> bytes:
        undo = farewell_form(self.language_of(slug), {slug: self.title_of(slug)}, to_all=False) if slug else None
        return self._list_page("ended.html", slug or None, undo_token=UNDO_MARK, undo=undo)

    def _farewell_to_all(self, slug: str) -> bytes:
        language, names = self.language_of(slug), {item: self.title_of(item) for item in self.told_of(slug)}
        undo = farewell_form(language, names, to_all=True) if names else None
        values = {"item": None, "x": LEAVING[language], "undo_token": UNDO_MARK, "undo": undo}
        return self._render("ended-all.html", language, **values, has_more=len(names) < len(self._configuration.lists))

    def language(self, asked: str | None) -> Language:
        """The language a visitor asked for on a general page, or the site's own."""
        return next((code for code in LANGUAGES if code == asked), self._configuration.site.language)

    def archive_index(self, slug: str, listing: Listing) -> bytes:
        """The issues of a list in its language, by year, newest first."""
        item = self._configuration.lists[slug]
        base_url = self._configuration.site.base_url
        t = TEXTS[item.language]
        about = About(
            title=t.archive_heading.format(title=item.title),
            description=t.archive_intro.format(title=item.title, controller=controller_name(item)),
            url=f"{base_url}/archive/{slug}",
            language=item.language,
            site_name=item.title,
            feed_url=f"{base_url}/archive/{slug}/feed.atom",
            feed_title=item.title,
        )
        years = groupby(listing.entries, key=lambda entry: entry.summary.date.year)
        return self._render(
            "archive-index.html",
            item.language,
            slug=slug,
            item=item,
            about=about,
            head=Markup(head_lines(about)),  # noqa: S704 - escaped there
            years=[(year, list(entries)) for year, entries in years],
            in_words=partial(weekday_in_words, language=item.language),
        )

    def archive_lists(self, language: Language, listings: Sequence[tuple[str, Listing]]) -> bytes:
        """The lists with an archive, each with its newest issue."""
        t = TEXTS[language]
        about = About(
            title=t.archive_all,
            description=t.archive_all_intro,
            url=f"{self._configuration.site.base_url}/archive",
            language=language,
            site_name=self._site_name(),
        )
        return self._render(
            "archive-lists.html",
            language,
            others=self.others(language, "/archive"),
            about=about,
            head=Markup(head_lines(about)),  # noqa: S704 - escaped there
            lists=[(slug, self._configuration.lists[slug], listing) for slug, listing in listings],
            in_words=partial(weekday_in_words, language=language),
        )

    def language_of(self, slug: str) -> Language:
        """The language of a list, or the site's own."""
        item = self._configuration.lists.get(slug)
        return item.language if item else self._configuration.site.language

    def texts_of(self, slug: str) -> Texts:
        """The sentences in the language of a list."""
        return TEXTS[self.language_of(slug)]

    def knows(self, slug: str) -> bool:
        """Whether a list is configured (still)."""
        return slug in self._configuration.lists

    def title_of(self, slug: str) -> str:
        """The title of a list; its slug if it is not configured any more."""
        item = self._configuration.lists.get(slug)
        return item.title if item else slug

    def about_list(self, template: str, slug: str, **values: object) -> bytes:
        """A page about the list `slug`; about "this newsletter" for "" or a list that is not configured (any more)."""
        return self._list_page(template, slug if slug in self._configuration.lists else None, **values)

    def general(self, template: str, language: Language, **values: object) -> bytes:
        """A page about no list."""
        return self._render(template, language, item=None, **values)

    def _list_page(self, template: str, slug: str | None, **values: object) -> bytes:
        """A page about one list in its language; without a list it is about "this newsletter" in the site's."""
        item = self._configuration.lists[slug] if slug else None
        language = item.language if item else self._configuration.site.language
        period = period_in_words(item.retention, language) if item else ""
        everything = {"slug": slug or "", "item": item, "period": period, "undo_token": "", "x": LEAVING[language]}
        return self._render(template, language, **everything | values)

    def _general(self, template: str, language: Language, path: str) -> bytes:
        shown = self._shown()
        archives = [f"{self.prefix}/archive/{slug}" if item.archive == "public" else "" for slug, item in shown.items()]
        others = self.others(language, path)
        return self._render(template, language, others=others, lists=list(shown.values()), archives=archives)

    def others(self, language: Language, path: str) -> list[Link]:
        """The same page in the other languages of the site."""
        codes = sorted(self._spoken() - {language})
        return [Link(language=code, href=f"{self.prefix}{path}?language={code}") for code in codes]

    def _spoken(self) -> set[Language]:
        """Languages of the site and of its lists."""
        return {self._configuration.site.language, *(item.language for item in self._configuration.lists.values())}

    def _shown(self) -> dict[str, MailingList]:
        """Lists that have something on the web; one without an archive keeps to the mailbox (`archive = "none"`)."""
        return {slug: item for slug, item in self._configuration.lists.items() if item.archive != "none"}

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
            "head": "",
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
