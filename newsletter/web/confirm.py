"""Confirming a sign-up: `/bevestig/{token}`, a page with one button, and the POST that does it (I1, A12, B3)."""

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.config import Configuration
from newsletter.web.pages import Pages
from newsletter.web.storing import Store
from newsletter.web.texts_signup import SIGN_UP
from newsletter.web.unsubscribe import BODY_SECONDS, RefusedError, Verify, error_page, read_body
from newsletter.web.writer import UnavailableError
from subscribers.confirming import Confirmation, Confirmed, ConfirmOutcome, confirm, list_of
from subscribers.marks import Marker

PAGE_VERSION = 1
"""Raise it when the confirmation page changes in what it says or asks."""
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
            slug = await self.store.read(partial(list_of, ref=ref, now=self.store.clock()))
            if request.method != "POST":
                return HTMLResponse(self._page("confirm.html", slug)) if self._is_known(slug) else self._gone(slug)
            await read_body(request, BODY_SECONDS)
            return self._answer(await self._confirm(slug, ref))
        except RefusedError as refused:
            return error_page(self.pages, refused.status)
        except UnavailableError:
            return error_page(self.pages, 503)

    async def _confirm(self, slug: str, ref: bytes) -> Confirmed:
        if not self._is_known(slug):
            return Confirmed(outcome=ConfirmOutcome.GONE)
        said = self._evidence(slug)
        return await self.store.write(
            lambda connection: confirm(
                connection, ref, said, now=self.store.clock(), record=self.store.record, marker=self.marker
            )
        )

    def _evidence(self, slug: str) -> Confirmation:
        """The words of the page: they stand by the button in `confirm.html`."""
        item = self.configuration.lists[slug]
        t = SIGN_UP[item.language]
        return Confirmation(
            source="confirmation page",
            wording="\n".join((t.ask.format(title=item.title), t.ask_button)),
            wording_version=str(PAGE_VERSION),
            basis=item.basis,
        )

    def _answer(self, done: Confirmed) -> Response:
        if done.outcome is ConfirmOutcome.GONE:
            return self._gone(done.list)
        return HTMLResponse(self._page("confirmed.html", done.list))

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

    def _page(self, template: str, slug: str) -> bytes:
        item = self.configuration.lists[slug]
        archive = f"{self.pages.prefix}/archive/{slug}" if item.archive == "public" else ""
        return self.pages.about_list(template, slug, s=SIGN_UP[item.language], archive=archive)
