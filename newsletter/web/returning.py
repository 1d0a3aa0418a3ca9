"""Taking back an ending: `/u/undo/{token}`, mailed to the owner, and `/u/undo/{token}/{press}` on a farewell page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.web.forms import Form, parse_form
from newsletter.web.pages import Pages
from newsletter.web.shown import undo_shown
from newsletter.web.storing import Store
from newsletter.web.texts_leaving import LEAVING
from newsletter.web.unsubscribe import BODY_SECONDS, RefusedError, Verify, error_page, read_body
from newsletter.web.writer import UnavailableError
from subscribers.consent import Shown
from subscribers.returning import UndoOutcome, UndoResult, undo_ending
from subscribers.tables import subscription

ReadPress: TypeAlias = Callable[[str, str], tuple[bytes, datetime] | None]
"""The reference and the moment in two well-signed tokens that belong together."""


@dataclass(frozen=True, kw_only=True)
class Returning:
    """The endpoint of an undo. Its GET shows a button and changes nothing (I1)."""

    pages: Pages
    verify: Verify
    read_press: ReadPress
    store: Store

    async def undo(self, request: Request) -> Response:
        """GET and HEAD show, POST takes the ending back; the same page for every text that is no token of ours."""
        ref = self.verify(request.path_params["token"])
        return error_page(self.pages, 404) if ref is None else await self._undo(request, ref, None)

    async def undo_press(self, request: Request) -> Response:
        """The same for who has just left by a button: only what that press ended is taken back."""
        found = self.read_press(request.path_params["token"], request.path_params["press"])
        return error_page(self.pages, 404) if found is None else await self._undo(request, *found)

    async def _undo(self, request: Request, ref: bytes, pressed_at: datetime | None) -> Response:
        try:
            slug = await self._list(ref)
            if request.method != "POST":
                return HTMLResponse(self.pages.about_list("undo.html", slug))
            form = parse_form(await read_body(request, BODY_SECONDS))
            result = await self.store.write(self._back(ref, pressed_at, self._said(form, slug)))
        except RefusedError as refused:
            return error_page(self.pages, refused.status)
        except UnavailableError:
            return error_page(self.pages, 503)
        return HTMLResponse(self._answer(result))

    def _back(self, ref: bytes, pressed_at: datetime | None, said: Shown) -> Callable[..., UndoResult]:
        now, record = self.store.clock(), self.store.record
        return partial(undo_ending, ref=ref, now=now, record=record, pressed_at=pressed_at, said=said)

    def _said(self, form: Form, slug: str) -> Shown:
        title = self.pages.title_of(slug) if self.pages.knows(slug) else ""
        return undo_shown(form.get("shown", ""), self.pages.language_of(slug), title)

    def _answer(self, result: UndoResult) -> bytes:
        """The bearer of the token is told the truth: it only speaks about the one subscription that it names."""
        x = LEAVING[self.pages.language_of(result.list)]
        if result.outcome is UndoOutcome.GONE:
            return self.pages.about_list(
                "notice.html",
                "",
                heading=x.gone_heading,
                lines=(x.gone, x.gone_join),
                link=f"{self.pages.prefix}/",
                link_text=self.pages.texts_of("").home_heading,
            )
        heading = x.returned_heading.format(title=self.pages.title_of(result.list))
        return self.pages.about_list("notice.html", result.list, heading=heading, lines=(x.returned,), link="")

    async def _list(self, ref: bytes) -> str:
        query = select(subscription.c.list).where(subscription.c.ref == ref)
        return await self.store.read(lambda connection: connection.scalar(query)) or ""
