"""Bringing deadlines forward when the configuration says a shorter period; never later: who left was promised the
period of that day. And counting the deadlines that nobody writes down by hand (deliveries, from their job's end).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, bindparam, select, update

from subscribers.erasure import OwnPlan, own_plans
from subscribers.retention import (
    REASONS,
    Period,
    Policies,
    RetentionPolicy,
    Rule,
    deadline,
    deadline_after,
    policy_of,
    sooner,
)
from subscribers.schema import metadata
from subscribers.subscription import EndedReason, State
from subscribers.tables import subscription
from subscribers.transactions import reading, writing

PAGE = 5000
"""Rows per transaction."""


def apply_policies(engine: Engine, *, policies: Policies) -> int:
    """Bring deadlines forward where the configured period is shorter than the one they were counted with.

    Returns how many changed; works by pages. Deadlines that follow from another column (`OwnDeadline.event`) are
    counted here, and taken back where that column is empty again.
    """
    with reading(engine) as connection:
        query = select(subscription.c.list).where(subscription.c.erase_at.is_not(None)).distinct()
        lists = connection.scalars(query).all()
    changed = sum(_shorten_list(engine, slug, policy_of(policies, slug)) for slug in lists)
    return changed + sum(_count_from_event(engine, plan, policies) for plan in own_plans(metadata) if plan.said.event)


def _shorten_list(engine: Engine, slug: str, policy: RetentionPolicy) -> int:
    changed = 0
    for rule, reasons in REASONS.items():
        for page in _pages(engine, slug, reasons, policy.period_of(rule)):
            changed += _shorten_page(engine, page, policy.period_of(rule), policy)
    for page in _pages(engine, slug, (), policy.unconfirmed):
        changed += _shorten_pending(engine, page, policy)
    return changed


def _pages(engine: Engine, slug: str, reasons: Sequence[EndedReason], period: Period) -> Iterator[Sequence[Any]]:
    """Rows of the list that were counted with a longer period, a page at a time; pending ones if `reasons` is empty."""
    longer = [str(item) for item in period.longer()]
    query = select(subscription.c.id, subscription.c.ended_at, subscription.c.erase_at, subscription.c.period)
    query = query.where(subscription.c.list == slug, subscription.c.period.in_(longer), _stands(reasons))
    last = 0
    while longer:
        with reading(engine) as connection:
            page = connection.execute(
                query.where(subscription.c.id > last).order_by(subscription.c.id).limit(PAGE)
            ).all()
        if not page:
            return
        last = page[-1].id
        yield page


def _stands(reasons: Sequence[EndedReason]) -> Any:  # noqa: ANN401 - SQLAlchemy's expression
    if not reasons:
        return subscription.c.state == State.PENDING.value
    ended = subscription.c.state == State.ENDED.value
    return ended & subscription.c.ended_reason.in_([reason.value for reason in reasons])


def _shorten_page(engine: Engine, page: Sequence[Any], period: Period, policy: RetentionPolicy) -> int:
    changes = [
        {"b_id": row.id, "b_was": row.erase_at, "b_due": deadline(row.ended_at, period, policy.zone)} for row in page
    ]
    return _write(engine, changes, period)


def _shorten_pending(engine: Engine, page: Sequence[Any], policy: RetentionPolicy) -> int:
    """When they signed up is not kept apart: whole days less than they were promised, from the deadline they have."""
    kept = policy.unconfirmed.days or 0
    changes = []
    for row in page:
        was = int(row.period.partition(" ")[0]) if row.period != str(Period(None)) else kept
        changes.append({"b_id": row.id, "b_was": row.erase_at, "b_due": sooner(row.erase_at, was - kept, policy.zone)})
    return _write(engine, changes, policy.unconfirmed)


def _write(engine: Engine, changes: Sequence[dict[str, Any]], period: Period) -> int:
    """A row that changed meanwhile (it came back, or left again) is left alone."""
    statement = (
        update(subscription)
        .where(subscription.c.id == bindparam("b_id"), subscription.c.erase_at == bindparam("b_was"))
        .where(subscription.c.erase_at > bindparam("b_due"))
        .values(erase_at=bindparam("b_due"), period=str(period))
    )
    with writing(engine) as connection:
        return connection.execute(statement, changes).rowcount


def _count_from_event(engine: Engine, plan: OwnPlan, policies: Policies) -> int:
    """Write the deadlines that follow from an event, a row of the holder (a job) each; how many came forward."""
    holder, instant, event = plan.holder, plan.instant, plan.holder.c[plan.said.event]
    (key,) = holder.primary_key.columns
    there = event.is_not(None) | instant.is_not(None)
    with reading(engine) as connection:
        found = connection.execute(select(key, holder.c.list, event, instant).where(there)).all()
    changed = 0
    for number, slug, happened, until in found:
        due = counted(plan.rule, happened, policy_of(policies, slug))
        if due == until or (due and until and due > until):
            continue
        with writing(engine) as connection:
            connection.execute(update(holder).where(key == number, event == happened).values({instant.name: due}))
        changed += until is not None and due is not None
    return changed


def counted(rule: str, happened: datetime | None, policy: RetentionPolicy) -> datetime | None:
    """The deadline that follows from an event under `rule`; None before the event."""
    days = {Rule.DELIVERIES.value: policy.deliveries}
    return deadline_after(happened, days[rule], policy.zone) if happened else None
