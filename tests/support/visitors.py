"""Visitors of the public pages: tokens, what a page offers, and a client that keeps a Secure cookie over plain HTTP."""

import re
from dataclasses import dataclass, field
from html import unescape

import httpx
from sqlalchemy import select

from subscribers.tables import notice, subscriber
from subscribers.tokens import Purpose
from subscribers.transactions import reading
from tests.support.web import WebProject

EXTRA = """
[lists.maand]
title = "Maandbericht"
from = "Redactie <maand@example.org>"
unsubscribe_mailbox = "maand-af@example.org"
basis = "consent"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy"
less_often = 30
leaving_mail = "owner"
attributes = ["gemeente"]
"""
"""A list that offers fewer mails and asks the owner of a mailbox whether it was them."""


def link(project: WebProject, purpose: Purpose, ref: bytes) -> str:
    """The path of a page behind a token."""
    path = {
        Purpose.UNSUBSCRIBE: "/u/",
        Purpose.UNDO: "/u/undo/",
        Purpose.MANAGE: "/voorkeuren/",
        Purpose.ADDRESS: "/voorkeuren/adres/",
        Purpose.MY_DATA: "/mijn/",
    }[purpose]
    return path + project.keyring.sign(purpose, ref)


def notices(project: WebProject, address: str) -> list[tuple[str, bytes, str | None]]:
    """Kind, ref and other address of every notice that was queued for somebody."""
    joined = notice.join(subscriber, subscriber.c.id == notice.c.subscriber_id)
    query = select(notice.c.kind, notice.c.ref, notice.c.to_address).select_from(joined).order_by(notice.c.id)
    with reading(project.engine) as connection:
        found = connection.execute(query.where(subscriber.c.address_key == address)).all()
    return [(row.kind, bytes(row.ref), row.to_address) for row in found]


def hidden(page: str, name: str) -> str:
    """The value of the first hidden field of that name."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page)
    assert found, f"no hidden field {name}"
    return unescape(found[1])


@dataclass
class Visitor:
    """A browser's part in a session: it sends back the cookie it was given, with its attributes looked at."""

    client: httpx.Client
    cookie: str = ""
    attributes: str = ""
    last: str = field(default="", repr=False)

    def get(self, path: str) -> httpx.Response:
        return self._seen(self.client.get(path, headers=self._headers()))

    def post(self, path: str, **data: str) -> httpx.Response:
        return self._seen(self.client.post(path, data=data, headers=self._headers()))

    def press(self, path: str, action: str, **data: str) -> httpx.Response:
        """Post a form of the page that was seen last, with its own word."""
        return self.post(path, action=action, csrf=hidden(self.last, "csrf"), **data)

    def _headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie} if self.cookie else {}

    def _seen(self, answer: httpx.Response) -> httpx.Response:
        self.last = answer.text
        if given := answer.headers.get("set-cookie"):
            value, _, self.attributes = given.partition(";")
            self.cookie = "" if "Max-Age=0" in self.attributes else value
        return answer
