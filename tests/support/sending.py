"""A small world for tests of sending: a store with people, a job, and an impatient worker."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine, insert, select

from newsletter.compose.compiled import CompiledIssue
from newsletter.delivery.attempt import Letter
from newsletter.delivery.control import Pace
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.job import SendJob
from newsletter.delivery.means import JobResult, Means
from newsletter.delivery.outcome import State
from newsletter.delivery.recovery import Books
from newsletter.delivery.timeouts import Timeouts
from newsletter.delivery.worker import run_with
from newsletter.message.identity import MailIdentity
from newsletter.store import deliveries, jobs
from newsletter.store.claims import Claimed
from newsletter.store.jobs import FrozenIssue
from newsletter.store.tables import delivery
from subscribers.ledger_entry import nowhere
from subscribers.tables import subscriber, subscription
from subscribers.transactions import reading, writing
from tests.support.databases import opened, sqlite_store

IMPATIENT = Pace(
    connections=3,
    batch=20,
    group=10,
    group_seconds=0.01,
    reconnect_waits=(0, 0.01),
    look_seconds=0.05,
    timeouts=Timeouts(connect=5, greeting=5, mail=5, rcpt=5, data=5, block=5, dot=5, quit=1),
)
LIST = "nieuws"


@cache
def _template() -> bytes:
    with TemporaryDirectory() as folder:
        with sqlite_store(Path(folder)):
            pass
        return (Path(folder) / "newsletter.sqlite3").read_bytes()


@contextmanager
def fresh_store(folder: Path) -> Iterator[Engine]:
    """A migrated, empty SQLite store in `folder`, copied from one that was migrated once."""
    (folder / "newsletter.sqlite3").write_bytes(_template())
    with opened(f"sqlite:///{folder / 'newsletter.sqlite3'}") as engine:
        yield engine


def issue(slug: str = "zomer", title: str = "Zomer") -> FrozenIssue:
    compiled = CompiledIssue(
        list_slug=LIST, slug=slug, language="nl", date=date(2027, 6, 14), title=title,
        subject=(title,), preheader=("",), html=(f"<p>{title}</p>",), text=(title,),
    )  # fmt: skip
    identity = MailIdentity(
        sender_name="Organisatie Voorbeeld", sender_address="nieuws@example.org", list_id="nieuws.example.org",
        list_phrase="Nieuws", domain="example.org",
    )  # fmt: skip
    return FrozenIssue(compiled=compiled, identity=identity)


def people(engine: Engine, number: int, start: int = 0) -> None:
    """So many active subscribers p0@example.org, p1@example.org, ..."""
    now = datetime.now(UTC)
    with writing(engine) as connection:
        values = [
            {"ref": secrets.token_bytes(16), "address_key": f"p{i}@example.org", "address": f"p{i}@example.org",
             "name": f"Persoon {i}", "organisation": "", "attributes": {}, "created_at": now}
            for i in range(start, start + number)
        ]  # fmt: skip
        connection.execute(insert(subscriber), values)
        ids = connection.scalars(select(subscriber.c.id).order_by(subscriber.c.id.desc()).limit(number)).all()
        rows = [
            {"ref": secrets.token_bytes(16), "subscriber_id": i, "list": LIST, "state": "active", "created_at": now,
             "actor": "operator"}
            for i in reversed(ids)
        ]  # fmt: skip
        connection.execute(insert(subscription), rows)


def planned(engine: Engine, number: int = 0, slug: str = "zomer", now: datetime | None = None) -> SendJob:
    if number:
        people(engine, number)
    return jobs.plan_job(engine, nowhere, issue(slug), now=now or datetime.now(UTC))[1]


def short_letter(claimed: Claimed, size: int = 300) -> Letter:
    head = f"To: {claimed.address}\r\nMessage-ID: <{claimed.delivery}@example.org>\r\n\r\n".encode()
    return Letter(
        sender="bounce@example.org", recipient=claimed.address, message=head + (b"x" * 70 + b"\r\n") * (size // 72)
    )


@dataclass
class World:
    """A store and a spool; `run` sends a job to a port."""

    engine: Engine
    folder: Path
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def means(self, port: int, *, size: int = 300, pace: Pace = IMPATIENT, **endpoint: Any) -> Means:
        values: dict[str, Any] = {"host": "127.0.0.1", "port": port, "security": "none", "hello_name": "test.example"}
        return Means(
            books=Books(engine=self.engine, remember=nowhere, policies={}, clock=self.clock),
            spool=self.folder / "spool",
            endpoint=Endpoint(**(values | endpoint)),
            pace=pace,
            write=lambda claimed: short_letter(claimed, size),
            expire_after=timedelta(hours=72),
        )

    def run(self, job: SendJob, port: int, **more: Any) -> JobResult:
        return run_with(self.means(port, **more), job)

    def counts(self, job: SendJob) -> dict[State, int]:
        return {state: number for state, number in deliveries.counts(self.engine, job.id).items() if number}

    def addresses(self, job: SendJob, state: State) -> set[str]:
        joined = delivery.join(subscription, subscription.c.id == delivery.c.subscription_id).join(
            subscriber, subscriber.c.id == subscription.c.subscriber_id
        )
        query = select(subscriber.c.address).select_from(joined)
        with reading(self.engine) as connection:
            return set(
                connection.scalars(query.where(delivery.c.job_id == job.id, delivery.c.state == int(state))).all()
            )


def paced(**changes: Any) -> Pace:
    return replace(IMPATIENT, **changes)
