"""Taking back an ending: `/u/undo/{token}`, mailed to the owner, and `/u/undo/{token}/{press}` on a farewell page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.compose.enumerating import enumerated
from newsletter.web.forms import Form, parse_form
from newsletter.web.pages import Pages
from newsletter.web.shown import FAREWELL_TO_ALL, undo_shown, undo_words
from newsletter.web.storing import Store
from newsletter.web.texts_leaving import LEAVING
from newsletter.web.unsubscribe import BODY_SECONDS, RefusedError, Verify, error_page, read_body
from newsletter.web.writer import UnavailableError
from subscribers.consent import Shown
from subscribers.returning import UndoOutcome, UndoResult, undo_ending, would_return

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
            found = await self.store.read(partial(would_return, ref=ref, pressed_at=pressed_at))
            offered = found.lists if pressed_at is None else (found.list,)
            form = parse_form(await read_body(request, BODY_SECONDS)) if request.method == "POST" else {}
            if found.outcome is not UndoOutcome.RETURNED:
                return HTMLResponse(self._answer(found, ()))
            named = self._named(form, found.list, offered)
            if not named:
                return HTMLResponse(self._ask(found.list, offered))
            said = self._said(form, found.list, named)
            result = await self.store.write(self._back(ref, pressed_at, said, named))
        except RefusedError as refused:
            return error_page(self.pages, refused.status)
        except UnavailableError:
            return error_page(self.pages, 503)
        return HTMLResponse(self._answer(result, () if _is_to_all(form) else result.lists))

    def _named(self, form: Form, slug: str, offered: tuple[str, ...]) -> tuple[str, ...]:
        """The lists that stood at the button, as its form says; none if that page said something else than is true now.

        Below a farewell to all lists stands what this site tells everybody of: it knows nothing of its reader (A13).
        """
        claimed = tuple(dict.fromkeys(form.get("lists", "").split()))
        if _is_to_all(form):
            return claimed if set(claimed) <= set(self.pages.told_of(slug)) else ()
        return claimed if set(claimed) == set(offered) else ()

    def _ask(self, slug: str, lists: tuple[str, ...]) -> bytes:
        words = undo_words(self.pages.language_of(slug), self._titles(lists))
        return self.pages.about_list("undo.html", slug, words=words, lists=lists)

    def _back(
        self, ref: bytes, pressed_at: datetime | None, said: Shown, named: tuple[str, ...]
    ) -> Callable[..., UndoResult]:
        now, record = self.store.clock(), self.store.record
        return partial(undo_ending, ref=ref, now=now, record=record, pressed_at=pressed_at, said=said, lists=named)

    def _said(self, form: Form, slug: str, named: tuple[str, ...]) -> Shown:
        return undo_shown(form.get("shown", ""), self.pages.language_of(slug), self._titles(named))

    def _titles(self, lists: tuple[str, ...]) -> list[str]:
        return [self.pages.title_of(slug) for slug in lists]

    def _answer(self, result: UndoResult, told: tuple[str, ...]) -> bytes:
        """The bearer of the token is told the truth: of `told`, lists that have returned, or of the one it names."""
        language = self.pages.language_of(result.list)
        x = LEAVING[language]
        if result.outcome is UndoOutcome.GONE:
            return self.pages.about_list(
                "notice.html",
                "",
                heading=x.gone_heading,
                lines=(x.gone, x.gone_join),
                link=f"{self.pages.prefix}/",
                link_text=self.pages.texts_of("").home_heading,
            )
        heading, line = (x.returned_heading, x.returned) if told else (x.returned_all_heading, x.returned_all)
        if result.outcome is UndoOutcome.STANDS:
            heading, line = x.stands_heading, x.stands
        titles = enumerated(self._titles(told or (result.list,)), language)
        heading, line = heading.format(titles=titles), line.format(titles=titles)
        return self.pages.about_list("notice.html", result.list, heading=heading, lines=(line,), link="")


def _is_to_all(form: Form) -> bool:
    return form.get("shown", "").partition(".")[0] == FAREWELL_TO_ALL
