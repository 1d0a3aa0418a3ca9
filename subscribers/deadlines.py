"""Deadlines in the store: by which rule how many wait, until when, and whether anything is overdue (B2, I4)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, case, exists, func, literal, select

from subscribers.deleting import due_rows, joined_to_holder
from subscribers.erasure import OwnPlan, own_plans
from subscribers.overwriting import is_late
from subscribers.receipts import Receipt, latest
from subscribers.retention import Policies, Rule, policy_of, rule_of
from subscribers.schema import metadata
from subscribers.shortening import apply_policies, counted
from subscribers.subscription import State
from subscribers.sweeping import Folder
from subscribers.tables import receipt, scrub, subscription
from subscribers.transactions import reading

__all__ = ["RetentionStatus", "RuleStatus", "anything_overdue", "apply_policies", "count_overdue", "retention_status"]

ACTIVE = "active"
"""The named reason to stay: subscribed."""
OPEN = "-open"
"""Behind the name of a rule: the other named reason to stay, the mailing is not finished."""
RECEIPTS = "receipts"
NO_PERIOD = "-"
_BY_DEFAULT = (Rule.UNSUBSCRIBED, Rule.UNCONFIRMED, Rule.HARD_BOUNCED, Rule.COMPLAINED, Rule.DELIVERIES)


@dataclass(frozen=True, kw_only=True)
class RuleStatus:
    """One rule of one list, or of all (`list` is ""): how many wait, until when, how many should be gone by now."""

    list: str
    rule: str
    period: str
    waiting: int = 0
    nearest: datetime | None = None
    overdue: int = 0
    stays: bool = False
    """These rows have no deadline, for the reason that the rule names: active, or about nobody (receipts)."""


@dataclass(frozen=True, kw_only=True)
class RetentionStatus:
    """Everything a privacy officer asks: deadlines per rule, whether a scrub is due, the last proof."""

    at: datetime
    rules: tuple[RuleStatus, ...]
    scrub_due_since: datetime | None
    last_receipt: Receipt | None

    @property
    def overdue(self) -> int:
        """Rows and files past their deadline."""
        return sum(rule.overdue for rule in self.rules)

    @property
    def is_overdue(self) -> bool:
        """Whether the promise is not kept at this moment: no job may start (I4)."""
        return bool(self.overdue) or self.scrub_due_since is not None


def anything_overdue(connection: Connection, *, now: datetime) -> bool:
    """Whether a row is past its deadline or a scrub is still due; no job starts then (I4, I5)."""
    late = exists().where(subscription.c.erase_at <= now)
    due = exists().where(is_late(now))
    if connection.scalar(select(late | due)):
        return True
    return any(_is_late(connection, plan, now) for plan in own_plans(metadata) if plan.is_personal)


def count_overdue(connection: Connection, *, now: datetime) -> int:
    """How many subscriptions and other rows are past their deadline."""
    late = select(func.count()).select_from(subscription).where(subscription.c.erase_at <= now)
    plans = [plan for plan in own_plans(metadata) if _is_late(connection, plan, now)]  # else each row is looked at
    own = (due_rows(plan, func.count(), now=now) for plan in plans)
    return sum(connection.scalar(query) or 0 for query in (late, *own))


def retention_status(
    engine: Engine,
    *,
    policies: Policies,
    now: datetime,
    folders: Sequence[Folder] = (),
    further: Mapping[str, str] | None = None,
) -> RetentionStatus:
    """Count what waits, per list and rule; every configured list appears with every rule, also with nothing waiting.

    `folders` are the kinds of files about people, `further` the periods that belong to no list. Raises OSError for a
    folder that cannot be read.
    """
    with reading(engine) as connection:
        found = {(rule.list, rule.rule): rule for rule in _in_store(connection, policies, further or {}, now)}
        since = connection.scalar(select(func.min(scrub.c.started_at)).where(is_late(now)))
        last = latest(connection)
        proofs = connection.scalar(select(func.count()).select_from(receipt)) or 0
    quiet = {(rule.list, rule.rule): rule for rule in _quiet(policies)}
    files = [_of_folder(folder, now) for folder in folders]
    about_nobody = RuleStatus(list="", rule=RECEIPTS, period=NO_PERIOD, waiting=proofs, stays=True)
    rules = sorted((quiet | found).values(), key=lambda rule: (not rule.list, rule.list, rule.stays, rule.rule))
    return RetentionStatus(at=now, rules=(*rules, *files, about_nobody), scrub_due_since=since, last_receipt=last)


def _is_late(connection: Connection, plan: OwnPlan, now: datetime) -> bool:
    """Asks those in whom the deadline stands first: they are few, and rows may be millions."""
    late = select(literal(1)).select_from(plan.holder).where(plan.instant <= now)
    if plan.said.via:
        column = plan.root.c[plan.said.via]
        late = late.where(exists().where(*(column == key.column for key in column.foreign_keys)))
    return connection.execute(late.limit(1)).first() is not None


def _in_store(
    connection: Connection, policies: Policies, further: Mapping[str, str], now: datetime
) -> Iterator[RuleStatus]:
    summed: dict[tuple[str, str], RuleStatus] = {}
    for row in connection.execute(_subscriptions(now)):
        one = _of_subscriptions(row, policies)
        summed[one.list, one.rule] = _together(summed.get((one.list, one.rule)), one)
    for plan in own_plans(metadata):
        for status in _of_plan(connection, plan, policies, now) if plan.is_personal else ():
            one = replace(status, period=further.get(status.rule, status.period))
            summed[one.list, one.rule] = _together(summed.get((one.list, one.rule)), one)
    yield from summed.values()


def _subscriptions(now: datetime) -> Any:  # noqa: ANN401 - SQLAlchemy's statement
    key = (subscription.c.list, subscription.c.state, subscription.c.ended_reason)
    return select(*key, *_sums(subscription.c.erase_at, now)).group_by(*key)


def _sums(instant: Any, now: datetime) -> Sequence[Any]:  # noqa: ANN401 - SQLAlchemy's columns
    late = func.sum(case((instant <= now, 1), else_=0)).label("late")
    return func.count().label("rows"), func.count(instant).label("waiting"), func.min(instant).label("nearest"), late


def _of_subscriptions(row: Row[Any], policies: Policies) -> RuleStatus:
    if row.state == State.ACTIVE:
        return RuleStatus(list=row.list, rule=ACTIVE, period=NO_PERIOD, waiting=row.rows, stays=True)
    rule = rule_of(row.state, row.ended_reason)
    return RuleStatus(
        list=row.list,
        rule=rule,
        period=str(policy_of(policies, row.list).period_of(rule)),
        waiting=row.waiting,
        nearest=row.nearest,
        overdue=int(row.late),
    )


def _of_plan(connection: Connection, plan: OwnPlan, policies: Policies, now: datetime) -> Iterator[RuleStatus]:
    """By list where the row, or what it hangs on, names one."""
    if plan.said.event:
        yield from _of_events(connection, plan, policies, now)
        return
    slug = plan.holder.c.list if "list" in plan.holder.c else plan.root.c.get("list", literal(""))
    query = select(slug.label("slug"), *_sums(plan.instant, now)).select_from(joined_to_holder(plan))
    for row in connection.execute(query.group_by(slug)):
        period = policy_of(policies, row.slug).in_words().get(plan.rule, NO_PERIOD)
        if row.waiting:
            yield RuleStatus(
                list=row.slug,
                rule=plan.rule,
                period=period,
                waiting=row.waiting,
                nearest=row.nearest,
                overdue=int(row.late),
            )


def _of_events(connection: Connection, plan: OwnPlan, policies: Policies, now: datetime) -> Iterator[RuleStatus]:
    """Rows whose deadline follows from an event (a mailing that finished), which the next run only writes down."""
    holder, event = plan.holder, plan.holder.c[plan.said.event]
    said = (holder.c.list, event.label("event"), plan.instant.label("instant"))
    query = select(*said, func.count().label("rows")).select_from(joined_to_holder(plan))
    for row in connection.execute(query.group_by(*holder.primary_key.columns, *said)):
        policy = policy_of(policies, row.list)
        due = counted(plan.rule, row.event, policy)
        if due is None:
            rule = f"{plan.rule}{OPEN}"
            yield RuleStatus(list=row.list, rule=rule, period=NO_PERIOD, waiting=row.rows, stays=True)
            continue
        due = min(due, row.instant or due)
        period, late = policy.in_words().get(plan.rule, NO_PERIOD), row.rows if due <= now else 0
        yield RuleStatus(list=row.list, rule=plan.rule, period=period, waiting=row.rows, nearest=due, overdue=late)


def _together(before: RuleStatus | None, more: RuleStatus) -> RuleStatus:
    """Two reasons of one rule."""
    if before is None:
        return more
    known = [moment for moment in (before.nearest, more.nearest) if moment]
    return RuleStatus(
        list=more.list,
        rule=more.rule,
        period=more.period,
        waiting=before.waiting + more.waiting,
        nearest=min(known, default=None),
        overdue=before.overdue + more.overdue,
        stays=more.stays,
    )


def _quiet(policies: Policies) -> Iterator[RuleStatus]:
    for slug, policy in policies.items():
        periods: Mapping[str, str] = policy.in_words()
        yield from (RuleStatus(list=slug, rule=rule, period=periods[rule]) for rule in _BY_DEFAULT)
        yield RuleStatus(list=slug, rule=ACTIVE, period=NO_PERIOD, stays=True)


def _of_folder(folder: Folder, now: datetime) -> RuleStatus:
    found = folder.waiting(now)
    return RuleStatus(
        list="",
        rule=folder.name,
        period=folder.period,
        waiting=found.count,
        nearest=found.nearest,
        overdue=found.overdue,
    )
