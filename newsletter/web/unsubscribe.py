"""Leaving by the link of a mail: a page with one button, and the POST that does it (RFC 8058, A10-A13, I1)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.web.forms import parse_form
from newsletter.web.pages import UNDO_MARK, Pages
from newsletter.web.writer import UnavailableError
from subscribers.clock import Clock

BODY_LIMIT = 8 * 1024
"""Bytes; the body of RFC 8058 has 26, as multipart some 150."""
BODY_SECONDS = 10.0
RETRY_SECONDS = "60"
PAGE = "page"
"""Field by which our own form is known: who pressed a button sees the way back, a mail program does not."""

Verify: TypeAlias = Callable[[str], bytes | None]
"""The reference in a well-signed token, None for any other text; in constant time."""
FindList: TypeAlias = Callable[[bytes], Awaitable[str]]
"""Slug of the list that a reference is subscribed to now, "" if it is not (ended, erased, unknown)."""
Sign: TypeAlias = Callable[[bytes], str]
"""A token for a reference."""
SignUndo: TypeAlias = Callable[[bytes, datetime], str]
"""The end of the path of an undo, for a reference and the moment when the button was pressed."""
End: TypeAlias = Callable[[bytes, datetime], Awaitable[None]]
"""Ends a subscription durably; raises UnavailableError."""


class RefusedError(Exception):
    """The body cannot be taken; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Unsubscribing:
    """The endpoint `/u/{token}`."""

    pages: Pages
    verify: Verify
    sign_undo: SignUndo
    find_list: FindList
    end: End
    clock: Clock

    async def unsubscribe(self, request: Request) -> Response:
        """GET and HEAD show, POST ends. Every text that is not a well-signed token gets the same bytes (A13)."""
        arrived_at = self.clock()  # the clock of the deadline starts here (I4), before the body is waited for
        ref = self.verify(request.path_params["token"])
        if ref is None:
            return self.error(404)
        if request.method == "POST":
            return await self._end(request, ref, arrived_at)
        return HTMLResponse(self.pages.ask.get(await self.find_list(ref), self.pages.ask[""]))

    async def _end(self, request: Request, ref: bytes, arrived_at: datetime) -> Response:
        """The answer depends on the request alone, not on whether anything was ended: it tells nobody anything."""
        try:
            body = await read_body(request, BODY_SECONDS)
            await self.end(ref, arrived_at)
        except RefusedError as refused:
            return self.error(refused.status)
        except UnavailableError:
            return self.error(503)
        form = parse_form(body)
        slug = form.get("list", "")
        if PAGE not in form:
            return HTMLResponse(self.pages.ended.get(slug, self.pages.ended[""]))
        return HTMLResponse(farewell(self.pages, slug, self.sign_undo(ref, arrived_at)))

    def error(self, status: int) -> Response:
        """The page of an error."""
        return error_page(self.pages, status)


def error_page(pages: Pages, status: int) -> Response:
    """The page of an error; one that may pass says when to come back."""
    headers = {"Retry-After": RETRY_SECONDS} if status == 503 else None  # noqa: PLR2004 - Service Unavailable
    return HTMLResponse(pages.errors[status], status, headers)


async def read_body(request: Request, seconds: float) -> bytes:
    """The whole body, at most BODY_LIMIT bytes within `seconds`; raises RefusedError with 413 or 408.

    What it says does not matter: urlencoded, multipart and empty bodies all mean the same (A11).
    """
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length[:9]) > BODY_LIMIT:
        raise RefusedError(413)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise RefusedError(413)
    except TimeoutError:
        raise RefusedError(408) from None
    return bytes(body)


def farewell_to_all(pages: Pages, slug: str, undo_token: str) -> bytes:
    """The same after leaving every list, by a link in a mail of `slug` ("" for one that is not known any more)."""
    return pages.farewell_to_all.get(slug, pages.farewell_to_all[""]).replace(UNDO_MARK.encode(), undo_token.encode())


def farewell(pages: Pages, slug: str, undo_token: str) -> bytes:
    """The page after leaving, with the way back. It says the same for every well-signed token (A13)."""
    page = pages.farewell.get(slug, pages.farewell[""])
    return page.replace(UNDO_MARK.encode(), undo_token.encode())
