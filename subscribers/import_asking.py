"""Asking who waits after an import to confirm: one mail each through the outbox, at most once per period."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from subscribers.import_grounds import Grounds
from subscribers.import_report import ImportReport
from subscribers.import_rules import Rules
from subscribers.import_writing import Joining
from subscribers.notice import NoticeKind
from subscribers.outbox import queue_notice, was_asked_since
from subscribers.retention import DEFAULT_DAYS, policy_of
from subscribers.subscription import State
from subscribers.tables import subscriber, subscription

CHUNK = 500


class Asking:
    """The requests of one import; none unless its rules say so."""

    def __init__(self, grounds: Grounds, rules: Rules, report: ImportReport, *, dry_run: bool) -> None:
        self._grounds = grounds
        self._report = report
        self._policy = policy_of(rules.policies, grounds.list)
        self._is_on = rules.asks
        self._dry_run = dry_run
        self._days = self._policy.unconfirmed.days or DEFAULT_DAYS

    def waiting(self, connection: Connection, row: Row[Any]) -> None:
        """Ask somebody who waited before this import, unless they were asked in this period."""
        if self._is_on and row.state == State.PENDING and not row.suppressed:
            self._queue(connection, row.id, row.subscription_id)

    def new(self, connection: Connection, joining: Sequence[Joining]) -> None:
        """Ask those of a chunk who wait."""
        keys = [one.entry.key for one in joining if one.decision.waits] if self._is_on else []
        if self._dry_run:
            self._foresee(connection, keys)
            return
        for start in range(0, len(keys), CHUNK):
            query = (
                select(subscriber.c.id, subscription.c.id.label("subscription_id"))
                .join(subscription)
                .where(subscriber.c.address_key.in_(keys[start : start + CHUNK]))
                .where(subscription.c.list == self._grounds.list, subscription.c.state == State.PENDING.value)
            )
            for row in connection.execute(query).all():
                self._queue(connection, row.id, row.subscription_id)

    def _foresee(self, connection: Connection, keys: Sequence[str]) -> None:
        """Count whom a real run would ask: everybody who is new, and of the others who was not asked in this period."""
        self._report.asked += len(keys)
        since = self._grounds.now - timedelta(days=self._days)
        for start in range(0, len(keys), CHUNK):
            query = select(subscriber.c.id).where(subscriber.c.address_key.in_(keys[start : start + CHUNK]))
            known = connection.scalars(query).all()
            self._report.asked -= sum(was_asked_since(connection, number, since) for number in known)

    def _queue(self, connection: Connection, subscriber_id: int, subscription_id: int) -> None:
        if self._dry_run:
            since = self._grounds.now - timedelta(days=self._days)
            self._report.asked += not was_asked_since(connection, subscriber_id, since)
            return
        queued = queue_notice(
            connection,
            kind=NoticeKind.CONFIRM_IMPORTED,
            subscriber_id=subscriber_id,
            list_slug=self._grounds.list,
            now=self._grounds.now,
            keep_days=self._days,
            subscription_id=subscription_id,
            details={"source": self._grounds.source},
            at_most_every=timedelta(days=self._days),
            not_after=connection.scalar(select(subscription.c.erase_at).where(subscription.c.id == subscription_id)),
            zone=self._policy.zone,
        )
        self._report.asked += queued is not None
