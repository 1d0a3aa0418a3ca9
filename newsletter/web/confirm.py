"""Confirming a sign-up: `/bevestig/{token}`, a page with one button, and the POST that does it (I1, A12, B3)."""

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.config import Configuration
from newsletter.web.pages import Pages, controller_name
from newsletter.web.shown import confirm_shown, confirm_words
from newsletter.web.storing import Store
from newsletter.web.texts_signup import SIGN_UP
from newsletter.web.unsubscribe import BODY_SECONDS, RefusedError, Verify, error_page, read_body
from newsletter.web.writer import UnavailableError
from subscribers.confirming import Confirmation, Confirmed, ConfirmOutcome, Question, confirm, question
from subscribers.marks import Marker

GONE = 410


@dataclass(frozen=True, kw_only=True)
class Confirming:
    """The endpoint behind the link of a confirmation mail. Its GET changes nothing, however often."""

    configuration: Configuration
    pages: Pages
    verify: Verify
    store: Store
    marker: Marker

    async def confirm(self, request: Request) -> Response:
        """GET and HEAD show, POST confirms; the same page for every text that is no token of ours (A13)."""
        ref = self.verify(request.path_params["token"])
        if ref is None:
            return error_page(self.pages, 404)
        try:
            asked = await self.store.read(partial(question, ref=ref, now=self.store.clock()))
            if request.method != "POST":
                return self._ask(asked)
            await read_body(request, BODY_SECONDS)
            return self._answer(await self._confirm(asked, ref))
        except RefusedError as refused:
            return error_page(self.pages, refused.status)
        except UnavailableError:
            return error_page(self.pages, 503)

    def _ask(self, asked: Question) -> Response:
        """The button; or, to who has the link and pressed it before, that there is nothing left to press."""
        if not self._is_known(asked.list):
            return self._gone(asked.list)
        if asked.is_answered:
            s = SIGN_UP[self.pages.language_of(asked.list)]
            return HTMLResponse(self._page("confirmed.html", asked.list, heading=s.already_heading, lead=s.already))
        words = self._words(asked)
        return HTMLResponse(self._page("confirm.html", asked.list, words=words, is_imported=asked.is_imported))

    async def _confirm(self, asked: Question, ref: bytes) -> Confirmed:
        if not self._is_known(asked.list):
            return Confirmed(outcome=ConfirmOutcome.GONE)
        said = self._evidence(asked)
        return await self.store.write(
            lambda connection: confirm(
                connection, ref, said, now=self.store.clock(), record=self.store.record, marker=self.marker
            )
        )

    def _evidence(self, asked: Question) -> Confirmation:
        item = self.configuration.lists[asked.list]
        shown = confirm_shown(item.language, self._names(asked.list), is_imported=asked.is_imported)
        return Confirmation(
            source=shown.source, wording=shown.wording, wording_version=shown.wording_version, basis=item.basis
        )

    def _words(self, asked: Question) -> tuple[str, ...]:
        language = self.pages.language_of(asked.list)
        return confirm_words(language, self._names(asked.list), is_imported=asked.is_imported)

    def _names(self, slug: str) -> dict[str, str]:
        item = self.configuration.lists[slug]
        return {"title": item.title, "controller": controller_name(item)}

    def _answer(self, done: Confirmed) -> Response:
        if done.outcome is ConfirmOutcome.GONE:
            return self._gone(done.list)
        s = SIGN_UP[self.pages.language_of(done.list)]
        return HTMLResponse(self._page("confirmed.html", done.list, heading=s.confirmed_heading, lead=s.confirmed))

    def _gone(self, slug: str) -> Response:
        """Too old, used up or of a list that is not there any more: what to do now."""
        s = SIGN_UP[self.pages.language_of(slug)]
        item = self.configuration.lists.get(slug)
        link = (item.subscribe_url if item else None) or f"{self.pages.prefix}/"
        text = s.gone_again if item and item.subscribe_url else self.pages.texts_of(slug).home_heading
        page = self.pages.about_list(
            "notice.html", slug, heading=s.gone_heading, lines=(s.gone,), link=link, link_text=text
        )
        return HTMLResponse(page, GONE)

    def _is_known(self, slug: str) -> bool:
        return slug in self.configuration.lists

    def _page(self, template: str, slug: str, **values: object) -> bytes:
        item = self.configuration.lists[slug]
        archive = f"{self.pages.prefix}/archive/{slug}" if item.archive == "public" else ""
        return self.pages.about_list(template, slug, s=SIGN_UP[item.language], archive=archive, **values)
