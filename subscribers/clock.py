"""Time is aware and in UTC (I10); whoever needs `now` is handed a clock, so that tests can move it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def require_aware(moment: datetime) -> datetime:
    """Return `moment` in UTC; raise ValueError for a naive one, which would mean another instant elsewhere."""
    if moment.tzinfo is None:
        msg = f"naive datetime {moment.isoformat()}: say which time zone"
        raise ValueError(msg)
    return moment.astimezone(UTC)
