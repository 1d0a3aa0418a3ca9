"""Rows of a file that say that somebody left, or cannot be mailed: ended and suppressed here, never active.

Whoever is on the list is taken off, unless they agreed after the day that the file names. Of a stranger only the
address is kept, with the deadline of that day: it keeps a later file from bringing them back meanwhile. Where that
deadline has passed nothing is stored at all (decision 0017).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select

from subscribers.consent import AGREEING
from subscribers.import_grounds import Grounds
from subscribers.import_report import ImportReport, Why
from subscribers.import_rows import Entry
from subscribers.import_rules import Rules
from subscribers.import_states import ENDS
from subscribers.leaving import end_many, suppress
from subscribers.retention import deadline, policy_of
from subscribers.subscription import EndedReason, State
from subscribers.suppression import SuppressionReason
from subscribers.tables import consent, subscription

_NONE = "none is needed"


class Ending(NamedTuple):
    """A stranger who has to be stored as having left."""

    entry: Entry
    at: datetime
    erase_at: datetime
    period: str
    reason: EndedReason
    suppressed: SuppressionReason | None


class Leavers:
    """What an import does with who left; with `dry_run` it only counts."""

    def __init__(self, grounds: Grounds, rules: Rules, report: ImportReport, *, dry_run: bool) -> None:
        self._grounds = grounds
        self._rules = rules
        self._report = report
        self._dry_run = dry_run

    def stranger(self, entry: Entry) -> Ending | None:
        """How somebody who is not on the list is stored; None if their deadline has passed, and nothing is."""
        reason, suppressed = ENDS[entry.standing]
        at = self._moment(entry)
        policy = policy_of(self._rules.policies, self._grounds.list)
        period = policy.period_for(reason)
        due = deadline(at, period, policy.zone)
        if due <= self._grounds.now:
            self._report.not_taken(entry.line, Why.SKIPPED, "left too long ago to be stored", _NONE)
            return None
        if suppressed:
            self._report.suppressed += 1
        else:
            self._report.ended += 1
        return Ending(entry, at, due, str(period), reason, suppressed)

    def known(self, connection: Connection, met: Iterable[tuple[Row[Any], Entry]]) -> list[Ending]:
        """End and suppress people whom the database knows; returns who is not on this list yet."""
        endings: list[Ending] = []
        leaving: dict[EndedReason, list[tuple[bytes, datetime]]] = {}
        people = list(met)
        agreed = _agreed(connection, [row.id for row, _ in people])
        for row, entry in people:
            reason, suppressed = ENDS[entry.standing]
            if row.suppressed or (row.state == State.ENDED and not suppressed):
                self._skip(entry, "left before, here too")
            elif self._came_back(row, entry, agreed):
                self._skip(entry, "agreed after the day on which the file says that they left")
            elif suppressed:
                self._suppress(connection, row, entry, suppressed)
            elif row.state is not None:
                self._report.ended += 1
                leaving.setdefault(reason, []).append((row.subscription_ref, self._moment(entry)))
            elif ending := self.stranger(entry):
                endings.append(ending)
        self._end(connection, leaving)
        return endings

    def _came_back(self, row: Row[Any], entry: Entry, agreed: dict[int, dict[str, datetime]]) -> bool:
        """A suppression is about the mailbox: a yes on any list answers it; leaving is about this list."""
        moments = agreed.get(row.id, {})
        _, suppressed = ENDS[entry.standing]
        latest = max(moments.values(), default=None) if suppressed else moments.get(self._grounds.list)
        return bool(entry.at and latest and latest > entry.at)

    def _end(self, connection: Connection, leaving: dict[EndedReason, list[tuple[bytes, datetime]]]) -> None:
        if self._dry_run:
            return
        for reason, requests in leaving.items():
            end_many(
                connection,
                requests,
                reason=reason,
                actor=self._grounds.actor,
                policies=self._rules.policies,
                record=self._rules.record,
                source=self._grounds.source,
            )

    def _suppress(self, connection: Connection, row: Row[Any], entry: Entry, reason: SuppressionReason) -> None:
        self._report.suppressed += 1
        if self._dry_run:
            return
        suppress(
            connection,
            row.id,
            reason=reason,
            actor=self._grounds.actor,
            policies=self._rules.policies,
            now=self._moment(entry),
            record=self._rules.record,
        )

    def _moment(self, entry: Entry) -> datetime:
        """When they left: by the file, or now; never in the future."""
        return min(entry.at or self._grounds.now, self._grounds.now)

    def _skip(self, entry: Entry, reason: str) -> None:
        self._report.not_taken(entry.line, Why.SKIPPED, reason, _NONE)


def _agreed(connection: Connection, people: Sequence[int]) -> dict[int, dict[str, datetime]]:
    """When each person last said yes, by list."""
    if not people:
        return {}
    words = [event.value for event in AGREEING]
    query = (
        select(subscription.c.subscriber_id, subscription.c.list, func.max(consent.c.at).label("at"))
        .select_from(subscription.join(consent))
        .where(subscription.c.subscriber_id.in_(people), consent.c.event.in_(words))
        .group_by(subscription.c.subscriber_id, subscription.c.list)
    )
    found: dict[int, dict[str, datetime]] = {}
    for row in connection.execute(query):
        found.setdefault(row.subscriber_id, {})[row.list] = row.at
    return found
