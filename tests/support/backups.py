"""A project with people, jobs, a ledger and backups, and a clock that the test moves."""

import io
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from newsletter.config import Configuration
from newsletter.delivery.job import SendJob
from newsletter.store import identity, jobs
from newsletter.store.backups import BackupFile, described, keeping_of, make
from newsletter.store.engine import connect
from newsletter.store.forgetting import Forgetting
from newsletter.store.ledger import Ledger
from newsletter.store.migrate import upgrade
from newsletter.store.restore import Restored, Restoring, replay_in_place, restore
from newsletter.store.secrets import load_keyring
from newsletter.store.tables import delivery
from subscribers.csv_reading import CsvReader
from subscribers.import_grounds import Grounds
from subscribers.import_report import ImportReport
from subscribers.import_rules import Rules
from subscribers.import_store import import_files
from subscribers.importing import map_columns
from subscribers.scrubbing import RetentionRun
from subscribers.store import AddResult, SubscriberRecord, add, end_many, find, suppress
from subscribers.subscription import Actor, EndedReason
from subscribers.suppression import SuppressionReason
from subscribers.tables import subscription
from subscribers.transactions import reading, writing
from tests.support import sending

START = datetime(2027, 3, 10, 12, tzinfo=UTC)
LIST = sending.LIST
MAILBOX = "Redactie <nieuws@example.org>"
KEY = bytes(range(32))


def configuration(folder: Path, *, of_list: Mapping[str, Any] | None = None, **more: Any) -> Configuration:
    """A project with one list; `of_list` are further settings of it, `more` further tables."""
    one: dict[str, Any] = {"title": "Nieuws", "from": MAILBOX, "basis": "consent"}
    one |= {"controller": "Organisatie Voorbeeld", "privacy_url": "https://example.org/privacy"}
    one |= {"unsubscribe_mailbox": "af@example.org"}
    values = {
        "site": {"base_url": "http://127.0.0.1:8080", "data_dir": str(folder / "data")},
        "relays": {"main": {"host": "127.0.0.1", "port": 2525, "security": "none"}},
        "lists": {LIST: one | dict(of_list or {})},
        "folder": folder,
    }
    return Configuration.model_validate(values | more)


@dataclass
class Shop:
    """The project in `folder`; every act takes place a minute after the one before."""

    folder: Path
    more: dict[str, Any] = field(default_factory=dict)
    now: datetime = START
    key: bytes | None = None

    @cached_property
    def configuration(self) -> Configuration:
        return configuration(self.folder, **self.more)

    @property
    def data_dir(self) -> Path:
        return self.configuration.data_dir

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.data_dir / "ledger", clock=lambda: self.now)

    @cached_property
    def engine(self) -> Engine:
        return connect(self.configuration.database_url)

    @cached_property
    def keyring(self) -> Any:
        return load_keyring(self.data_dir)

    @property
    def store(self) -> Path:
        return Path(str(self.engine.url.database))

    def tick(self, **time: float) -> datetime:
        self.now += timedelta(**(time or {"minutes": 1}))
        return self.now

    def close(self) -> None:
        if "engine" in self.__dict__:
            self.engine.dispose()

    # ------------------------------------------------------------ people

    def join(self, address: str, *, fresh: bool = True) -> AddResult:
        with writing(self.engine) as connection:
            how = {"basis": "consent", "source": "form", "now": self.tick(), "fresh_consent": fresh}
            return add(connection, address=address, list=LIST, **how)

    def take_in(self, text: str) -> ImportReport:
        """Import a table of people on consent."""
        reader = CsvReader(io.BytesIO(text.encode()))
        grounds = Grounds(list=LIST, basis="consent", source="old system", now=self.tick())
        rules = Rules(policies=self.configuration.policies, record=self.ledger.append)
        sources = [(reader, map_columns(reader.header, []))]
        return import_files(self.engine, sources, grounds, report=ImportReport(), rules=rules)

    def person(self, address: str) -> SubscriberRecord | None:
        with reading(self.engine) as connection:
            return find(connection, address)

    def state(self, address: str) -> str:
        """active, ended, pending, or gone."""
        person = self.person(address)
        mine = person.on(LIST) if person else None
        return mine.state.value if mine else "gone"

    def ref(self, address: str) -> bytes:
        person = self.person(address)
        assert person
        mine = person.on(LIST)
        assert mine
        return mine.ref

    def leave(self, *addresses: str, reason: EndedReason = EndedReason.UNSUBSCRIBED) -> None:
        requests = [(self.ref(address), self.tick()) for address in addresses]
        with writing(self.engine) as connection:
            how = {"reason": reason, "actor": Actor.SUBSCRIBER, "policies": self.configuration.policies}
            end_many(connection, requests, **how, record=self.ledger.append)

    def suppress(self, address: str) -> None:
        person = self.person(address)
        assert person
        with writing(self.engine) as connection:
            suppress(
                connection,
                person.id,
                reason=SuppressionReason.COMPLAINT,
                actor=Actor.SYSTEM,
                policies=self.configuration.policies,
                now=self.tick(),
                record=self.ledger.append,
            )

    @property
    def forgetting(self) -> Forgetting:
        return Forgetting(
            configuration=self.configuration,
            engine=self.engine,
            keyring=self.keyring,
            record=self.ledger.append,
        )

    def erase(self, address: str) -> None:
        done = self.forgetting.erase(address, self.tick())
        assert not done.still_due, done

    def retain(self) -> RetentionRun:
        done = self.forgetting.run(self.tick())
        assert not done.still_due, done
        return done

    # ------------------------------------------------------------ jobs

    def plan(self, slug: str) -> SendJob:
        return jobs.plan_job(self.engine, self.ledger.append, sending.issue(slug), now=self.tick())[1]

    def deliveries(self, job: SendJob) -> list[int]:
        with reading(self.engine) as connection:
            return list(connection.scalars(select(delivery.c.state).where(delivery.c.job_id == job.id)))

    # ------------------------------------------------------------ backups

    def backup(self) -> BackupFile:
        keeping = keeping_of(self.configuration)
        made = make(self.engine, keeping, self.ledger, key=self.key, now=self.tick())
        os.utime(made.path, (self.now.timestamp(), self.now.timestamp()))
        return described(made.path)

    def restoring(self, **more: Any) -> Restoring:
        values = {"configuration": self.configuration, "keyring": self.keyring, "ledger": self.ledger}
        return Restoring(**(values | {"now": self.tick(), "key": self.key} | more))

    def restore(self, path: Path, **more: Any) -> Restored:
        self.engine.dispose()
        done = restore(self.restoring(**more), path)
        self.engine.dispose()
        return done

    def replay(self, **more: Any) -> Restored:
        self.engine.dispose()
        done = replay_in_place(self.restoring(**more))
        self.engine.dispose()
        return done

    def check(self) -> None:
        identity.check(self.engine, self.data_dir)

    def accept(self, **more: Any) -> None:
        identity.accept(self.engine, self.data_dir, **more)


@contextmanager
def shop(folder: Path, **more: Any) -> Iterator[Shop]:
    """A shop with an empty SQLite store."""
    opened = Shop(folder, **more)
    opened.data_dir.mkdir(parents=True)
    with sending.fresh_store(opened.data_dir):
        pass
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def postgres_shop(folder: Path, engine: Engine) -> Iterator[Shop]:
    """A shop in an empty database of PostgreSQL."""
    url = engine.url.render_as_string(hide_password=False)
    opened = Shop(folder, more={"database": {"url": url}})
    opened.data_dir.mkdir(parents=True)
    upgrade(opened.engine)
    try:
        yield opened
    finally:
        opened.close()


def columns_of(engine: Engine) -> list[Any]:
    """Every subscription, for comparing two stores."""
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(select(subscription).order_by(subscription.c.id))]


def copied(path: Path, to: Path) -> Path:
    """A copy of a backup that no expiry reaches."""
    to.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy2(path, to / path.name))
