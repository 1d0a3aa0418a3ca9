"""The ASGI application of the preview: routes, headers, and the stream of versions. It changes nothing (I1).

Every answer belongs to this page alone: no other origin may read, frame or embed it, and nothing is fetched from
elsewhere. The stream says that something changed and never what; the page asks for that itself.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from newsletter.shipped import templates_dir
from newsletter.web.preview.choice import read_choice
from newsletter.web.preview.desk import Desk
from newsletter.web.preview.frame import framed, policy
from newsletter.web.preview.guard import Guard, hosts_of
from newsletter.web.preview.letter import Letter
from newsletter.web.preview.look import Draft
from newsletter.web.preview.pages import Pages
from newsletter.web.preview.texts import TEXTS
from newsletter.web.shell import Shell, common_headers
from newsletter.web.texts import Language

FILES = {"style.css": "text/css", "preview.js": "text/javascript", "icon.svg": "image/svg+xml"}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}
"""An image has its digest in its name."""
NO_MAIL = "<!doctype html><title>-</title>"


def create_app(desk: Desk, *, language: Language, token: str, port: int) -> Starlette:
    """The preview of the issues on `desk`, for who knows `token` and asks this port by a local name."""
    folder = templates_dir() / "preview"
    pages = Pages(jinja2.FileSystemLoader(folder), language=language, root=f"/{token}")
    return _Preview(desk, pages, folder).app(token=token, port=port)


class _Preview:
    """The endpoints."""

    def __init__(self, desk: Desk, pages: Pages, folder: Path) -> None:
        self._desk = desk
        self._pages = pages
        self._root = folder
        self._files = {name: (folder / name).read_text(encoding="utf-8") for name in FILES}
        self._texts = TEXTS[pages.language]

    def app(self, *, token: str, port: int) -> Starlette:
        self._media = f"/{token}/media"
        return Starlette(
            routes=[
                Route("/", self.index),
                Route("/rows", self.rows),
                Route("/events", self.index_events),
                Route("/issue/{name}", self.issue),
                Route("/findings/{name}", self.findings),
                Route("/stage/{name}", self.stage),
                Route("/mail/{name}", self.mail),
                Route("/events/{name}", self.events),
                Route("/media/{name}", self.media),
                Route("/{file}", self.file),
            ],
            middleware=[
                Middleware(Guard, token=token, hosts=hosts_of(port)),
                Middleware(Shell, prefix="", headers=_headers(), failed=self._failed, logs=False),
            ],
            exception_handlers={HTTPException: self._missing},
            lifespan=self._lifespan,
        )

    # ------------------------------------------------------------ pages

    async def index(self, _request: Request) -> Response:
        """The issues of the folder."""
        return HTMLResponse(self._pages.index(self._desk.rows(), self._desk.folder.name))

    async def rows(self, _request: Request) -> Response:
        """The table of the index."""
        return HTMLResponse(self._pages.rows(self._desk.rows(), self._desk.folder.name))

    async def issue(self, request: Request) -> Response:
        """The page of one issue."""
        return HTMLResponse(self._pages.issue(await self._draft(request), read_choice(request.query_params)))

    async def findings(self, request: Request) -> Response:
        """The findings, in the page's place for them."""
        return HTMLResponse(self._pages.findings(await self._draft(request)))

    async def stage(self, request: Request) -> Response:
        """What is chosen to be shown, in the page's place for it."""
        return HTMLResponse(self._pages.stage(await self._draft(request), read_choice(request.query_params)))

    async def mail(self, request: Request) -> Response:
        """The document in the frame."""
        draft, choice = await self._draft(request), read_choice(request.query_params)
        headers = {"Content-Security-Policy": policy(choice.images), "X-Frame-Options": "SAMEORIGIN"}
        if draft.mail is None:
            return HTMLResponse(NO_MAIL, headers=headers)
        html = framed(
            Letter(draft.mail, choice.sample).html,
            assets=draft.mail.piece.compilation.compiled.assets,
            base_url=draft.mail.base_url,
            media_url=self._media,
            colours=choice.colours,
        )
        return HTMLResponse(html, headers=headers)

    async def media(self, request: Request) -> Response:
        """An image of a mail, from memory."""
        found = self._desk.image(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return Response(found[1], media_type=found[0], headers=KEPT)

    async def file(self, request: Request) -> Response:
        """The style sheet, the script and the icon."""
        name = request.path_params["file"]
        if name not in FILES:
            raise HTTPException(404)
        return Response(self._files[name], media_type=FILES[name])

    # ------------------------------------------------------------ what changes

    async def events(self, request: Request) -> Response:
        """A version and a state, now and after every change."""
        name = (await self._draft(request)).name
        return _stream(self._told(name))

    async def index_events(self, _request: Request) -> Response:
        """A version of the index, now and after every change."""
        return _stream(_as_event(version) async for version in self._desk.follow_index())

    async def _told(self, name: str) -> AsyncIterator[str]:
        async for draft in self._desk.follow(name):
            yield _as_event(f"{draft.version} {_state(draft)}")

    async def _draft(self, request: Request) -> Draft:
        draft = await self._desk.draft(request.path_params["name"])
        if draft is None:
            raise HTTPException(404)
        return draft

    async def _missing(self, _request: Request, problem: Exception) -> Response:
        status = problem.status_code if isinstance(problem, HTTPException) else 500
        return HTMLResponse(self._pages.error(self._texts.not_found), status)

    def _failed(self) -> Response:
        return PlainTextResponse(f"{self._texts.failed}\n", 500)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(self._desk.shut)


def _headers() -> dict[bytes, bytes]:
    return {**common_headers("", ""), b"content-security-policy": PAGE_POLICY.encode()}


def _stream(events: AsyncIterator[str]) -> Response:
    return StreamingResponse(events, media_type="text/event-stream")


def _as_event(text: str) -> str:
    return f"data: {text}\n\n"


def _state(draft: Draft) -> str:
    return "old" if draft.is_old else "broken" if draft.mail is None else "good"
