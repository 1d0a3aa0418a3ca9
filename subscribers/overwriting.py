"""Values about people that were put in the place of others, or whose rows were deleted without an erasure (I5).

The old address is in no row any more, but its bytes are in free pages and in the log until the next scrub. So every
change marks one, inside its own transaction, for the next retention run. It is no erasure: people stay, no deadline
has passed, so nothing is overdue at once; only a mark that no run has scrubbed for a day is.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, insert

from subscribers.clock import require_aware
from subscribers.retention import Rule
from subscribers.rule_counts import RuleCounts
from subscribers.tables import scrub

DONE, DUE, SOON = 0, 1, 2
"""Values of `scrub.due`: scrubbed; due since the rows were deleted; to be done by the next run."""
GRACE = timedelta(days=1)
"""How long a mark may wait for a run before it counts as overdue; runs come hourly, and before every job."""


def scrub_soon(connection: Connection, counts: Mapping[str, int], now: datetime, rule: str = Rule.CORRECTED) -> None:
    """Let the next run scrub: `counts` of rows by table, or of values by `table.column`; nothing happens for none."""
    found = {name: number for name, number in sorted(counts.items()) if number}
    if found:
        rules = RuleCounts()
        rules.add(rule, sum(found.values()))
        values = {"started_at": require_aware(now), "counts": found, "rules": rules.stored(), "due": SOON}
        connection.execute(insert(scrub).values(**values))


def is_open() -> ColumnElement[bool]:
    """Marks that no scrub has covered yet."""
    return scrub.c.due != DONE


def is_late(now: datetime) -> ColumnElement[bool]:
    """Marks that mean overdue: after an erasure at once, after a correction when no run came for a day."""
    return (scrub.c.due == DUE) | ((scrub.c.due == SOON) & (scrub.c.started_at <= now - GRACE))
