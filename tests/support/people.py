"""Shorthands for tests that need people in a store."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, func, insert, select

from newsletter.store.tables import compiled_issue, delivery, send_job
from subscribers.ledger_entry import Entry, nowhere
from subscribers.retention import Period, RetentionPolicy
from subscribers.schema import metadata
from subscribers.store import AddResult, EndResult, add, end_many, find
from subscribers.subscription import Actor, EndedReason
from subscribers.transactions import reading, writing

NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)
POLICIES = {"nieuws": RetentionPolicy(), "agenda": RetentionPolicy(period=Period(7))}


class Remembering:
    """A ledger in memory."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def __call__(self, entries: Sequence[Entry]) -> None:
        self.entries.extend(entries)

    @property
    def said(self) -> list[tuple[str, bytes]]:
        return [(entry.kind.value, entry.ref) for entry in self.entries]


def join(engine: Engine, address: str = "jan@example.org", slug: str = "nieuws", **more: Any) -> AddResult:
    values: dict[str, Any] = {"name": "Jan de Vries", "basis": "consent", "source": "form", "now": NOON}
    with writing(engine) as connection:
        return add(connection, address=address, list=slug, **(values | more))


def joined(engine: Engine, address: str = "jan@example.org", slug: str = "nieuws", **more: Any) -> bytes:
    """The reference of a new subscription."""
    ref = join(engine, address, slug, **more).subscription_ref
    assert ref
    return ref


def leave(engine: Engine, *refs: bytes, at: datetime = NOON, record: Any = nowhere) -> list[EndResult]:
    with writing(engine) as connection:
        requests = [(ref, at) for ref in refs]
        return end_many(
            connection,
            requests,
            reason=EndedReason.UNSUBSCRIBED,
            actor=Actor.SUBSCRIBER,
            policies=POLICIES,
            record=record,
        )


def person(engine: Engine, address: str = "jan@example.org") -> Any:
    with reading(engine) as connection:
        return find(connection, address)


def rows(engine: Engine, table: str) -> list[Any]:
    chosen = metadata.tables[table]
    with reading(engine) as connection:
        return list(connection.execute(select(chosen).order_by(*chosen.primary_key.columns)).all())


def how_many(engine: Engine, table: str) -> int:
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).select_from(metadata.tables[table])) or 0


def sent_to(engine: Engine, *refs: bytes, states: Sequence[int], slug: str = "zomer") -> int:
    """A job with one delivery per subscription, in these states; returns its id."""
    people = metadata.tables["subscription"]
    with writing(engine) as connection:
        issue = {"digest": slug.ljust(64, "0"), "list": "nieuws", "slug": slug, "content": b"{}", "identity": b"{}"}
        connection.execute(insert(compiled_issue).values(**issue, created_at=NOON))
        values = {"ref": slug.encode().ljust(16), "list": "nieuws", "slug": slug, "digest": issue["digest"]}
        job = connection.execute(
            insert(send_job).values(**values, state="running", audience=len(refs), created_at=NOON, actor="operator")
        ).inserted_primary_key[0]
        for ref, state in zip(refs, states, strict=True):
            owner = connection.scalar(select(people.c.id).where(people.c.ref == ref))
            connection.execute(insert(delivery).values(job_id=job, subscription_id=owner, state=state))
        return int(job)
