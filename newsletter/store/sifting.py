"""Setting aside some of what was looked at again, right before it would have been sent."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from newsletter.store import pace
from newsletter.store.claims import Checked


def without(
    connection: Connection, worker: str, checked: Checked, slots: Mapping[int, datetime], now: datetime
) -> Checked:
    """What was looked at again without those that have slots: they are set aside."""
    if not slots:
        return checked
    return replace(
        checked,
        claimed=tuple(item for item in checked.claimed if item.delivery not in slots),
        aside=pace.set_aside(connection, worker, slots.items(), now),
        aside_for=max(0.0, (max(slots.values()) - now).total_seconds()),
    )
