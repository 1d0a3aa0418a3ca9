"""Counts of everything that an operator watches, for `/metrics`: by list, state and kind, about nobody (I7)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, func, select

from newsletter.delivery.outcome import OPEN, State
from newsletter.store.tables import bounce, bounce_tally, delivery, job_tally, send_job
from subscribers.deadlines import count_overdue
from subscribers.notice import NoticeState
from subscribers.tables import notice, receipt, scrub, subscription, suppression
from subscribers.transactions import reading

Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Measures:
    """The store at one moment."""

    jobs: Mapping[Pair, int]
    """By list and state."""
    halted: Mapping[str, int]
    """By list: jobs that stopped by themselves and wait for a decision."""
    deliveries: Mapping[Pair, int]
    """By list and state, erased ones included."""
    next_due: Mapping[str, datetime]
    """By list: when the first open delivery that waits is tried again."""
    subscriptions: Mapping[Pair, int]
    """By list and state."""
    suppressed: Mapping[str, int]
    """Addresses that get nothing, by reason."""
    bounces: Mapping[str, int]
    """Reports that came back, by kind, erased ones included."""
    notices: Mapping[str, int]
    """Service mails by state."""
    oldest_notice: datetime | None
    """Since when the one that waits the longest does."""
    overdue: int
    """Rows past the day on which they should have been erased."""
    scrub_due_since: datetime | None
    last_receipt: datetime | None


def measure(engine: Engine, now: datetime) -> Measures:
    """Count; a second or more on millions of deliveries."""
    with reading(engine) as connection:
        lists = {row.id: row.list for row in connection.execute(select(send_job.c.id, send_job.c.list))}
        waiting = notice.c.state == NoticeState.QUEUED
        return Measures(
            jobs=_pairs(connection, send_job.c.list, send_job.c.state),
            halted=_singles(connection, send_job.c.list, send_job.c.halted.is_not(None)),
            deliveries=_deliveries(connection, lists),
            next_due=_next_due(connection),
            subscriptions=_pairs(connection, subscription.c.list, subscription.c.state),
            suppressed=_singles(connection, suppression.c.reason),
            bounces=_bounces(connection),
            notices=_singles(connection, notice.c.state),
            oldest_notice=connection.scalar(select(func.min(notice.c.created_at)).where(waiting)),
            overdue=count_overdue(connection, now=now),
            scrub_due_since=connection.scalar(select(func.min(scrub.c.started_at)).where(scrub.c.due == 1)),
            last_receipt=connection.scalar(select(func.max(receipt.c.at))),
        )


def _pairs(connection: Connection, first: ColumnElement[str], second: ColumnElement[str]) -> dict[Pair, int]:
    rows = connection.execute(select(first, second, func.count()).group_by(first, second))
    return {(row[0], row[1]): row[2] for row in rows}


def _singles(connection: Connection, column: ColumnElement[str], *where: ColumnElement[bool]) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).where(*where).group_by(column))
    return {row[0]: row[1] for row in rows}


def _deliveries(connection: Connection, lists: Mapping[int, str]) -> dict[Pair, int]:
    counted: Counter[Pair] = Counter()
    here = select(delivery.c.job_id, delivery.c.state, func.count()).group_by(delivery.c.job_id, delivery.c.state)
    gone = select(job_tally.c.job_id, job_tally.c.state, job_tally.c.count)
    for query in (here, gone):
        for job, state, number in connection.execute(query):
            counted[lists.get(job, ""), State(state).name.lower()] += number
    return dict(counted)


def _next_due(connection: Connection) -> dict[str, datetime]:
    states = [int(state) for state in OPEN]
    joined = delivery.join(send_job, send_job.c.id == delivery.c.job_id)
    query = select(send_job.c.list, func.min(delivery.c.due_at)).select_from(joined)
    query = query.where(send_job.c.finished_at.is_(None), delivery.c.state.in_(states), delivery.c.due_at.is_not(None))
    return {row[0]: row[1] for row in connection.execute(query.group_by(send_job.c.list))}


def _bounces(connection: Connection) -> dict[str, int]:
    counted: Counter[str] = Counter(_singles(connection, bounce.c.kind))
    gone = select(bounce_tally.c.kind, func.sum(bounce_tally.c.count)).group_by(bounce_tally.c.kind)
    for kind, number in connection.execute(gone):
        counted[kind] += int(number)
    return dict(counted)
