"""The ASGI application of the public pages: its routes, and the threads that reach the store for them.

Only POST changes anything (I1), no answer sets a cookie, no page needs a script, and nothing is logged that names a
person or a token (I7). Public prefixes (`/u/`, `/archive/`, `/media/`) are never reused for something else.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import jinja2
from sqlalchemy import Engine, select
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from newsletter.config import Configuration
from newsletter.shipped import templates_dir
from newsletter.web.archive import Archive
from newsletter.web.confirm import Confirming
from newsletter.web.media import Media
from newsletter.web.metrics import MetricsPage
from newsletter.web.pages import Pages
from newsletter.web.parts import Parts
from newsletter.web.pressing import Presses
from newsletter.web.privacy import Privacy
from newsletter.web.shelf import Shelf
from newsletter.web.shell import Shell, common_headers
from newsletter.web.signup import Counter, Guard, SigningUp, store_sign_ups
from newsletter.web.signup_queue import SignUpQueue
from newsletter.web.storing import Store
from newsletter.web.subscriber_routes import subscriber_routes
from newsletter.web.unsubscribe import Unsubscribing
from newsletter.web.writer import EndingsWriter, ending
from subscribers.marks import marker_of
from subscribers.notice import NoticeKind
from subscribers.subscription import State
from subscribers.tables import subscription
from subscribers.tokens import Purpose
from subscribers.transactions import reading

READERS = 4
"""Threads that look things up; fewer than the connections that the engine keeps."""
ICON_CACHE = "public, max-age=604800"
"""How long a browser need not ask for an icon again."""

T = TypeVar("T")


def page_loader(configuration: Configuration) -> jinja2.BaseLoader:
    """The department's `pages` folder first, then the built-in one."""
    folders = [templates_dir() / "pages"]
    if configuration.theme.folder:
        folders.insert(0, configuration.folder / configuration.theme.folder / "pages")
    return jinja2.FileSystemLoader(folders)


def create_app(parts: Parts) -> Starlette:
    """The application; raises ConfigurationError if a page template does not work."""
    return _Site(parts, Pages(parts.configuration, page_loader(parts.configuration))).app()


class _Site:
    """The endpoints and what they share while the application runs."""

    def __init__(self, parts: Parts, pages: Pages) -> None:
        self._parts = parts
        self._pages = pages
        wanted = {
            slug: NoticeKind.LEFT if item.leaving_mail == "owner" else NoticeKind.FAREWELL
            for slug, item in parts.configuration.lists.items()
            if item.leaving_mail != "none"
        }
        self._writer = EndingsWriter(ending(parts.engine, parts.policies, parts.record, wanted, parts.clock))
        self._sign_ups = SignUpQueue(store_sign_ups(parts.configuration, parts.engine))
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="pages")

    def app(self) -> Starlette:
        shell = Middleware(
            Shell,
            prefix=self._pages.prefix,
            headers=common_headers(self._parts.configuration.site.base_url, self._pages.style_hash),
            failed=partial(self.error, 500),
            logs=self._parts.logs_access,
            answered=self._parts.works.answered,
        )
        app = Starlette(
            routes=[*self._routes_of_people(), *self._routes_of_shelf(), *self._routes_of_house()],
            middleware=[shell],
            exception_handlers={HTTPException: self._refuse},
            lifespan=self._lifespan,
        )
        app.router.redirect_slashes = False  # a redirect would lose a POST (A11)
        return app

    def _routes_of_people(self) -> list[Route]:
        """Joining, leaving, knowing: pages that are about one person."""
        pages, parts = self._pages, self._parts
        unsubscribing = Unsubscribing(
            pages=pages,
            verify=partial(parts.keyring.verify, Purpose.UNSUBSCRIBE),
            sign_undo=Presses(keyring=parts.keyring).sign,
            find_list=self._find_list,
            end=self._writer.end,
            clock=parts.clock,
        )
        signing_up = SigningUp(configuration=parts.configuration, pages=pages, counter=self._counter())
        return [
            Route("/u/{token}", unsubscribing.unsubscribe, methods=["GET", "POST"]),
            Route("/aanmelden/{list}", signing_up.sign_up, methods=["GET", "POST"]),
            Route("/subscribe/{list}", signing_up.sign_up, methods=["GET", "POST"]),
            Route("/bevestig/{token}", self._confirming(pages).confirm, methods=["GET", "POST"]),
            *subscriber_routes(parts, pages, self._writer.end, self._in_thread),
        ]

    def _routes_of_shelf(self) -> list[Route]:
        """What was sent, for everybody: the archive and its images."""
        configuration, shelf = self._parts.configuration, Shelf(self._parts.engine)
        archive = Archive(
            configuration=configuration,
            shelf=shelf,
            pages=self._pages,
            in_thread=self._in_thread,
            error=self.error,
        )
        media = Media(
            folder=configuration.data_dir / "media",
            is_withdrawn=lambda name: self._in_thread(partial(shelf.is_withdrawn, name)),
            error=self.error,
        )
        return [
            Route("/media/{name}", media.media),
            Route("/archive", archive.lists),
            Route("/archive/{list}", archive.index),
            Route("/archive/{list}/feed.atom", archive.feed),
            Route("/archive/{list}/{slug}", archive.archive),
            Route("/archive/{list}/{slug}/{file}", archive.calendar),
            Route("/sitemap.xml", archive.sitemap),
            Route("/robots.txt", archive.robots),
        ]

    def _routes_of_house(self) -> list[Route]:
        """The pages about the service itself."""
        privacy = Privacy(self._parts.configuration, self._pages, self.error)
        return [
            Route("/privacy/{list}", privacy.privacy),
            Route("/u/", self.help),
            Route("/u", self.help),
            Route("/voorkeuren/", self.help),
            Route("/", self.home),
            Route("/favicon.ico", self.favicon),
            Route("/healthz", self.healthz),
            Route("/metrics", self._metrics().metrics),
        ]

    def error(self, status: int) -> Response:
        return HTMLResponse(self._pages.errors[status], status)

    async def help(self, request: Request) -> Response:
        """How to leave without a link of one's own."""
        language = self._pages.language(request.query_params.get("language"))
        return HTMLResponse(self._pages.help[language])

    async def home(self, request: Request) -> Response:
        """Which lists there are; nothing about who is on them."""
        language = self._pages.language(request.query_params.get("language"))
        return HTMLResponse(self._pages.home[language])

    async def favicon(self, _request: Request) -> Response:
        """There is none: said once a week, and not as an error."""
        return Response(status_code=204, headers={"Cache-Control": ICON_CACHE})

    async def healthz(self, _request: Request) -> Response:
        """200 when the store answers and endings are taken, else 503."""
        try:
            await self._in_thread(self._ask_store)
        except Exception:  # noqa: BLE001 - whatever it is, the answer is "not healthy"
            return PlainTextResponse("the store does not answer\n", 503)
        if not self._writer.is_running:
            return PlainTextResponse("endings are not taken\n", 503)
        return PlainTextResponse("ok\n")

    async def _refuse(self, _request: Request, problem: Exception) -> Response:
        """The page for a path or method that does not exist."""
        status = problem.status_code if isinstance(problem, HTTPException) else 500
        known = status if status in self._pages.errors else 404
        headers = problem.headers if isinstance(problem, HTTPException) else None
        return HTMLResponse(self._pages.errors[known], known, headers)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self._writer.start()
        self._sign_ups.start()
        try:
            yield
        finally:
            await asyncio.to_thread(self._writer.close)
            await asyncio.to_thread(self._sign_ups.close)
            self._readers.shutdown()

    def _counter(self) -> Counter:
        configuration = self._parts.configuration
        return Counter(
            guard=Guard(configuration),
            put=self._sign_ups.put,
            trusted=configuration.site.trusted_proxies,
            clock=self._parts.clock,
            seconds=time.monotonic,
        )

    def _metrics(self) -> MetricsPage:
        parts = self._parts
        return MetricsPage(
            configuration=parts.configuration,
            engine=parts.engine,
            works=parts.works,
            clock=parts.clock,
            in_thread=self._in_thread,
            error=self.error,
        )

    def _confirming(self, pages: Pages) -> Confirming:
        return Confirming(
            configuration=self._parts.configuration,
            pages=pages,
            verify=partial(self._parts.keyring.verify, Purpose.CONFIRM),
            store=self._store(),
            marker=marker_of(self._parts.keyring),
        )

    def _store(self) -> Store:
        parts = self._parts
        return Store(
            engine=parts.engine,
            in_thread=self._in_thread,
            record=parts.record,
            policies=parts.policies,
            clock=parts.clock,
        )

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def _find_list(self, ref: bytes) -> str:
        return await self._in_thread(partial(_open_list, self._parts.engine, ref))

    def _ask_store(self) -> None:
        with reading(self._parts.engine) as connection:
            connection.execute(select(1))


def _open_list(engine: Engine, ref: bytes) -> str:
    """Slug of the list of a subscription that has not ended; "" for any other reference."""
    query = select(subscription.c.list).where(subscription.c.ref == ref, subscription.c.state != State.ENDED)
    with reading(engine) as connection:
        return connection.scalar(query) or ""
