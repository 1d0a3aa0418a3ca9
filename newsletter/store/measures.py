"""Counts of everything that an operator watches, for `/metrics`: by list, state and kind, about nobody (I7)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, case, func, select

from newsletter.delivery.outcome import OPEN, State, when_erased
from newsletter.store.tables import bounce, bounce_tally, delivery, job_tally, send_job
from subscribers.deadlines import count_overdue
from subscribers.notice import NoticeState
from subscribers.overwriting import is_late
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
    """Count; a tenth of a second per million deliveries of jobs that are not finished, and per million people."""
    with reading(engine) as connection:
        waiting = notice.c.state == NoticeState.QUEUED
        return Measures(
            jobs=_pairs(connection, send_job.c.list, send_job.c.state),
            halted=_singles(connection, send_job.c.list, send_job.c.halted.is_not(None)),
            deliveries=_deliveries(connection),
            next_due=_next_due(connection),
            subscriptions=_pairs(connection, subscription.c.list, subscription.c.state),
            suppressed=_singles(connection, suppression.c.reason),
            bounces=_bounces(connection),
            notices=_singles(connection, notice.c.state),
            oldest_notice=connection.scalar(select(func.min(notice.c.created_at)).where(waiting)),
            overdue=count_overdue(connection, now=now),
            scrub_due_since=connection.scalar(select(func.min(scrub.c.started_at)).where(is_late(now))),
            last_receipt=connection.scalar(select(func.max(receipt.c.at))),
        )


def _pairs(connection: Connection, first: ColumnElement[str], second: ColumnElement[str]) -> dict[Pair, int]:
    rows = connection.execute(select(first, second, func.count()).group_by(first, second))
    return {(row[0], row[1]): row[2] for row in rows}


def _singles(connection: Connection, column: ColumnElement[str], *where: ColumnElement[bool]) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).where(*where).group_by(column))
    return {row[0]: row[1] for row in rows}


def _deliveries(connection: Connection) -> dict[Pair, int]:
    """By list and state. Of a finished job those that were sent are what the others leave of its audience.

    So a look costs what is in progress and what went wrong, not what was ever sent.
    """
    counted: Counter[Pair] = Counter()
    for job, states in _states(connection).items():
        for state, number in states.items():
            counted[job[1], state.name.lower()] += number
    return {pair: number for pair, number in counted.items() if number}


def _states(connection: Connection) -> dict[tuple[int, str], Counter[State]]:
    found: dict[tuple[int, str], Counter[State]] = {}
    gone = _erased(connection)
    finished = send_job.c.finished_at.is_not(None)
    columns = [_count_of(state) for state in State]
    columns[State.SENT] = case((finished, None), else_=columns[State.SENT])
    for job, slug, audience, *numbers in connection.execute(
        select(send_job.c.id, send_job.c.list, send_job.c.audience, *columns)
    ):
        states = Counter({state: number or 0 for state, number in zip(State, numbers, strict=True)})
        states.update(gone.get(job, {}))
        if numbers[State.SENT] is None:
            others = states.total() - states[State.SENT]
            states[State.SENT] = max(states[State.SENT], audience - others)
        found[job, slug] = states
    return found


def _count_of(state: State) -> ColumnElement[Any]:
    """How many of the job are in this state: a look into a piece of the index, not at the table."""
    here = delivery.c.job_id == send_job.c.id, delivery.c.state == int(state)
    return select(func.count()).where(*here).correlate(send_job).scalar_subquery()


def _erased(connection: Connection) -> dict[int, Counter[State]]:
    found: dict[int, Counter[State]] = {}
    for job, state, number in connection.execute(select(job_tally.c.job_id, job_tally.c.state, job_tally.c.count)):
        found.setdefault(job, Counter())[when_erased(State(state))] += number
    return found


def _next_due(connection: Connection) -> dict[str, datetime]:
    states = [int(state) for state in OPEN]
    waits = delivery.c.job_id == send_job.c.id, delivery.c.due_at.is_not(None), delivery.c.state.in_(states)
    first = select(delivery.c.due_at).where(*waits).order_by(delivery.c.due_at).limit(1).scalar_subquery()
    query = select(send_job.c.list, func.min(first)).where(send_job.c.finished_at.is_(None)).group_by(send_job.c.list)
    return {row[0]: row[1] for row in connection.execute(query) if row[1] is not None}


def _bounces(connection: Connection) -> dict[str, int]:
    counted: Counter[str] = Counter(_singles(connection, bounce.c.kind))
    gone = select(bounce_tally.c.kind, func.sum(bounce_tally.c.count)).group_by(bounce_tally.c.kind)
    for kind, number in connection.execute(gone):
        counted[kind] += int(number)
    return dict(counted)
