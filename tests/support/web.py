"""A project in a folder and its public pages on a real port: uvicorn in a thread, a real store, a real ledger."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
from sqlalchemy import Engine, select
from starlette.types import ASGIApp

from newsletter.compose.compiled import Asset, CompiledIssue, Escape, Field
from newsletter.config import Configuration, load
from newsletter.delivery.job import JobState
from newsletter.issue.model_text import Filter
from newsletter.store.ledger import Ledger
from newsletter.store.migrate import open_store
from newsletter.store.secrets import load_keyring
from newsletter.store.tables import compiled_issue, send_job
from newsletter.web.app import create_app
from newsletter.web.parts import Parts
from newsletter.web.server import bind, new_server
from subscribers.joining import add
from subscribers.ledger_entry import Record
from subscribers.schema import metadata
from subscribers.tables import subscription
from subscribers.tokens import Keyring, Purpose
from subscribers.transactions import reading, writing

TOML = """
[site]
base_url = "{base_url}"

[relays.main]
host = "127.0.0.1"
port = 2525
security = "none"

[lists.nieuwsbrief]
title = "Nieuwsbrief Voorbeeld"
language = "nl"
from = "Programma Voorbeeld <nieuwsbrief@example.org>"
unsubscribe_mailbox = "afmelden@example.org"
basis = "consent"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy"
website = "https://example.org"
archive = "public"

[lists.bulletin]
title = "Sample Bulletin"
language = "en"
from = "Sample Programme <bulletin@example.org>"
unsubscribe_mailbox = "leave@example.org"
basis = "public-task"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy-en"
retention = "1 month"

[lists.intern]
title = "Interne Berichten"
from = "Redactie <intern@example.org>"
unsubscribe_mailbox = "intern-af@example.org"
basis = "contract"
controller = "Organisatie Voorbeeld, Postbus 1, 1000 AA Voorbeeldstad"
privacy_url = "https://example.org/privacy"
archive = "none"
"""
HEAD = '<!doctype html><html lang="nl" dir="ltr"><head><title>Zomereditie</title></head><body><main>'
NOW = datetime(2027, 6, 14, 9, 30, tzinfo=UTC)
PIXEL = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


@dataclass(frozen=True, kw_only=True)
class WebProject:
    """A folder with a newsletter.toml, a store, keys and a ledger."""

    configuration: Configuration
    engine: Engine
    keyring: Keyring
    ledger: Ledger

    def parts(self, record: Record | None = None) -> Parts:
        return Parts(
            configuration=self.configuration,
            engine=self.engine,
            keyring=self.keyring,
            record=record or self.ledger.append,
            policies=self.configuration.policies,
        )

    def subscribe(self, address: str, list_slug: str = "nieuwsbrief") -> bytes:
        """The reference of a new active subscription."""
        with writing(self.engine) as connection:
            result = add(connection, address=address, list=list_slug, basis="consent", source="test", now=NOW)
        assert result.subscription_ref is not None
        return result.subscription_ref

    def token(self, ref: bytes) -> str:
        return self.keyring.sign(Purpose.UNSUBSCRIBE, ref)

    def state(self, ref: bytes) -> str | None:
        with reading(self.engine) as connection:
            return connection.scalar(select(subscription.c.state).where(subscription.c.ref == ref))

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of every table, and the ledger: what must be equal when nothing may have changed."""
        with reading(self.engine) as connection:
            rows = {
                table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
                for table in metadata.sorted_tables
            }
        return rows | {"ledger": [(entry,) for entry in self.ledger.read()]}

    def publish(self, issue: CompiledIssue, state: JobState = JobState.FINISHED) -> None:
        """Store `issue` as the frozen issue of a job."""
        row = {"list": issue.list_slug, "slug": issue.slug, "digest": issue.digest, "created_at": NOW}
        with writing(self.engine) as connection:
            connection.execute(compiled_issue.insert().values(**row, content=issue.content, identity=b"{}"))
            ref = bytes.fromhex(issue.digest[:32])
            connection.execute(send_job.insert().values(**row, ref=ref, state=state, audience=0, actor="operator"))


def make_project(folder: Path, base_url: str = "http://127.0.0.1:8080", extra: str = "") -> WebProject:
    """A new project, or the one that is there already."""
    file = folder / "newsletter.toml"
    if not file.exists():
        file.write_text(TOML.format(base_url=base_url) + extra, encoding="utf-8")
    configuration = load(file, {})
    return WebProject(
        configuration=configuration,
        engine=open_store(configuration),
        keyring=load_keyring(configuration.data_dir),
        ledger=Ledger(configuration.data_dir / "ledger"),
    )


def sample_issue(list_slug: str = "nieuwsbrief", slug: str = "zomer", *, embedded: bool = True) -> CompiledIssue:
    """A small issue with a field, a link to leave by, and one image."""
    name = "ab" * 32 + ".gif"
    source = f"cid:{name}" if embedded else f"http://127.0.0.1:8080/media/{name}"
    return CompiledIssue(
        list_slug=list_slug,
        slug=slug,
        language="nl",
        date=date(2027, 6, 14),
        title="Zomereditie",
        subject=("Zomereditie",),
        preheader=("Wat er komt",),
        html=(
            f'{HEAD}<h1 style="color:#0b5c6b">Zomereditie</h1><p>Beste ',
            Field("name", (Filter("default", "lezer"),), Escape.HTML),
            f'</p><img src="{source}" alt="Een witte stip" width="1" height="1"><p><a href="',
            Field("unsubscribe_url", (), Escape.HTML),
            '">Afmelden</a></p></main></body></html>',
        ),
        text=("Zomereditie",),
        assets=(Asset(digest="ab" * 32, media_type="image/gif", name=name, width=1, height=1, embedded=embedded),),
    )


@contextmanager
def running(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve `app` on a free port in a thread; gives the address without a slash at its end."""
    server, ready = new_server(app), threading.Event()
    with bind("127.0.0.1", port) as listener:

        async def serve() -> None:
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.005)
            ready.set()
            await serving

        thread = threading.Thread(target=asyncio.run, args=(serve(),))
        thread.start()
        try:
            assert ready.wait(20)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


@contextmanager
def running_site(project: WebProject, record: Record | None = None) -> Iterator[httpx.Client]:
    """The pages of `project`, and a client that follows no redirect."""
    with running(create_app(project.parts(record))) as url, httpx.Client(base_url=url, timeout=20) as client:
        yield client
