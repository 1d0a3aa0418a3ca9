"""A project whose lists are open for sign-up, its form, and the mails that go out because of it."""

import email
import email.policy
import re
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import httpx

from newsletter.delivery.notices import NoticeResult, send_notices
from newsletter.delivery.worker import Sending
from tests.support.web import WebProject, make_project

TOML = """
[site]
base_url = "{base_url}"

[relays.main]
host = "127.0.0.1"
port = {port}
security = "none"

[lists.nieuwsbrief]
title = "Nieuwsbrief Voorbeeld"
from = "Programma Voorbeeld <nieuwsbrief@example.org>"
unsubscribe_mailbox = "afmelden@example.org"
basis = "consent"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy"
contact = "privacy@example.org"
purpose = "u op de hoogte houden van het programma"
archive = "public"
signup = "open"

[lists.bulletin]
title = "Sample Bulletin"
language = "en"
from = "Sample Programme <bulletin@example.org>"
unsubscribe_mailbox = "leave@example.org"
basis = "public-task"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy-en"
contact = "https://example.org/contact"
purpose = "keep you informed about the programme"
signup = "open"
signup_fields = []

[lists.intern]
title = "Interne Berichten"
from = "Redactie <intern@example.org>"
unsubscribe_mailbox = "intern-af@example.org"
basis = "contract"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy"
archive = "none"

[privacy]
officer = "fg@example.org"
processors = [{{ name = "Hosting Voorbeeld B.V.", task = "hosting van de server" }}]
"""


def open_project(
    folder: Path, port: int = 2525, base_url: str = "http://127.0.0.1:8080", extra: str = ""
) -> WebProject:
    """A project in `folder` that sends through a relay on `port`; nieuwsbrief and bulletin are open, intern is not."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "newsletter.toml").write_text(TOML.format(base_url=base_url, port=port) + extra, encoding="utf-8")
    return make_project(folder)


def wording(client: httpx.Client, slug: str = "nieuwsbrief") -> str:
    """The version of the words that the form of a list carries."""
    found = re.search(r'name="wording" value="([^"]+)"', client.get(f"/aanmelden/{slug}").text)
    assert found
    return found[1]


def post(
    client: httpx.Client, address: str, slug: str = "nieuwsbrief", headers: dict[str, str] | None = None, **fields: str
) -> httpx.Response:
    """Send the form of a list, filled in."""
    values = {"email": address, "wording": wording(client, slug)} | fields
    return client.post(f"/aanmelden/{slug}", data=values, headers=headers)


def send_all(project: WebProject) -> NoticeResult:
    """Send every service mail that waits, now; in a thread, since a browser test has an event loop in its own."""
    sending = Sending(
        configuration=project.configuration,
        engine=project.engine,
        remember=project.ledger.append,
        keyring=project.keyring,
    )
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(send_notices, sending).result()


def mails(folder: Path) -> list[EmailMessage]:
    """What the mail catcher kept, oldest first."""
    files = sorted((folder / "new").iterdir(), key=lambda path: int(path.name.rsplit("_", 1)[1].partition(".")[0]))
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]


def link_in(mail: EmailMessage, path: str = "/bevestig/") -> str:
    """Path and token of the link in a service mail."""
    body = mail.get_body(("plain",))
    found = re.search(rf"{path}[A-Za-z0-9_-]{{48}}", body.get_content() if body else "")
    assert found
    return found[0]
