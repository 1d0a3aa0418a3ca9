"""`/mijn/`: asking for a link to all that is stored, and the single-use link itself (AVG 15, B8, B15).

No account: who can read the mailbox is the owner. The answer to an address is the same whether it is known or not. The
link's GET shows a button and uses nothing up (A12); its POST opens a session (newsletter/web/visit.py).
"""

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from newsletter.config import Configuration
from newsletter.web.afterwards import Afterwards
from newsletter.web.forms import parse_form
from newsletter.web.manner import list_of
from newsletter.web.mistakes import Mistake, Mistakes
from newsletter.web.pages import Pages
from newsletter.web.preferences import TOO_MANY, UNPROCESSABLE, May
from newsletter.web.storing import Store
from newsletter.web.texts import Language
from newsletter.web.texts_leaving import LEAVING
from newsletter.web.texts_mine import MINE
from newsletter.web.unsubscribe import BODY_SECONDS, RefusedError, Verify, error_page, read_body
from newsletter.web.visit import Visits
from newsletter.web.writer import UnavailableError
from subscribers.address import Address, AddressError, parse_address
from subscribers.records import find
from subscribers.sessions import is_open, open_session, queue_data_link
from subscribers.tables import notice

FORBIDDEN = 403
SEE_OTHER = 303
ROOM = "/mijn/gegevens"


@dataclass(frozen=True, kw_only=True)
class Door:
    """The endpoints `/mijn/` and `/mijn/{token}`."""

    configuration: Configuration
    pages: Pages
    verify: Verify
    store: Store
    later: Afterwards
    visits: Visits
    may: May

    def __post_init__(self) -> None:
        """Render the pages once, so that a broken template is known at the start."""
        for language in MINE:
            self._ask(language, wrong=self._wrong(language))
            self._open_page(language)

    async def ask(self, request: Request) -> Response:
        """GET shows the form; POST mails a link to a known address, and answers the same to an unknown one."""
        language = self.pages.language(request.query_params.get("language"))
        if request.method != "POST":
            return HTMLResponse(self._ask(language))
        try:
            form = parse_form(await read_body(request, BODY_SECONDS))
            language = self.pages.language(form.get("language"))
            address = parse_address(form.get("address", "").strip())
            if not self.may(request, address.key):
                return self._too_busy(language)
            self.later.do(partial(self._queue, address))
        except AddressError:
            again = self._ask(language, wrong=self._wrong(language), typed=form.get("address", ""))
            return HTMLResponse(again, UNPROCESSABLE)
        except RefusedError as refused:
            return error_page(self.pages, refused.status)
        except UnavailableError:
            return error_page(self.pages, 503)
        m = MINE[language]
        return HTMLResponse(self._notice(language, m.sent_heading, m.sent, m.sent_next))

    async def open(self, request: Request) -> Response:
        """GET and HEAD show one button and use nothing up; POST opens a session, once."""
        ref = self.verify(request.path_params["token"])
        if ref is None:
            return error_page(self.pages, 404)
        try:
            language = self.pages.language_of(await self._list_of_link(ref))
            if request.method != "POST":
                is_good = await self.store.read(partial(is_open, notice_ref=ref, now=self.store.clock()))
                return HTMLResponse(self._open_page(language)) if is_good else self._used(language)
            await read_body(request, BODY_SECONDS)
            now, zone = self.store.clock(), self._zone
            secret = await self.store.write(partial(open_session, notice_ref=ref, now=now, zone=zone))
        except RefusedError as refused:
            return error_page(self.pages, refused.status)
        except UnavailableError:
            return error_page(self.pages, 503)
        if secret is None:
            return self._used(language)
        return self.visits.begin(RedirectResponse(f"{self.pages.prefix}{ROOM}", SEE_OTHER), secret)

    async def _list_of_link(self, ref: bytes) -> str:
        """In whose name the link was mailed, so that the page speaks the mail's language."""
        query = select(notice.c.list).where(notice.c.ref == ref)
        return await self.store.read(lambda connection: connection.scalar(query)) or ""

    def _queue(self, address: Address, connection: Connection) -> None:
        """Queue the link for a person who is known and on a configured list; nothing for anybody else."""
        person = find(connection, address)
        slug = list_of(self.configuration, person) if person else ""
        if person is None or not slug:
            return
        queue_data_link(connection, person.id, list_slug=slug, now=self.store.clock(), zone=self._zone)

    @property
    def _zone(self) -> ZoneInfo:
        return self.configuration.zone

    def _wrong(self, language: Language) -> Mistakes:
        m = MINE[language]
        return {"address": Mistake(label=m.label, text=m.wrong)}

    def _ask(self, language: Language, *, wrong: Mistakes = MappingProxyType({}), typed: str = "") -> bytes:
        others = self.pages.others(language, "/mijn/")
        return self.pages.general(
            "mine-ask.html",
            language,
            m=MINE[language],
            x=LEAVING[language],
            wrong=wrong,
            typed=typed,
            others=others,
        )

    def _open_page(self, language: Language) -> bytes:
        return self.pages.general("mine-open.html", language, m=MINE[language])

    def _notice(self, language: Language, heading: str, *lines: str, again: bool = False) -> bytes:
        m = MINE[language]
        link = f"{self.pages.prefix}/mijn/?language={language}" if again else ""
        return self.pages.general("notice.html", language, heading=heading, lines=lines, link=link, link_text=m.again)

    def _used(self, language: Language) -> Response:
        """The same for a link that was used, that is too old, or whose person was erased."""
        m = MINE[language]
        return HTMLResponse(self._notice(language, m.used_heading, m.used, again=True), FORBIDDEN)

    def _too_busy(self, language: Language) -> Response:
        x = LEAVING[language]
        return HTMLResponse(self._notice(language, x.too_busy_heading, x.too_busy), TOO_MANY)
