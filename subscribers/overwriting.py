"""Values about people that were put in the place of others, or whose rows were deleted without an erasure (I5).

The old address is in no row any more, but its bytes are in free pages and in the log until the next scrub. So every
change marks one, inside its own transaction, for the next retention run. It is no erasure: people stay, no deadline
has passed, so nothing is overdue at once; only a mark that no run has scrubbed for a day is.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, insert, select, update

from subscribers.clock import require_aware
from subscribers.retention import Rule
from subscribers.rule_counts import RuleCounts
from subscribers.tables import scrub

DONE, DUE, SOON = 0, 1, 2
"""Values of `scrub.due`: scrubbed; due since the rows were deleted; to be done by the next run."""
GRACE = timedelta(days=1)
"""How long a mark may wait for a run before it counts as overdue; runs come hourly, and before every job."""
MOST_LOOKED_AT = 20
"""Open marks, the newest first, among which one is looked for that can grow."""


def scrub_soon(
    connection: Connection,
    counts: Mapping[str, int],
    now: datetime,
    rule: str = Rule.CORRECTED,
    *,
    joins: bool = False,
) -> None:
    """Let the next run scrub: `counts` of rows by table, or of values by `table.column`; nothing happens for none.

    With `joins` an open mark of the same names and rule grows instead: marks stay for ever, and what anybody may do
    often must not add one each time. Not for a change of address, whose moment counts (subscribers/import_cutoff.py).
    """
    found = {name: number for name, number in sorted(counts.items()) if number}
    if not found or (joins and _grew(connection, found, rule)):
        return
    values = {"started_at": require_aware(now), "counts": found, "rules": _by_rule(found, rule).stored(), "due": SOON}
    connection.execute(insert(scrub).values(**values))


def _grew(connection: Connection, found: Mapping[str, int], rule: str) -> bool:
    """Whether an open mark was there to take this in; one that somebody else holds is passed by, nobody waits."""
    query = select(scrub.c.id, scrub.c.counts, scrub.c.rules).where(scrub.c.due == SOON).order_by(scrub.c.id.desc())
    for row in connection.execute(query.limit(MOST_LOOKED_AT).with_for_update(skip_locked=True)):
        if row.counts.keys() == found.keys() and row.rules.keys() == {rule}:
            rules = RuleCounts.read(row.rules)
            rules.merge(_by_rule(found, rule))
            counts = {name: row.counts[name] + number for name, number in found.items()}
            mine = update(scrub).where(scrub.c.id == row.id)
            connection.execute(mine.values(counts=counts, rules=rules.stored()))
            return True
    return False


def _by_rule(found: Mapping[str, int], rule: str) -> RuleCounts:
    rules = RuleCounts()
    rules.add(rule, sum(found.values()))
    return rules


def is_open() -> ColumnElement[bool]:
    """Marks that no scrub has covered yet."""
    return scrub.c.due != DONE


def is_late(now: datetime) -> ColumnElement[bool]:
    """Marks that mean overdue: after an erasure at once, after a correction when no run came for a day."""
    return (scrub.c.due == DUE) | ((scrub.c.due == SOON) & (scrub.c.started_at <= now - GRACE))
