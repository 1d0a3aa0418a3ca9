"""Both ends of a change of address: `/voorkeuren/adres/{token}`. A page with a yes and a no; only POST counts (I1)."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.web.forms import parse_form
from newsletter.web.pages import Pages
from newsletter.web.storing import Store
from newsletter.web.texts_moving import MOVING
from newsletter.web.unsubscribe import BODY_SECONDS, RefusedError, Verify, error_page, read_body
from newsletter.web.writer import UnavailableError
from subscribers.moving import Change, End, Step, agree, find_change, refuse


@dataclass(frozen=True, kw_only=True)
class AddressPage:
    """The endpoint behind the two mails. Only the old mailbox is shown which address was asked for."""

    pages: Pages
    verify: Verify
    store: Store

    def __post_init__(self) -> None:
        """Render the page once, so that a broken template is known at the start."""
        for end in End:
            self._page(Change(end=end, subscriber_id=0, list="", new_address=""))

    async def change(self, request: Request) -> Response:
        """GET and HEAD show, POST says yes or no."""
        ref = self.verify(request.path_params["token"])
        if ref is None:
            return error_page(self.pages, 404)
        now = self.store.clock()
        try:
            form = parse_form(await read_body(request, BODY_SECONDS)) if request.method == "POST" else {}
            change = await self.store.read(partial(find_change, ref=ref, now=now))
            if change is None:
                return HTMLResponse(self._said("", Step.GONE))
            match form.get("action"):
                case "agree":
                    step = await self.store.write(partial(self._agree, ref=ref, now=now))
                case "refuse":
                    step = await self.store.write(partial(refuse, ref=ref, now=now))
                case _:
                    return HTMLResponse(self._page(change))
        except RefusedError as refused:
            return error_page(self.pages, refused.status)
        except UnavailableError:
            return error_page(self.pages, 503)
        return HTMLResponse(self._said(change.list, step))

    def _agree(self, connection: Connection, ref: bytes, now: datetime) -> Step:
        return agree(connection, ref, now=now, policies=self.store.policies, record=self.store.record)

    def _page(self, change: Change) -> bytes:
        texts = MOVING[self.pages.language_of(change.list)]
        is_old = change.end is End.OLD
        return self.pages.about_list("address.html", change.list, change=change, is_old=is_old, v=texts)

    def _said(self, slug: str, step: Step) -> bytes:
        v = MOVING[self.pages.language_of(slug)]
        heading, line = {
            Step.WAITING: (v.waiting_heading, v.waiting),
            Step.MOVED: (v.done_heading, v.done),
            Step.REFUSED: (v.refused_heading, v.refused),
            Step.GONE: (v.gone_heading, v.gone),
        }[step]
        return self.pages.about_list("notice.html", slug, heading=heading, lines=(line,), link="")
