"""Signing up: `/aanmelden/{list}`, also `/subscribe/{list}`; the page, and the POST of its form or of one elsewhere.

Every well-formed POST gets the same answer at once, whoever's address it names: new, waiting, subscribed, left or
suppressed. What follows from it happens afterwards, in newsletter/web/signup_queue.py.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.config import Configuration
from newsletter.config_lists import MailingList
from newsletter.web.forms import parse_form
from newsletter.web.limits import DAY, HOUR, Limit, Network, mailbox_of, network_of
from newsletter.web.pages import Pages
from newsletter.web.signup_form import EMAIL, TRAP, Typed, read_form
from newsletter.web.signup_statement import Statement, statement
from newsletter.web.texts_signup import SIGN_UP
from newsletter.web.unsubscribe import BODY_SECONDS, RETRY_SECONDS, RefusedError, error_page, read_body
from newsletter.web.writer import UnavailableError
from subscribers.address import Address
from subscribers.clock import Clock
from subscribers.retention import policy_of
from subscribers.signup import MailLimit, SignUp, sign_up
from subscribers.transactions import writing

BUSY_SECONDS = "3600"
EVERYBODY = ""


class Guard:
    """The limits that a visitor is told about, and the one on a mailbox, which nobody is told about."""

    def __init__(self, configuration: Configuration) -> None:
        limits = configuration.signup
        self._network = Limit(limits.per_network, HOUR)
        self._domain = Limit(limits.per_domain, HOUR)
        self._all = Limit(limits.per_hour, HOUR)
        self._mailbox = Limit(limits.attempts_per_address, DAY)

    def lets_in(self, network: str, address: Address, now: float) -> bool:
        """Whether this sign-up fits; it counts only if it does."""
        limits = ((self._network, network), (self._domain, address.domain), (self._all, EVERYBODY))
        if not all(limit.has_room(key, now) for limit, key in limits):
            return False
        for limit, key in limits:
            limit.take(key, now)
        return True

    def may_be_mailed(self, address: Address, now: float) -> bool:
        """Whether the mailbox that this address may end up in was not tried too often today."""
        return self._mailbox.take(mailbox_of(address.key), now)


@dataclass(frozen=True, kw_only=True)
class Counter:
    """What takes sign-ups: limits, then the queue."""

    guard: Guard
    put: Callable[[SignUp], None]
    trusted: Sequence[Network]
    clock: Clock
    seconds: Callable[[], float]
    """A clock that never goes back."""


@dataclass(frozen=True, kw_only=True)
class SigningUp:
    """The endpoints of the lists whose sign-up is open."""

    configuration: Configuration
    pages: Pages
    counter: Counter
    statements: dict[str, Statement] = field(init=False)
    empty: dict[str, bytes] = field(init=False)
    sent: dict[str, bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Render what is the same for everyone, so that a broken template is known at the start."""
        lists = [slug for slug, item in self.configuration.lists.items() if item.signup == "open"]
        object.__setattr__(self, "statements", {slug: statement(self.configuration, slug) for slug in lists})
        object.__setattr__(self, "empty", {slug: self._form(slug, Typed(values={})) for slug in lists})
        object.__setattr__(self, "sent", {slug: self._page("signup-sent.html", slug) for slug in lists})

    async def sign_up(self, request: Request) -> Response:
        """GET and HEAD show the form, POST takes it (I1)."""
        arrived_at = self.counter.clock()
        slug = request.path_params["list"]
        if slug not in self.statements:
            return error_page(self.pages, 404)
        if request.method != "POST":
            return HTMLResponse(self.empty[slug])
        try:
            typed = read_form(
                parse_form(await read_body(request, BODY_SECONDS)), self._item(slug), self.statements[slug]
            )
            if typed.is_trapped:
                return HTMLResponse(self.sent[slug])
            if typed.errors or typed.is_stale or typed.address is None:
                return HTMLResponse(self._form(slug, typed), 409 if typed.is_stale and not typed.errors else 422)
            form = typed.sign_up(slug, self._item(slug), self.statements[slug], arrived_at)
            return self._take(request, slug, form)
        except RefusedError as refused:
            return error_page(self.pages, refused.status)

    def _take(self, request: Request, slug: str, form: SignUp) -> Response:
        now, t = self.counter.seconds(), SIGN_UP[self._item(slug).language]
        if not self.counter.guard.lets_in(self._network(request), form.address, now):
            return self._try_later(slug, 429, t.busy_heading, t.busy, BUSY_SECONDS)
        if self.counter.guard.may_be_mailed(form.address, now):
            try:
                self.counter.put(form)
            except UnavailableError:
                return self._try_later(slug, 503, t.down_heading, t.down, RETRY_SECONDS)
        return HTMLResponse(self.sent[slug])

    def _network(self, request: Request) -> str:
        peer = request.client.host if request.client else ""
        return network_of(peer, ",".join(request.headers.getlist("x-forwarded-for")), self.counter.trusted)

    def _item(self, slug: str) -> MailingList:
        return self.configuration.lists[slug]

    def _try_later(self, slug: str, status: int, heading: str, text: str, seconds: str) -> Response:
        page = self.pages.about_list("notice.html", slug, heading=heading, lines=(text,), link="")
        return HTMLResponse(page, status, {"Retry-After": seconds})

    def _form(self, slug: str, typed: Typed) -> bytes:
        said = self.statements[slug]
        t = SIGN_UP[self._item(slug).language]
        labels = {EMAIL: t.email, "name": t.name, "organisation": t.organisation}
        return self._page("signup.html", slug, typed=typed, said=said, trap=TRAP, labels=labels)

    def _page(self, template: str, slug: str, **values: object) -> bytes:
        item = self._item(slug)
        words = {"title": item.title, "controller": item.controller.partition(",")[0].strip()}
        words["pause"] = str(self.configuration.signup.pause_minutes)
        return self.pages.about_list(template, slug, s=SIGN_UP[item.language], words=words, **values)


def store_sign_ups(configuration: Configuration, engine: Engine) -> Callable[[SignUp], object]:
    """What takes one sign-up in a transaction of its own."""
    policies, limit = configuration.policies, mail_limit(configuration)

    def write(form: SignUp) -> None:
        with writing(engine) as connection:
            sign_up(connection, form, policy_of(policies, form.list), limit)

    return write


def mail_limit(configuration: Configuration) -> MailLimit:
    """How much mail strangers can make us send to one address."""
    limits = configuration.signup
    return MailLimit(pause=timedelta(minutes=limits.pause_minutes), mails=limits.mails_per_address)
