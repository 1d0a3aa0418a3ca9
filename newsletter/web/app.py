"""The ASGI application of the public pages: its routes, and the threads that reach the store for them.

Only POST changes anything (I1), no answer sets a cookie, no page needs a script, and nothing is logged that names a
person or a token (I7). Public prefixes (`/u/`, `/archive/`, `/media/`) are never reused for something else.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
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

from newsletter.config import Configuration, templates_dir
from newsletter.web.archive import Archive
from newsletter.web.media import Media
from newsletter.web.pages import Pages
from newsletter.web.shelf import Shelf
from newsletter.web.shell import Shell, common_headers
from newsletter.web.unsubscribe import Unsubscribing
from newsletter.web.writer import EndingsWriter, ending
from subscribers.clock import Clock, utc_now
from subscribers.ledger_entry import Record
from subscribers.retention import Policies
from subscribers.subscription import State
from subscribers.tables import subscription
from subscribers.tokens import Keyring, Purpose
from subscribers.transactions import reading

READERS = 4
"""Threads that look things up; fewer than the connections that the engine keeps."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the pages are made of. `record` is the ledger's append (I11)."""

    configuration: Configuration
    engine: Engine
    keyring: Keyring
    record: Record
    policies: Policies
    clock: Clock = utc_now
    logs_access: bool = True


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
        self._writer = EndingsWriter(ending(parts.engine, parts.policies, parts.record))
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="pages")

    def app(self) -> Starlette:
        pages = self._pages
        unsubscribing = Unsubscribing(
            pages=pages,
            verify=partial(self._parts.keyring.verify, Purpose.UNSUBSCRIBE),
            find_list=self._find_list,
            end=self._writer.end,
            clock=self._parts.clock,
        )
        shelf = Shelf(self._parts.engine)
        archive = Archive(
            configuration=self._parts.configuration,
            shelf=shelf,
            pages=pages,
            in_thread=self._in_thread,
            error=self.error,
        )
        media = Media(
            folder=self._parts.configuration.data_dir / "media",
            is_withdrawn=lambda name: self._in_thread(partial(shelf.is_withdrawn, name)),
            error=self.error,
        )
        app = Starlette(
            routes=[
                Route("/u/{token}", unsubscribing.unsubscribe, methods=["GET", "POST"]),
                Route("/media/{name}", media.media),
                Route("/archive", archive.lists),
                Route("/archive/{list}", archive.index),
                Route("/archive/{list}/feed.atom", archive.feed),
                Route("/archive/{list}/{slug}", archive.archive),
                Route("/archive/{list}/{slug}/{file}", archive.calendar),
                Route("/sitemap.xml", archive.sitemap),
                Route("/robots.txt", archive.robots),
                Route("/u/", self.help),
                Route("/u", self.help),
                Route("/", self.home),
                Route("/healthz", self.healthz),
            ],
            middleware=[
                Middleware(
                    Shell,
                    prefix=pages.prefix,
                    headers=common_headers(self._parts.configuration.site.base_url, pages.style_hash),
                    failed=partial(self.error, 500),
                    logs=self._parts.logs_access,
                )
            ],
            exception_handlers={HTTPException: self._refuse},
            lifespan=self._lifespan,
        )
        app.router.redirect_slashes = False  # a redirect would lose a POST (A11)
        return app

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
        try:
            yield
        finally:
            await asyncio.to_thread(self._writer.close)
            self._readers.shutdown()

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
