"""The clock over every day of 2027 and 2028 in Amsterdam, the worker down for a week now and then (B1, B2, I4).

Every day somebody leaves, bounces, complains and signs up without confirming, each at another hour of the day, a
mailing is finished, and a file is written. What must be there and what must be gone is counted here, by the calendar
alone, not by the functions under test.
"""

import calendar
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert, select

from newsletter.store.leftovers import Exports, sweepers
from newsletter.store.tables import compiled_issue, delivery, send_job
from subscribers.deadlines import anything_overdue, retention_status
from subscribers.ledger_entry import nowhere
from subscribers.retention import Period, RetentionPolicy, Rule, deadline, limit
from subscribers.rule_counts import RuleCounts
from subscribers.scrubbing import run_retention
from subscribers.tables import receipt, subscriber, subscription
from subscribers.transactions import reading, writing
from tests.support.databases import sqlite_store
from tests.support.people import joined

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
POLICY = RetentionPolicy(
    period=Period(21), unconfirmed=Period(7), hard_bounced=Period(27), complained=Period(1), deliveries=30
)
POLICIES = {"nieuws": POLICY}
DAYS = {"unsubscribed": 21, "hard-bounced": 27, "complained": 1, "unconfirmed": 7, "deliveries": 30, "exports": 5}
HOURS = {
    "unsubscribed": time(0, 0, 0),
    "hard-bounced": time(23, 59, 59),
    "complained": time(2, 30),
    "unconfirmed": time(12),
}
REASONS = {"unsubscribed": "unsubscribed", "hard-bounced": "hard-bounce", "complained": "complaint"}
DOWN_EVERY, DOWN_DAYS = 40, 7
"""The worker does not run in the first week of each 40 days."""

SAMPLE = ((date(2027, 1, 20), 55), (date(2027, 10, 5), 40), (date(2028, 1, 25), 45))
"""Ends of February of an ordinary year and a leap year, both changes of the clock, the turn of months."""
WHOLE = ((date(2027, 1, 1), 731),)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=AMSTERDAM).astimezone(UTC)


def gone_from(day: date, rule: str) -> datetime:
    """The end of the last day of the period, by the calendar (Regulation 1182/71): the day itself is not counted."""
    return midnight(day + timedelta(days=DAYS[rule] + 1))


def month_later(day: date) -> datetime:
    """The end of the same date of the next month, or of its last day: what the promise allows at most."""
    year, month = divmod(day.year * 12 + day.month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return midnight(date(year, month + 1, min(day.day, last)) + timedelta(days=1))


@dataclass
class World:
    """A store, and what must be in it by the calendar."""

    engine: Engine
    folder: Path
    expected: dict[str, tuple[str, date]] = field(default_factory=dict)
    """Who or what is there → its rule, and the day of the event."""
    receipts: int = 0

    def live(self, day: date) -> None:
        """Everything that happens on one day."""
        rows = [(rule, self._person(rule, day)) for rule in HOURS]
        with writing(self.engine) as connection:
            people = [
                {"ref": os.urandom(16), "address_key": name, "address": name, "created_at": midnight(day)}
                for _, name in rows
            ]
            ids = connection.scalars(
                insert(subscriber).returning(subscriber.c.id, sort_by_parameter_order=True), people
            ).all()
            values = [self._subscription(rule, day, number) for (rule, _), number in zip(rows, ids, strict=True)]
            connection.execute(insert(subscription), values)
        self._mail(day)
        self._export(day)

    def _person(self, rule: str, day: date) -> str:
        name = f"{rule}-{day}@example.org"
        self.expected[name] = (rule, day)
        return name

    def _subscription(self, rule: str, day: date, number: int) -> dict[str, object]:
        """As `leaving` and the sign-up write it: the deadline counted by the policy from the hour of the event."""
        event = datetime.combine(day, HOURS[rule], tzinfo=AMSTERDAM).astimezone(UTC)
        period = POLICY.period_of(Rule(rule))
        due = deadline(event, period, AMSTERDAM)
        state = (
            {"state": "ended", "ended_reason": REASONS[rule]}
            if rule in REASONS
            else {"state": "pending", "ended_reason": None}
        )
        stamp = {"ended_at": event if rule in REASONS else None, "erase_at": due, "period": str(period)}
        known = {"ref": os.urandom(16), "subscriber_id": number, "list": "nieuws", "created_at": event}
        return known | state | stamp | {"actor": "system"}

    def _mail(self, day: date) -> None:
        name = f"mailing-{day}"
        self.expected[name] = ("deliveries", day)
        finished = datetime.combine(day, time(23, 30), tzinfo=AMSTERDAM).astimezone(UTC)
        with writing(self.engine) as connection:
            issue = {"digest": name.ljust(64), "list": "nieuws", "slug": name, "created_at": finished}
            connection.execute(insert(compiled_issue).values(**issue, content=b"{}", identity=b"{}"))
            job = {
                "ref": os.urandom(16),
                "state": "finished",
                "audience": 1,
                "finished_at": finished,
                "actor": "operator",
            }
            number = connection.execute(insert(send_job).values(**issue, **job)).inserted_primary_key[0]
            connection.execute(insert(delivery).values(job_id=number, subscription_id=1, state=3))

    def _export(self, day: date) -> None:
        path = self.folder / "exports" / f"{day}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
        written = datetime.combine(day, time(9), tzinfo=AMSTERDAM).timestamp()
        os.utime(path, (written, written))
        self.expected[path.name] = ("exports", day)

    def there(self) -> set[str]:
        """What is in the store and the folder."""
        with reading(self.engine) as connection:
            names = set(connection.scalars(select(subscriber.c.address))) - {"stays@example.org"}
            query = select(send_job.c.slug).join(delivery, delivery.c.job_id == send_job.c.id)
            names |= set(connection.scalars(query))
        return names | {path.name for path in (self.folder / "exports").glob("*")}

    def due(self, now: datetime) -> set[str]:
        """What must be gone at `now`, by the calendar."""
        return {name for name, (rule, day) in self.expected.items() if gone_from(day, rule) <= now}

    def run(self, now: datetime, *, keeps_promise: bool = True) -> None:
        """One run of the worker, and everything that must be true after it."""
        due = self.due(now)
        people = {name for name in due if "@" in name}
        exports = {name for name in self.expected if name.endswith(".csv")}
        kept = Exports(path=self.folder / "exports", days=DAYS["exports"], zone=AMSTERDAM)
        done = run_retention(
            self.engine,
            policies=POLICIES,
            now=now,
            record=nowhere,
            folders=[kept],
            sweepers=sweepers([kept]),
            patience=5,
        )
        assert not done.is_overdue, done.still_due
        # An erasure of people takes every export with it, also the young ones.
        gone = due | (exports if people else set())
        if keeps_promise:
            self._check_limits(due, now)
        for name in gone:
            del self.expected[name]
        there = self.there()
        assert there == set(self.expected), (now, there ^ set(self.expected))
        self.receipts += done.receipt is not None

    def _check_limits(self, due: set[str], now: datetime) -> None:
        """The default period is safe even after a week without a worker: the promise of a month is kept."""
        for name in due:
            rule, day = self.expected[name]
            if rule == "unsubscribed":
                assert now <= month_later(day) == limit(midnight(day), AMSTERDAM), (name, now)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with sqlite_store(tmp_path / "store") as engine:
        joined(engine, "stays@example.org")
        yield World(engine, tmp_path)


def spans(*, is_full: bool) -> tuple[tuple[date, int], ...]:
    return WHOLE if is_full else SAMPLE


def test_nothing_outlives_its_deadline_and_nothing_dies_early_rule_b1(world: World, is_full, request) -> None:
    """At each midnight, and a second before it: exactly what the calendar says is gone, and the rest is there."""
    request.node.add_marker(pytest.mark.timeout(1800))
    for first, length in spans(is_full=is_full):
        for number in range(length):
            day = first + timedelta(days=number)
            world.live(day)
            tomorrow = midnight(day + timedelta(days=1))
            if number % DOWN_EVERY < DOWN_DAYS and number >= DOWN_EVERY:
                assert is_late(world, tomorrow) == bool(due_in_store(world, tomorrow))
                continue
            world.run(tomorrow - timedelta(seconds=1))
            assert is_late(world, tomorrow) == bool(due_in_store(world, tomorrow))
            world.run(tomorrow)
            assert not is_late(world, tomorrow)
        world.run(midnight(first + timedelta(days=length + 60)), keeps_promise=False)
        assert not world.expected
    check_receipts(world)


def due_in_store(world: World, now: datetime) -> set[str]:
    """What makes the store itself overdue; files and finished mailings have their deadlines written by a run."""
    return {name for name in world.due(now) if "@" in name} | stamped(world, now)


def stamped(world: World, now: datetime) -> set[str]:
    with reading(world.engine) as connection:
        query = select(send_job.c.slug).join(delivery, delivery.c.job_id == send_job.c.id)
        return set(connection.scalars(query.where(send_job.c.deliveries_until <= now)))


def is_late(world: World, now: datetime) -> bool:
    with reading(world.engine) as connection:
        late = anything_overdue(connection, now=now)
    if late:
        assert retention_status(world.engine, policies=POLICIES, now=now).overdue
    return late


def check_receipts(world: World) -> None:
    """No receipt proves an erasure before its deadline, and none later than the week that the worker was down."""
    with reading(world.engine) as connection:
        receipts = connection.execute(select(receipt.c.at, receipt.c.rules)).all()
    assert len(receipts) == world.receipts > 0
    for row in receipts:
        for rule, count in RuleCounts.read(row.rules):
            assert count.oldest <= row.at, rule
