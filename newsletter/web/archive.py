"""The web archive: index, each issue from exactly the bytes that its job froze (I6), calendar files, feed (edge).

`archive = "public"` is listed, indexed and in feed and sitemap; `"unlisted"` is reachable for who has the link and asks
not to be indexed; `"none"` does not exist. A withdrawn issue answers 410, with its calendar files and images.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.compose.compiled import CompiledIssue
from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from newsletter.message.calendar import MEDIA_TYPE, Organizer, calendar_file
from newsletter.message.identity import identity_of
from newsletter.message.template import fill_web
from newsletter.store.archive import Edition
from newsletter.web import feed
from newsletter.web.conditional import answer
from newsletter.web.opengraph import About, Picture, with_head
from newsletter.web.pages import Pages, controller_name
from newsletter.web.shelf import Listing, Shelf, summary_of
from newsletter.web.shell import content_policy

HTML = "text/html; charset=utf-8"
CALENDAR = ".ics"
GONE = 410

InThread: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs what asks the store in a thread."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """The endpoints below `/archive`, and what crawlers read of it."""

    configuration: Configuration
    shelf: Shelf
    pages: Pages
    in_thread: InThread
    error: Callable[[int], Response]

    async def archive(self, request: Request) -> Response:
        """The web version of an issue."""
        found = await self._issue(request)
        if isinstance(found, Response):
            return found
        item, edition, issue = found
        content = web_page(issue, edition, item, self._base_url)
        headers = {"Content-Security-Policy": _policy(self._base_url)}
        if item.archive != "public":
            headers["X-Robots-Tag"] = "noindex"
        return answer(request, content.encode(), HTML, changed_at=edition.published_at, headers=headers)

    async def calendar(self, request: Request) -> Response:
        """The calendar file of one meeting of an issue."""
        file = request.path_params["file"]
        found = await self._issue(request)
        if isinstance(found, Response):
            return found
        item, edition, issue = found
        seed = file.removesuffix(CALENDAR)
        event = next((event for event in issue.events if event.uid_seed == seed and file.endswith(CALENDAR)), None)
        if event is None:
            return self.error(404)
        mailbox = item.reply_to or item.sender
        organizer = Organizer(name=mailbox.name or item.title, address=mailbox.address)
        domain = identity_of(edition.list_slug, item).domain
        content = calendar_file(issue, event, domain=domain, organizer=organizer)
        headers = {"Content-Disposition": f'attachment; filename="{file}"', "X-Robots-Tag": "noindex"}
        return answer(request, content, MEDIA_TYPE, changed_at=edition.published_at, headers=headers)

    async def index(self, request: Request) -> Response:
        """The issues of a public list."""
        slug = request.path_params["list"]
        item = self._public.get(slug)
        if item is None:
            return self.error(404)
        listing = await self._listing(slug)
        content = self.pages.archive_index(slug, listing)
        return answer(request, content, HTML, changed_at=listing.changed_at)

    async def feed(self, request: Request) -> Response:
        """The newest issues of a public list, for feed readers."""
        slug = request.path_params["list"]
        item = self._public.get(slug)
        if item is None:
            return self.error(404)
        listing = await self._listing(slug)
        domain = identity_of(slug, item).domain
        content = feed.atom_feed(
            slug, item, listing, base_url=self._base_url, domain=domain, author=controller_name(item)
        )
        return answer(request, content, feed.ATOM_TYPE, changed_at=listing.changed_at)

    async def lists(self, request: Request) -> Response:
        """The public lists."""
        if not self._public:
            return self.error(404)
        language = self.pages.language(request.query_params.get("language"))
        listings = [(slug, await self._listing(slug)) for slug in self._public]
        return answer(request, self.pages.archive_lists(language, listings), HTML)

    async def sitemap(self, request: Request) -> Response:
        """The addresses that may be indexed."""
        listings = [(slug, await self._listing(slug)) for slug in self._public]
        return answer(request, feed.sitemap(self._base_url, listings), feed.XML_TYPE)

    async def robots(self, request: Request) -> Response:
        """What crawlers may fetch."""
        return answer(request, feed.robots(self._base_url), "text/plain; charset=utf-8")

    @property
    def _base_url(self) -> str:
        return self.configuration.site.base_url

    @property
    def _public(self) -> dict[str, MailingList]:
        return self.configuration.public_lists

    async def _listing(self, list_slug: str) -> Listing:
        listing: Listing = await self.in_thread(partial(self.shelf.listing, list_slug))
        return listing

    async def _issue(self, request: Request) -> tuple[MailingList, Edition, CompiledIssue] | Response:
        """The issue that was asked for, or the answer that there is none (404) or none any more (410)."""
        list_slug = request.path_params["list"]
        item = self.configuration.lists.get(list_slug)
        if item is None or item.archive == "none":
            return self.error(404)
        found = await self.in_thread(partial(self.shelf.issue, list_slug, request.path_params["slug"]))
        if found is None:
            return self.error(404)
        edition, issue = found
        if edition.is_lost:
            language = self.pages.language_of(list_slug)
            explained = {"error": self.pages.texts_of(list_slug).lost, "status": GONE}
            return HTMLResponse(self.pages.general("error.html", language, **explained), GONE)
        return self.error(GONE) if edition.withdrawn_at else (item, edition, issue)


def web_page(issue: CompiledIssue, edition: Edition, item: MailingList, base_url: str) -> str:
    """The HTML of an issue for everyone: fields by default, embedded images by address, leaving by the help page."""
    help_page = f"{base_url}/u/?language={issue.language}"
    html = fill_web(issue, unsubscribe_url=help_page, media_url=f"{base_url}/media")
    summary = summary_of(issue)
    image = summary.picture
    is_public = item.archive == "public"
    about = About(
        title=summary.title,
        description=summary.description,
        url=f"{feed.list_url(base_url, issue.list_slug)}/{issue.slug}",
        language=issue.language,
        site_name=item.title,
        published_at=edition.published_at,
        picture=Picture(
            url=f"{base_url}/media/{image.name}",
            media_type=image.media_type,
            width=image.width,
            height=image.height,
        )
        if image
        else None,
        feed_url=feed.feed_url(base_url, issue.list_slug) if is_public else "",
        feed_title=item.title,
        is_indexed=is_public,
    )
    return with_head(html, about)


def _policy(base_url: str) -> str:
    """A mail carries its styles in its elements, and its images by absolute address."""
    scheme, _, rest = base_url.partition("://")
    return content_policy("'unsafe-inline'", f"'self' {scheme}://{rest.partition('/')[0]}")
