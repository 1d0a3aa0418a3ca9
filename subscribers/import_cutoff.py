"""Since when an old file may bring back somebody who is gone: after the newest erasure of somebody who had left.

Who left before it may be gone without a trace, as was promised; a file from before then may still name them. So may it
name an address that somebody exchanged for another one: the old one is not kept either. A restore counts as an erasure:
the backup does not know who was erased after it. Where nobody was ever erased, nobody can be brought back.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from subscribers.import_grounds import Erasures
from subscribers.retention import Rule
from subscribers.tables import scrub, subscription

__all__ = ["Erasures", "erasures", "newest_erasure"]

_LEFT = frozenset({Rule.UNSUBSCRIBED, Rule.HARD_BOUNCED, Rule.COMPLAINED, Rule.ON_REQUEST, Rule.AGAIN, Rule.LEFT_OVER})
"""Left over is, too, whose subscriptions went to another address of theirs (subscribers/merging.py)."""
_CHANGED_ADDRESS = "subscriber.address"
"""As a change of address counts itself in its mark."""


def erasures(connection: Connection) -> Erasures | None:
    """What was erased so far; None if an old file can bring back nobody."""
    query = select(scrub.c.started_at, scrub.c.counts, scrub.c.rules).order_by(scrub.c.id)
    found = [row for row in connection.execute(query).all() if _counts(row)]
    if not found:
        return None
    moments = [row.started_at for row in found]
    return Erasures(people=sum(map(_people, found)), first=min(moments), last=max(moments))


def newest_erasure(connection: Connection) -> datetime | None:
    """When somebody was last erased, or got another address; None if nobody ever was."""
    found = erasures(connection)
    return found.last if found else None


def _counts(row: Any) -> bool:  # noqa: ANN401 - a row
    """Whether this run took somebody whom an import must not bring back."""
    if row.counts.get(_CHANGED_ADDRESS):
        return True
    # Runs from before rules were counted say only how many there were.
    return any(rule in row.rules for rule in _LEFT) if row.rules else bool(row.counts.get(subscription.name))


def _people(row: Any) -> int:  # noqa: ANN401 - a row
    rules: Mapping[str, Any] = row.rules or {}
    if not rules:
        return int(row.counts.get(subscription.name, 0))
    return sum(int(value["erased"]) for rule, value in rules.items() if rule in _LEFT)
