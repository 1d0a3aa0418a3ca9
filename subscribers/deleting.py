"""Deleting people, a transaction at a time: rows counted, tallied, written to the ledger, and the scrub marked due.

All of it happens inside the caller's transaction (I5): a person is gone and the scrub is due, or nothing happened.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, delete, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from subscribers.erasure import Plan, Step, Tally, subscriber_plan, subscription_plan
from subscribers.ledger_entry import Entry, Kind, Record
from subscribers.schema import metadata
from subscribers.tables import scrub, subscriber, subscription


@dataclass(kw_only=True)
class Deletion:
    """One run of deletions: where it records who is gone, what it counted so far, and its mark in `scrub`."""

    now: datetime
    record: Record
    counts: Counter[str] = field(default_factory=Counter)
    mark: int | None = None

    @cached_property
    def _below_subscription(self) -> Plan:
        return subscription_plan(metadata)

    @cached_property
    def _below_subscriber(self) -> Plan:
        return subscriber_plan(metadata)

    def page_of_due(self, connection: Connection, limit: int) -> int:
        """Erase up to `limit` subscriptions past their deadline, and who has none left; return how many."""
        due = _subscriptions().where(subscription.c.erase_at <= self.now)
        found = connection.execute(due.order_by(subscription.c.erase_at, subscription.c.id).limit(limit)).all()
        people = sorted({row.subscriber_id for row in found})
        _lock(connection, people)
        still = due.where(subscription.c.id.in_([row.id for row in found])).order_by(subscription.c.id)
        self._erase(connection, connection.execute(still.with_for_update()).all() if found else [], people)
        return len(found)

    def page_of_lonely(self, connection: Connection, limit: int) -> int:
        """Erase up to `limit` subscribers without any subscription: nothing allows them to stay (I4)."""
        ids = connection.scalars(select(subscriber.c.id).where(~_has_subscription()).limit(limit)).all()
        _lock(connection, ids)
        return self._erase(connection, [], ids)

    def whole_person(self, connection: Connection, subscriber_id: int) -> bool:
        """Erase one subscriber with everything, whatever the deadlines say; False if there is none."""
        _lock(connection, [subscriber_id])
        mine = _subscriptions().where(subscription.c.subscriber_id == subscriber_id).order_by(subscription.c.id)
        return bool(self._erase(connection, connection.execute(mine.with_for_update()).all(), [subscriber_id]))

    def _erase(self, connection: Connection, rows: Sequence[Any], subscribers: Sequence[int]) -> int:
        """Erase these subscriptions, then those of `subscribers` who have none left; return how many of the latter."""
        counts: Counter[str] = Counter()
        if rows:
            _delete(connection, self._below_subscription, [row.id for row in rows], counts)
        people = _lonely(connection, subscribers) if subscribers else []
        if people:
            _delete(connection, self._below_subscriber, [row.id for row in people], counts)
        gone = [row.ref for row in (*rows, *people)]
        if gone:
            self.record([Entry(kind=Kind.ERASED, at=self.now, ref=ref) for ref in gone])
            self._mark_due(connection, counts)
            self.counts += counts
        return len(people)

    def _mark_due(self, connection: Connection, counts: Counter[str]) -> None:
        """Add `counts` to this run's mark; begin another if a scrub has covered it meanwhile."""
        mine = select(scrub.c.counts).where(scrub.c.id == self.mark, scrub.c.due == 1).with_for_update()
        before = connection.scalar(mine) if self.mark is not None else None
        if before is None:
            row = insert(scrub).values(started_at=self.now, counts=positive(counts), due=1).returning(scrub.c.id)
            self.mark = connection.execute(row).scalar_one()
        else:
            merged = positive(Counter(before) + counts)
            connection.execute(update(scrub).where(scrub.c.id == self.mark).values(counts=merged))


def positive(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts above zero, by table name in alphabetical order."""
    return {name: number for name, number in sorted(counts.items()) if number}


def _subscriptions() -> Any:  # noqa: ANN401 - SQLAlchemy's statement
    return select(subscription.c.id, subscription.c.ref, subscription.c.subscriber_id)


def _lock(connection: Connection, ids: Sequence[int]) -> None:
    """Lock these subscribers, before their subscriptions as everybody does, so that nobody joins or ends meanwhile."""
    if ids and connection.dialect.name != "sqlite":  # which has one writer at a time anyway
        query = select(subscriber.c.id).where(subscriber.c.id.in_(ids)).order_by(subscriber.c.id)
        connection.execute(query.with_for_update()).all()


def _lonely(connection: Connection, ids: Sequence[int]) -> Sequence[Any]:
    """Those of `ids` who have no subscription."""
    these = select(subscriber.c.id, subscriber.c.ref).where(subscriber.c.id.in_(ids), ~_has_subscription())
    return connection.execute(these.order_by(subscriber.c.id)).all()


def _delete(connection: Connection, plan: Plan, ids: Sequence[int], counts: Counter[str]) -> None:
    for step in plan.steps:
        if step.tally:
            _count(connection, step, step.tally, ids)
        counts[step.table.name] += connection.execute(delete(step.table).where(step.rows(ids))).rowcount
    root = plan.root
    counts[root.name] += connection.execute(delete(root).where(root.c.id.in_(ids))).rowcount


def _has_subscription() -> Any:  # noqa: ANN401 - SQLAlchemy's expression
    return exists().where(subscription.c.subscriber_id == subscriber.c.id)


def _count(connection: Connection, step: Step, tally: Tally, ids: Sequence[int]) -> None:
    """Add the rows that will go to the counters of their job, in one statement on either database."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    keys = [step.table.c[name] for name in tally.by]
    counted = select(*keys, func.count()).where(step.rows(ids)).group_by(*keys)
    statement = dialect.insert(tally.into).from_select([*tally.by, "count"], counted)
    more = tally.into.c.count + statement.excluded["count"]
    connection.execute(statement.on_conflict_do_update(index_elements=list(tally.by), set_={"count": more}))
