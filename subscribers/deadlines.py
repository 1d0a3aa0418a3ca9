"""Deadlines in the store: how many wait, which are overdue, and shortening them when the policy gets shorter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, case, exists, func, select, update

from subscribers.receipts import Receipt, latest
from subscribers.retention import Policies, RetentionPolicy, deadline, policy_of
from subscribers.subscription import EndedReason, State
from subscribers.tables import scrub, subscription
from subscribers.transactions import reading, writing

PAGE = 5000
"""Rows per transaction."""


@dataclass(frozen=True, kw_only=True)
class RuleStatus:
    """One list and one rule (why the rows have a deadline): how many wait, until when, how many should be gone."""

    list: str
    rule: str
    period: str
    waiting: int
    nearest: datetime | None
    overdue: int


@dataclass(frozen=True, kw_only=True)
class RetentionStatus:
    """Everything a privacy officer asks: deadlines per rule, whether a scrub is due, the last proof."""

    at: datetime
    rules: tuple[RuleStatus, ...]
    scrub_due_since: datetime | None
    last_receipt: Receipt | None

    @property
    def overdue(self) -> int:
        """Subscriptions past their deadline."""
        return sum(rule.overdue for rule in self.rules)

    @property
    def is_overdue(self) -> bool:
        """Whether the promise is not kept at this moment: no job may start (I4)."""
        return bool(self.overdue) or self.scrub_due_since is not None


def anything_overdue(connection: Connection, *, now: datetime) -> bool:
    """Whether a row is past its deadline or a scrub is still due; no job starts then (I4, I5)."""
    late = exists().where(subscription.c.erase_at <= now)
    due = exists().where(scrub.c.due == 1)
    return bool(connection.scalar(select(late | due)))


def count_overdue(connection: Connection, *, now: datetime) -> int:
    """How many subscriptions are past their deadline."""
    query = select(func.count()).select_from(subscription).where(subscription.c.erase_at <= now)
    return connection.scalar(query) or 0


def retention_status(engine: Engine, *, policies: Policies, now: datetime) -> RetentionStatus:
    """Count what waits, per list and rule; every configured list appears, also with nothing waiting."""
    with reading(engine) as connection:
        rows = connection.execute(_waiting(now)).all()
        since = connection.scalar(select(func.min(scrub.c.started_at)).where(scrub.c.due == 1))
        last = latest(connection)
    found = [_rule(row, policies) for row in rows]
    quiet = [_quiet(slug, policies) for slug in policies if slug not in {rule.list for rule in found}]
    rules = tuple(sorted([*found, *quiet], key=lambda rule: (rule.list, rule.rule)))
    return RetentionStatus(at=now, rules=rules, scrub_due_since=since, last_receipt=last)


def apply_policies(engine: Engine, *, policies: Policies) -> int:
    """Bring deadlines forward where the configured period is shorter than the one they were counted with.

    Never later: who left was promised the period of that day. Returns how many changed; works by pages.
    """
    with reading(engine) as connection:
        lists = connection.scalars(select(subscription.c.list).where(_has_deadline()).distinct()).all()
    return sum(_shorten(engine, slug, policy_of(policies, slug)) for slug in lists)


def _has_deadline() -> Any:  # noqa: ANN401 - SQLAlchemy's expression
    return subscription.c.erase_at.is_not(None)


def _waiting(now: datetime) -> Any:  # noqa: ANN401 - SQLAlchemy's statement
    late = func.sum(case((subscription.c.erase_at <= now, 1), else_=0))
    key = (subscription.c.list, subscription.c.state, subscription.c.ended_reason)
    columns = (*key, func.count().label("waiting"), func.min(subscription.c.erase_at).label("nearest"))
    return select(*columns, late.label("late")).where(_has_deadline()).group_by(*key)


def _rule(row: Row[Any], policies: Policies) -> RuleStatus:
    rule = row.ended_reason if row.state == State.ENDED else EndedReason.UNCONFIRMED.value
    period = str(policy_of(policies, row.list).period)
    return RuleStatus(
        list=row.list, rule=rule, period=period, waiting=row.waiting, nearest=row.nearest, overdue=int(row.late)
    )


def _quiet(slug: str, policies: Policies) -> RuleStatus:
    rule, period = EndedReason.UNSUBSCRIBED.value, str(policy_of(policies, slug).period)
    return RuleStatus(list=slug, rule=rule, period=period, waiting=0, nearest=None, overdue=0)


def _shorten(engine: Engine, slug: str, policy: RetentionPolicy) -> int:
    longer = [str(period) for period in policy.period.longer()]
    return sum(_shorten_page(engine, page, policy) for page in _pages(engine, slug, longer))


def _pages(engine: Engine, slug: str, longer: Sequence[str]) -> Iterator[Sequence[Any]]:
    """Ended rows of the list that were counted with one of the `longer` periods, a page at a time."""
    query = (
        select(subscription.c.id, subscription.c.ended_at, subscription.c.erase_at)
        .where(subscription.c.list == slug, subscription.c.state == State.ENDED.value)
        .where(subscription.c.period.in_(longer))
        .order_by(subscription.c.id)
        .limit(PAGE)
    )
    last = 0
    while longer:
        with reading(engine) as connection:
            page = connection.execute(query.where(subscription.c.id > last)).all()
        if not page:
            return
        last = page[-1].id
        yield page


def _shorten_page(engine: Engine, page: Sequence[Any], policy: RetentionPolicy) -> int:
    changes = [
        {"b_id": row.id, "b_ended": row.ended_at, "b_due": deadline(row.ended_at, policy.period, policy.zone)}
        for row in page
    ]
    statement = (
        update(subscription)
        .where(subscription.c.id == bindparam("b_id"), subscription.c.ended_at == bindparam("b_ended"))
        .where(subscription.c.erase_at > bindparam("b_due"))
        .values(erase_at=bindparam("b_due"), period=str(policy.period))
    )
    with writing(engine) as connection:
        return connection.execute(statement, changes).rowcount
