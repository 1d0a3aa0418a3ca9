"""A visit to one's own data: the cookie of a session, and the word that every form of it carries (CSRF)."""

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from newsletter.web.forms import Form
from newsletter.web.storing import Store
from subscribers.sessions import LIFE, close_session, form_token, is_form_token, who_is_in

COOKIE = "mijn_gegevens"
CSRF = "csrf"
"""Name of the hidden field."""
_LONGEST = 100


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Somebody who is in: whose data it is, and what their forms must carry."""

    subscriber_id: int
    secret: str
    csrf: str


@dataclass(frozen=True, kw_only=True)
class Visits:
    """Sessions as the pages know them. `path` is where the cookie goes and nowhere else, `key` signs forms."""

    store: Store
    path: str
    key: bytes

    async def of(self, request: Request) -> Visit | None:
        """Whose visit a request belongs to; None without a session that still runs."""
        secret = request.cookies.get(COOKIE, "")
        if not secret or len(secret) > _LONGEST:
            return None
        found = await self.store.read(partial(who_is_in, secret=secret, now=self.store.clock()))
        return Visit(subscriber_id=found, secret=secret, csrf=form_token(self.key, secret)) if found else None

    def is_own_form(self, visit: Visit, form: Form) -> bool:
        """Whether the form came from a page of this visit."""
        return is_form_token(self.key, visit.secret, form.get(CSRF, ""))

    def begin(self, answer: Response, secret: str) -> Response:
        """Give the visitor the cookie: for these pages only, to no script, to no other site, for minutes."""
        seconds = int(LIFE.total_seconds())
        answer.set_cookie(
            COOKIE, secret, max_age=seconds, path=self.path, secure=True, httponly=True, samesite="strict"
        )
        return answer

    async def end(self, answer: Response, visit: Visit) -> Response:
        """Forget the session, here and in the browser."""
        await self.store.write(partial(close_session, secret=visit.secret))
        return self.clear(answer)

    def clear(self, answer: Response) -> Response:
        """Take the cookie away."""
        answer.delete_cookie(COOKIE, path=self.path, secure=True, httponly=True, samesite="strict")
        return answer
