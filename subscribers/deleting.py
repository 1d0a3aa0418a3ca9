"""Deleting people, a transaction at a time: rows counted, tallied, written to the ledger, and the scrub marked due.

All of it happens inside the caller's transaction (I5): a person is gone and the scrub is due, or nothing happened.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from subscribers.erasure import OwnPlan, Plan, Tally, subscriber_plan, subscription_plan
from subscribers.ledger_entry import Entry, Kind, Record
from subscribers.marks import Marking
from subscribers.mentions import erase_mentions
from subscribers.overwriting import DUE
from subscribers.retention import Rule, rule_of
from subscribers.rule_counts import RuleCount, RuleCounts
from subscribers.schema import metadata
from subscribers.subscription import State
from subscribers.tables import scrub, subscriber, subscription


@dataclass(kw_only=True)
class Deletion:
    """One run of deletions: where it records who is gone, what it counted so far, and its mark in `scrub`."""

    now: datetime
    record: Record
    marking: Marking | None = None
    """Which marks of erased addresses stay behind; none unless given."""
    counts: Counter[str] = field(default_factory=Counter)
    rules: RuleCounts = field(default_factory=RuleCounts)
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
        lock(connection, people)
        still = due.where(subscription.c.id.in_([row.id for row in found])).order_by(subscription.c.id)
        rows = connection.execute(still.with_for_update()).all() if found else []
        self._erase(connection, rows, people, _by_rule(rows))
        return len(found)

    def page_of_lonely(self, connection: Connection, limit: int) -> int:
        """Erase up to `limit` subscribers without any subscription: nothing allows them to stay (I4)."""
        ids = connection.scalars(select(subscriber.c.id).where(~_has_subscription()).limit(limit)).all()
        lock(connection, ids)
        return self._erase(connection, [], ids, RuleCounts({Rule.LEFT_OVER: RuleCount(erased=len(ids))}))

    def page_of_own(self, plan: OwnPlan, connection: Connection, limit: int) -> int:
        """Erase up to `limit` rows past a deadline of their own, with what hangs on them; return how many.

        Mere housekeeping (nothing in it is about a person) is deleted without a trace and leaves nothing to scrub.
        """
        (key,) = plan.root.primary_key.columns
        due = due_rows(plan, key.label("id"), plan.instant.label("due"), now=self.now)
        found = connection.execute(due.limit(limit)).all()
        if not found:
            return 0
        counts: Counter[str] = Counter()
        _lock_rows(connection, plan.root, key.in_([row.id for row in found]))
        delete_all(connection, plan, sorted(row.id for row in found), counts)
        if plan.is_personal:
            rules = RuleCounts()
            rules.add(plan.rule, counts[plan.root.name], min(row.due for row in found))
            self.note(connection, counts, rules)
        return len(found)

    def whole_person(self, connection: Connection, subscriber_id: int) -> bool:
        """Erase one subscriber with everything, whatever the deadlines say; False if there is none."""
        lock(connection, [subscriber_id])
        mine = _subscriptions().where(subscription.c.subscriber_id == subscriber_id).order_by(subscription.c.id)
        rows = connection.execute(mine.with_for_update()).all()
        asked = RuleCounts({Rule.ON_REQUEST: RuleCount(erased=1)})
        return bool(self._erase(connection, rows, [subscriber_id], asked))

    def these(self, connection: Connection, refs: Sequence[bytes]) -> int:
        """Erase again, after a restore, the subscriptions and subscribers with these refs; how many there were."""
        people = set(connection.scalars(select(subscriber.c.id).where(subscriber.c.ref.in_(refs))))
        mine = subscription.c.ref.in_(refs) | subscription.c.subscriber_id.in_(people)
        owners = set(connection.scalars(select(subscription.c.subscriber_id).where(mine))) | people
        lock(connection, sorted(owners))
        rows = connection.execute(_subscriptions().where(mine).order_by(subscription.c.id).with_for_update()).all()
        again = RuleCounts({Rule.AGAIN: RuleCount(erased=len(rows) + len(people))})
        self._erase(connection, rows, sorted(owners), again)
        return len(rows) + len(people)

    def note(self, connection: Connection, counts: Mapping[str, int], rules: RuleCounts) -> None:
        """Add to what this run did, and mark the scrub due: what was deleted has no receipt yet."""
        self._mark_due(connection, counts, rules)
        self.counts.update(counts)
        self.rules.merge(rules)

    def _erase(self, connection: Connection, rows: Sequence[Any], subscribers: Sequence[int], rules: RuleCounts) -> int:
        """Erase these subscriptions, then those of `subscribers` who have none left; return how many of the latter."""
        counts: Counter[str] = Counter()
        if rows:
            delete_all(connection, self._below_subscription, [row.id for row in rows], counts)
        people = _lonely(connection, subscribers) if subscribers else []
        if people:
            self._leave_marks(connection, rows, people, rules)
            counts.update(erase_mentions(connection, {row.address_key for row in people}))
            delete_all(connection, self._below_subscriber, [row.id for row in people], counts)
        gone = [row.ref for row in (*rows, *people)]
        if gone:
            self.record([Entry(kind=Kind.ERASED, at=self.now, ref=ref) for ref in gone])
            self.note(connection, counts, rules)
        return len(people)

    def _leave_marks(
        self, connection: Connection, rows: Sequence[Any], people: Sequence[Any], rules: RuleCounts
    ) -> None:
        """Whoever was only ever signed up by somebody, and never confirmed, objected to nothing."""
        if self.marking is None:
            return
        on_request = any(rule == Rule.ON_REQUEST for rule, _count in rules)
        left = {row.subscriber_id for row in rows if rule_of(row.state, row.ended_reason) is not Rule.UNCONFIRMED}
        left |= {row.subscriber_id for row in rows if row.state == State.ACTIVE}  # erased on request, and back (I11)
        objected = {row.address_key for row in people if on_request or row.id in left}
        self.marking.leave(connection, objected, self.now)

    def _mark_due(self, connection: Connection, counts: Mapping[str, int], rules: RuleCounts) -> None:
        """Add to this run's mark; begin another if a scrub has covered it meanwhile."""
        mine = (
            select(scrub.c.counts, scrub.c.rules).where(scrub.c.id == self.mark, scrub.c.due == DUE).with_for_update()
        )
        before = connection.execute(mine).one_or_none() if self.mark is not None else None
        if before is None:
            values = {"started_at": self.now, "counts": positive(counts), "rules": rules.stored(), "due": DUE}
            self.mark = connection.execute(insert(scrub).values(**values).returning(scrub.c.id)).scalar_one()
        else:
            merged = RuleCounts.read(before.rules)
            merged.merge(rules)
            values = {"counts": positive(Counter(before.counts) + Counter(counts)), "rules": merged.stored()}
            connection.execute(update(scrub).where(scrub.c.id == self.mark).values(**values))


def positive(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts above zero, by table name in alphabetical order."""
    return {name: number for name, number in sorted(counts.items()) if number}


def due_rows(plan: OwnPlan, *columns: Any, now: datetime) -> Any:  # noqa: ANN401 - SQLAlchemy's columns and statement
    """The rows of a plan that are past their own deadline."""
    return select(*columns).select_from(joined_to_holder(plan)).where(plan.instant <= now)


def joined_to_holder(plan: OwnPlan) -> Any:  # noqa: ANN401 - SQLAlchemy's table or join
    """The table of a plan, with the one in which its deadlines stand."""
    if not plan.said.via:
        return plan.root
    column = plan.root.c[plan.said.via]
    (key,) = column.foreign_keys
    return plan.root.join(plan.holder, column == key.column)


def _by_rule(rows: Sequence[Any]) -> RuleCounts:
    due: defaultdict[tuple[str, str | None], list[datetime]] = defaultdict(list)
    for row in rows:
        due[row.state, row.ended_reason].append(row.erase_at)
    counts = RuleCounts()
    for key, moments in due.items():
        counts.add(rule_of(*key), len(moments), min(moments))
    return counts


def _subscriptions() -> Any:  # noqa: ANN401 - SQLAlchemy's statement
    named = (subscription.c.state, subscription.c.ended_reason, subscription.c.erase_at)
    return select(subscription.c.id, subscription.c.ref, subscription.c.subscriber_id, *named)


def lock(connection: Connection, ids: Sequence[int]) -> None:
    """Lock these subscribers, before their subscriptions as everybody does, so that nobody joins or ends meanwhile."""
    if ids and connection.dialect.name != "sqlite":  # which has one writer at a time anyway
        query = select(subscriber.c.id).where(subscriber.c.id.in_(ids)).order_by(subscriber.c.id)
        connection.execute(query.with_for_update()).all()


def _lonely(connection: Connection, ids: Sequence[int]) -> Sequence[Any]:
    """Those of `ids` who have no subscription."""
    columns = (subscriber.c.id, subscriber.c.ref, subscriber.c.address_key)
    these = select(*columns).where(subscriber.c.id.in_(ids), ~_has_subscription())
    return connection.execute(these.order_by(subscriber.c.id)).all()


def delete_all(connection: Connection, plan: Plan, ids: Sequence[Any], counts: Counter[str]) -> None:
    """Delete the roots with these keys and what hangs on them, counted into `counts` by table; tallies first (I7)."""
    for step in plan.steps:
        if step.tally:
            _lock_rows(connection, step.table, step.rows(ids))
            _count(connection, step.table, step.tally, step.rows(ids))
        counts[step.table.name] += connection.execute(delete(step.table).where(step.rows(ids))).rowcount
    root = plan.root
    (key,) = root.primary_key.columns
    if plan.tally:
        _count(connection, root, plan.tally, key.in_(ids))
    counts[root.name] += connection.execute(delete(root).where(key.in_(ids))).rowcount


def _lock_rows(connection: Connection, table: Table, chosen: ColumnElement[bool]) -> None:
    """Two who delete the same rows must not both count them."""
    if connection.dialect.name != "sqlite":
        keys = table.primary_key.columns
        connection.execute(select(*keys).where(chosen).order_by(*keys).with_for_update()).all()


def _has_subscription() -> Any:  # noqa: ANN401 - SQLAlchemy's expression
    return exists().where(subscription.c.subscriber_id == subscriber.c.id)


def _count(connection: Connection, table: Table, tally: Tally, chosen: ColumnElement[bool]) -> None:
    """Add the rows that will go to the counters of their job, in one statement on either database."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    keys = [table.c[name] for name in tally.by]
    counted = select(*keys, func.count()).where(chosen).group_by(*keys)
    statement = dialect.insert(tally.into).from_select([*tally.by, "count"], counted)
    more = tally.into.c.count + statement.excluded["count"]
    connection.execute(statement.on_conflict_do_update(index_elements=list(tally.by), set_={"count": more}))
