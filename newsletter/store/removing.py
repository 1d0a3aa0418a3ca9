"""Removing files about people: one that cannot be removed, or has a date of no calendar, keeps none of the others."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_YEAR = 9000


def written_at(seconds: float) -> datetime:
    """The moment that a file system says; long ago for one that no calendar has, so that the file goes."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return _LONG_AGO
    return moment if moment.year < _LAST_YEAR else _LONG_AGO


def remove_all(paths: Iterable[Path]) -> None:
    """Remove every file that can be; raises the first OSError after all were tried."""
    failed: OSError | None = None
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            failed = failed or error
    if failed:
        raise failed
