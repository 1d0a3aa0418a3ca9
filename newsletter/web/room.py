"""Inside `/mijn/`: everything that is stored, correction, download, leaving, another address, erasure (B8, B9).

Only for who has a session; every POST carries the session's own word. Nothing here is kept by browser or proxy
(`Cache-Control: no-store` on every answer).
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.store.forgetting import Forgetting
from newsletter.store.known import everything_about
from newsletter.web import own_data
from newsletter.web.forms import Form, parse_form
from newsletter.web.manner import list_of
from newsletter.web.mine import FORBIDDEN
from newsletter.web.person_fields import ATTRIBUTE
from newsletter.web.preferences import UNPROCESSABLE, May
from newsletter.web.room_pages import RoomPages
from newsletter.web.storing import Store
from newsletter.web.unsubscribe import BODY_SECONDS, RefusedError, error_page, read_body
from newsletter.web.visit import Visit, Visits
from newsletter.web.writer import UnavailableError
from subscribers.address import AddressError, parse_address
from subscribers.leaving import end_many
from subscribers.moving import ask_to_move
from subscribers.preferences import active_refs, correct
from subscribers.records import SubscriberRecord, find_by_id
from subscribers.requests import finish_erasures
from subscribers.subscription import Actor, EndedReason, State

SOURCE = "my data page"

Act: TypeAlias = Callable[[Request, Visit, SubscriberRecord, Form], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Room:
    """The endpoints behind a session."""

    views: RoomPages
    store: Store
    visits: Visits
    forgetting: Forgetting
    may: May

    async def data(self, request: Request) -> Response:
        """GET shows everything; POST does what the button says."""
        return await self._inside(request, self._show, self._acts)

    async def erase(self, request: Request) -> Response:
        """GET asks whether they are sure; POST erases everything at once."""
        return await self._inside(request, self._ask_erase, {"erase": self._erase})

    async def download(self, request: Request) -> Response:
        """Everything as a file; GET and HEAD only, so it changes nothing."""
        try:
            person = await self._person(await self.visits.of(request))
            if person is None:
                return HTMLResponse(self.views.out(), FORBIDDEN)
            known = await self.store.read(partial(everything_about, subscriber_id=person.id))
        except UnavailableError:
            return error_page(self.views.pages, 503)
        if request.url.path.endswith(".json"):
            return _file(own_data.as_json(known), "application/json", "mijn-gegevens.json")
        return _file(
            own_data.as_csv(known, self.views.words_for(person)), "text/csv; charset=utf-8", "mijn-gegevens.csv"
        )

    @property
    def _acts(self) -> dict[str, Act]:
        return {"correct": self._correct, "leave": self._leave, "address": self._address, "log-out": self._log_out}

    async def _inside(
        self,
        request: Request,
        show: Callable[[Visit, SubscriberRecord], Awaitable[Response]],
        acts: dict[str, Act],
    ) -> Response:
        """Whoever has no session is told so; a form that is not of this session is refused."""
        try:
            visit = await self.visits.of(request)
            person = await self._person(visit)
            if visit is None or person is None:
                return self.visits.clear(HTMLResponse(self.views.out(), FORBIDDEN))
            if request.method != "POST":
                return await show(visit, person)
            form = parse_form(await read_body(request, BODY_SECONDS))
            act = acts.get(form.get("action", ""))
            if act is None or not self.visits.is_own_form(visit, form):
                return HTMLResponse(self.views.out(), FORBIDDEN)
            return await act(request, visit, person, form)
        except RefusedError as refused:
            return error_page(self.views.pages, refused.status)
        except UnavailableError:
            return error_page(self.views.pages, 503)

    async def _person(self, visit: Visit | None) -> SubscriberRecord | None:
        if visit is None:
            return None
        return await self.store.read(partial(find_by_id, subscriber_id=visit.subscriber_id))

    async def _show(self, visit: Visit, person: SubscriberRecord, **values: object) -> Response:
        known = await self.store.read(partial(everything_about, subscriber_id=person.id))
        return HTMLResponse(self.views.room(visit, person, known, **values))

    async def _again(self, visit: Visit, said: str) -> Response:
        """The page as it is after a change."""
        person = await self._person(visit)
        return await self._show(visit, person, said=said) if person else HTMLResponse(self.views.out(), FORBIDDEN)

    async def _correct(self, _request: Request, visit: Visit, person: SubscriberRecord, form: Form) -> Response:
        if wrong := self.views.wrong_in(form, person):
            return await self._refused(visit, person, wrong=wrong, given=dict(form))
        names = {f"{ATTRIBUTE}{name}": name for name in person.attributes}
        changed = {name: form[field] for field, name in names.items() if field in form}
        work = partial(
            correct,
            subscriber_id=person.id,
            now=self.store.clock(),
            name=form.get("name"),
            organisation=form.get("organisation"),
            attributes=changed,
        )
        await self.store.write(work)
        return await self._again(visit, self.views.texts_of(person).corrected)

    async def _refused(self, visit: Visit, person: SubscriberRecord, **values: object) -> Response:
        """The page with what is wrong in it."""
        shown = await self._show(visit, person, **values)
        shown.status_code = UNPROCESSABLE
        return shown

    async def _leave(self, _request: Request, visit: Visit, person: SubscriberRecord, form: Form) -> Response:
        """One list, or all; in a session of the mailbox itself, so nobody needs to be asked whether it was them."""
        refs = await self.store.read(partial(active_refs, subscriber_id=person.id))
        chosen = [item.ref for item in person.subscriptions if item.list == form.get("list")]
        await self.store.write(partial(self._end, refs if "all" in form else chosen))
        return await self._again(visit, self.views.texts_of(person).left)

    def _end(self, refs: list[bytes], connection: Connection) -> None:
        now = self.store.clock()
        end_many(
            connection,
            [(ref, now) for ref in refs],
            reason=EndedReason.UNSUBSCRIBED,
            actor=Actor.SUBSCRIBER,
            policies=self.store.policies,
            record=self.store.record,
            source=SOURCE,
        )

    async def _address(self, request: Request, visit: Visit, person: SubscriberRecord, form: Form) -> Response:
        """The session came from the old mailbox, which has agreed by that; it is told all the same."""
        typed = form.get("address", "").strip()
        try:
            new = parse_address(typed)
        except AddressError:
            return await self._refused(visit, person, wrong=self.views.wrong_address(typed, person), typed=typed)
        if not self.may(request, new.key):
            return await self._again(visit, self.views.too_busy(person))
        slug, zone = list_of(self.views.configuration, person), self.views.manner_of(person)[1]
        now = self.store.clock()
        ask = partial(ask_to_move, subscriber_id=person.id, new=new, list_slug=slug, now=now, zone=zone)
        await self.store.write(partial(ask, old_agrees=True))
        return await self._again(visit, self.views.texts_of(person).address_asked)

    async def _log_out(self, _request: Request, visit: Visit, person: SubscriberRecord, _form: Form) -> Response:
        return await self.visits.end(HTMLResponse(self.views.bye(person)), visit)

    async def _ask_erase(self, visit: Visit, person: SubscriberRecord) -> Response:
        active = [item.list for item in person.subscriptions if item.state is not State.ENDED]
        return HTMLResponse(self.views.sure(visit, person, active))

    async def _erase(self, _request: Request, _visit: Visit, person: SubscriberRecord, _form: Form) -> Response:
        """Gone at once, also from files, and the session with it. What others hold open is scrubbed later."""
        now = self.store.clock()
        done = await self.store.do(partial(self.forgetting.erase, person.id, now))
        with suppress(UnavailableError):  # gone they are; an operator sees the request, and closes it
            await self.store.write(partial(finish_erasures, subscriber_ref=person.ref, by="subscriber", now=now))
        return self.visits.clear(HTMLResponse(self.views.erased(person, is_scrubbed=not done.still_due)))


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Type": media_type}
    return Response(content, headers=headers)
