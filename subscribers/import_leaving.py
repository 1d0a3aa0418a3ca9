"""Rows of a file that say that somebody left, or cannot be mailed: ended and suppressed here, never active.

Whoever is on the list is taken off, unless they agreed after the day that the file names. Where it names none, only who
is here by an earlier import is: nobody can tell which came first, and what somebody agreed to here themselves counts
more than a word without a day. Of a stranger only the address is kept, with the deadline of that day: it keeps a later
file from bringing them back meanwhile. Where that deadline has passed nothing is stored at all (decision 0017).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, case, func, or_, select

from subscribers.consent import GIVEN_HERE, ConsentEvent
from subscribers.import_grounds import Grounds
from subscribers.import_report import ImportReport, Why
from subscribers.import_rows import Entry
from subscribers.import_rules import Rules
from subscribers.import_states import ENDS
from subscribers.leaving import end_many, suppress
from subscribers.retention import deadline, policy_of
from subscribers.subscription import Actor, EndedReason, State
from subscribers.suppression import SuppressionReason
from subscribers.tables import consent, subscription

_NONE = "none is needed"


class Agreed(NamedTuple):
    """When somebody last said yes to one list."""

    at: datetime
    here: bool
    """Themselves, and not only by a file that was imported."""


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
            elif kept := self._stays(row, entry, agreed):
                self._skip(entry, kept)
            elif suppressed:
                self._suppress(connection, row, entry, suppressed)
            elif row.state is not None:
                self._count_ending(row)
                leaving.setdefault(reason, []).append((row.subscription_ref, self._moment(entry)))
            elif ending := self.stranger(entry):
                endings.append(ending)
        self._end(connection, leaving)
        return endings

    def _stays(self, row: Row[Any], entry: Entry, agreed: dict[int, dict[str, Agreed]]) -> str:
        """Why what the file says changes nothing; "" if it counts.

        A suppression is about the mailbox: a yes on any list answers it; leaving is about this list.
        """
        by_list = agreed.get(row.id, {})
        _, suppressed = ENDS[entry.standing]
        said = [one for slug, one in by_list.items() if suppressed or slug == self._grounds.list]
        if entry.at is None:
            return "agreed here, and the file does not say when they left" if any(one.here for one in said) else ""
        is_later = any(one.at > entry.at for one in said)
        return "agreed after the day on which the file says that they left" if is_later else ""

    def _count_ending(self, row: Row[Any]) -> None:
        if row.state == State.ACTIVE:
            self._report.taken_off += 1
        else:
            self._report.ended += 1

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


def _agreed(connection: Connection, people: Sequence[int]) -> dict[int, dict[str, Agreed]]:
    """When each person last said yes, by list.

    Who signed up here and has still to confirm counts, too. An import counts only with a moment that its file named:
    one without bears the moment of the import itself, which says nothing of when somebody left elsewhere.
    """
    if not people:
        return {}
    here = or_(
        consent.c.event.in_([event.value for event in GIVEN_HERE]),
        and_(consent.c.event == ConsentEvent.REQUESTED.value, consent.c.actor == Actor.SUBSCRIBER.value),
    )
    # Evidence from before there was a word for it shows its own day only by lying before the subscription.
    older = and_(consent.c.event == ConsentEvent.IMPORTED.value, consent.c.at < subscription.c.created_at)
    dated = or_(consent.c.event == ConsentEvent.IMPORTED_DATED.value, older)
    query = (
        select(
            subscription.c.subscriber_id,
            subscription.c.list,
            func.max(consent.c.at).label("at"),
            func.max(case((here, 1), else_=0)).label("here"),
        )
        .select_from(subscription.join(consent))
        .where(subscription.c.subscriber_id.in_(people), or_(here, dated))
        .group_by(subscription.c.subscriber_id, subscription.c.list)
    )
    found: dict[int, dict[str, Agreed]] = {}
    for row in connection.execute(query):
        found.setdefault(row.subscriber_id, {})[row.list] = Agreed(row.at, bool(row.here))
    return found
