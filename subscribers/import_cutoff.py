"""From when on imported consent counts, where nobody has said it: after the newest erasure of somebody who had left.

Who left before it may be gone without a trace, as was promised; an older consent of theirs in a file would bring them
back. A restore counts as one: the backup does not know who was erased after it. Where nobody was ever erased, nobody
can be brought back.
"""

from datetime import datetime

from sqlalchemy import Connection, select

from subscribers.retention import Rule
from subscribers.tables import scrub, subscription

_LEFT = frozenset({Rule.UNSUBSCRIBED, Rule.HARD_BOUNCED, Rule.COMPLAINED, Rule.ON_REQUEST, Rule.AGAIN})


def newest_erasure(connection: Connection) -> datetime | None:
    """When somebody who had left was last erased, by the marks of the runs; None if nobody ever was."""
    query = select(scrub.c.started_at, scrub.c.counts, scrub.c.rules).order_by(scrub.c.id.desc())
    for row in connection.execute(query).all():
        # Runs from before rules were counted say only how many there were.
        if any(rule in row.rules for rule in _LEFT) if row.rules else row.counts.get(subscription.name):
            at: datetime = row.started_at
            return at
    return None
