"""The page of one subscription, `/voorkeuren/{token}`: how often, leaving, another address, a wrong name.

Its link stands in every mail, and mails are forwarded. So the page shows nothing that is stored about anyone; what its
bearer can do is harmless, can be undone, or asks the owner of the mailbox first. Only POST changes anything (I1).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.config import Configuration
from newsletter.web.forms import Form, parse_form
from newsletter.web.mistakes import Mistake, Mistakes, in_address, in_names
from newsletter.web.pages import Pages
from newsletter.web.storing import Store
from newsletter.web.texts_leaving import LEAVING, LeavingTexts
from newsletter.web.unsubscribe import (
    BODY_SECONDS,
    End,
    RefusedError,
    SignUndo,
    Verify,
    error_page,
    farewell,
    farewell_to_all,
    read_body,
)
from newsletter.web.writer import UnavailableError
from subscribers.address import AddressError, parse_address
from subscribers.farewell import queue_undo_link
from subscribers.moving import ask_to_move
from subscribers.preferences import Preferences, choose_pace, correct, preferences_of, refs_beside
from subscribers.retention import policy_of
from subscribers.sessions import queue_data_link

UNPROCESSABLE = 422
TOO_MANY = 429

May: TypeAlias = Callable[[Request, str], bool]
"""Whether a visitor may ask once more for something that costs a mail: by network, and by what it is about."""


@dataclass(frozen=True, kw_only=True)
class PreferencePage:
    """The endpoint `/voorkeuren/{token}`."""

    configuration: Configuration
    pages: Pages
    verify: Verify
    sign_undo: SignUndo
    end: End
    store: Store
    may: May

    def __post_init__(self) -> None:
        """Render every form of the page once, so that a broken template is known at the start."""
        for slug in self.configuration.lists:
            sample = Preferences(id=0, subscriber_id=0, list=slug, every_days=None, others=1)
            self._page(sample, wrong={"address": Mistake(label="", text="")})
        self._over()

    async def preferences(self, request: Request) -> Response:
        """GET and HEAD show, POST does what the button says; every text that is no token of ours gets one answer."""
        arrived_at = self.store.clock()
        ref = self.verify(request.path_params["token"])
        if ref is None:
            return error_page(self.pages, 404)
        try:
            form = parse_form(await read_body(request, BODY_SECONDS)) if request.method == "POST" else {}
            known = await self.store.read(partial(preferences_of, ref=ref))
            if form.get("action") in {"leave", "leave-all"}:
                return await self._leave(ref, known, arrived_at, everything=form["action"] == "leave-all")
            if known is None:
                return await self._ended(request, ref) if form.get("action") == "undo" else HTMLResponse(self._over())
            act = self._acts.get(form.get("action", ""))
            return await act(request, ref, known, form) if act else HTMLResponse(self._page(known))
        except RefusedError as refused:
            return error_page(self.pages, refused.status)
        except UnavailableError:
            return error_page(self.pages, 503)

    @property
    def _acts(self) -> dict[str, Callable[[Request, bytes, Preferences, Form], Awaitable[Response]]]:
        return {"pace": self._pace, "address": self._address, "name": self._name, "data": self._data}

    async def _leave(
        self, ref: bytes, known: Preferences | None, arrived_at: datetime, *, everything: bool
    ) -> Response:
        """End one or all; all of them at the same instant, so that one undo takes them back together."""
        refs = await self.store.read(partial(refs_beside, ref=ref)) if everything else [ref]
        await asyncio.gather(*(self.end(item, arrived_at) for item in refs))
        undo = self.sign_undo(ref if known or not refs else refs[0], arrived_at)
        page = farewell_to_all if everything else farewell
        return HTMLResponse(page(self.pages, known.list if known else "", undo))

    async def _ended(self, request: Request, ref: bytes) -> Response:
        """Mail the owner the way back, if there is one; the same answer for ended, erased and unknown (B15)."""
        if not self.may(request, ref.hex()):
            return self._too_busy("")
        queue = partial(queue_undo_link, ref=ref, policies=self.store.policies, now=self.store.clock())
        await self.store.write(queue)
        x = LEAVING[self.pages.language_of("")]
        return self._notice("", x.over_sent_heading, x.over_sent, x.over_sent_none)

    async def _pace(self, _request: Request, ref: bytes, known: Preferences, form: Form) -> Response:
        offered = self._offered(known)
        wants_fewer = form.get("pace") == "fewer"
        if wants_fewer and not offered:
            x = self._x(known)
            return self._refused(known, {"pace": Mistake(label=x.pace_heading, text=x.pace_wrong, has_field=False)})
        days = (known.every_days or offered) if wants_fewer else None
        await self.store.write(partial(choose_pace, ref=ref, every_days=days))
        now = await self.store.read(partial(preferences_of, ref=ref))
        return HTMLResponse(self._page(now, said=self._x(known).pace_saved) if now else self._over())

    async def _address(self, request: Request, _ref: bytes, known: Preferences, form: Form) -> Response:
        """The same answer whether the new address is known to us, or not, or not mailed (B15)."""
        typed = form.get("address", "").strip()
        try:
            new = parse_address(typed)
        except AddressError:
            return self._refused(known, in_address(typed, self._x(known)), typed=typed)
        if not self.may(request, new.key):
            return self._too_busy(known.list)
        zone = policy_of(self.store.policies, known.list).zone
        ask = partial(ask_to_move, subscriber_id=known.subscriber_id, new=new, list_slug=known.list, zone=zone)
        await self.store.write(partial(ask, now=self.store.clock()))
        x = self._x(known)
        return self._notice(known.list, x.address_sent_heading, x.address_sent, x.address_sent_next)

    async def _name(self, request: Request, _ref: bytes, known: Preferences, form: Form) -> Response:
        """No web address: whoever was forwarded a mail would have it greet its owner with a link of theirs."""
        given = {key: text for key in ("name", "organisation") if (text := form.get(key, "").strip())}
        x = self._x(known)
        if wrong := in_names(given, x):
            return self._refused(known, wrong, given=given)
        if given and not self.may(request, f"name {known.subscriber_id}"):
            return self._too_busy(known.list)
        work = partial(correct, subscriber_id=known.subscriber_id, now=self.store.clock())
        await self.store.write(partial(work, name=given.get("name"), organisation=given.get("organisation")))
        return HTMLResponse(self._page(known, said=x.name_saved if given else x.name_none))

    async def _data(self, request: Request, _ref: bytes, known: Preferences, _form: Form) -> Response:
        """A link to all that is stored, to the mailbox of the subscription and to no other."""
        if not self.may(request, str(known.subscriber_id)):
            return self._too_busy(known.list)
        await self.store.write(partial(self._queue_data, known))
        x = self._x(known)
        return self._notice(known.list, x.data_sent_heading, x.data_sent)

    def _queue_data(self, known: Preferences, connection: Connection) -> bytes | None:
        zone = policy_of(self.store.policies, known.list).zone
        now = self.store.clock()
        return queue_data_link(connection, known.subscriber_id, list_slug=known.list, now=now, zone=zone)

    def _refused(self, known: Preferences, wrong: Mistakes, **values: object) -> Response:
        return HTMLResponse(self._page(known, wrong=wrong, **values), UNPROCESSABLE)

    def _page(self, known: Preferences, **values: object) -> bytes:
        offered = self._offered(known)
        shown: dict[str, object] = {"said": "", "wrong": {}, "typed": "", "given": {}}
        return self.pages.about_list(
            "preferences.html", known.list, known=known, days=known.every_days or offered, **shown | values
        )

    def _offered(self, known: Preferences) -> int | None:
        item = self.configuration.lists.get(known.list)
        return item.less_often if item else None

    def _over(self) -> bytes:
        return self.pages.about_list("over.html", "")

    def _too_busy(self, slug: str) -> Response:
        x = LEAVING[self.pages.language_of(slug)]
        answer = self._notice(slug, x.too_busy_heading, x.too_busy)
        answer.status_code = TOO_MANY
        return answer

    def _notice(self, slug: str, heading: str, *lines: str) -> Response:
        return HTMLResponse(self.pages.about_list("notice.html", slug, heading=heading, lines=lines, link=""))

    def _x(self, known: Preferences) -> LeavingTexts:
        return LEAVING[self.pages.language_of(known.list)]
