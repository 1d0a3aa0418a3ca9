"""When a line of a mail log was written: RFC 3339, Exim's own format, and the traditional one without a year. Pure."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)(?:\.\d+)?(?: ?(Z|[+-]\d\d:?\d\d))? ")
_SYSLOG = re.compile(r"(?:<\d+>)?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) ")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}


class Stamp(NamedTuple):
    """The time that a line begins with."""

    moment: datetime
    """In UTC."""
    is_clear: bool
    """False for a local time that comes twice, or never, in the night when the clock changes."""


class Stamps:
    """Reads the times of lines; most lines have the one of the line before."""

    def __init__(self, zone: tzinfo, now: datetime) -> None:
        """`zone`: of lines that name none. Lines without a year are of the twelve months before `now`."""
        self._zone = zone
        self._latest = now + timedelta(days=1)
        self._last: tuple[str, Stamp | None] = ("", None)

    def read(self, line: str) -> tuple[Stamp, str] | None:
        """The time and what stands after it; None for a line that begins with no time."""
        found = _ISO.match(line) or _SYSLOG.match(line)
        if found is None:
            return None
        if found[0] != self._last[0]:
            self._last = (found[0], self._stamp(found))
        stamp = self._last[1]
        return (stamp, line[found.end() :]) if stamp else None

    def _stamp(self, found: re.Match[str]) -> Stamp | None:
        try:
            read = self._iso(found) if found.re is _ISO else self._traditional(found)
            return Stamp(read.astimezone(UTC), self._is_clear(read)) if read else None
        except (ValueError, OverflowError):
            return None

    def _iso(self, found: re.Match[str]) -> datetime:
        read = datetime.fromisoformat(f"{found[1]}T{found[3]}{(found[4] or '').replace('Z', '+00:00')}")
        return read if read.tzinfo else read.replace(tzinfo=self._zone)

    def _traditional(self, found: re.Match[str]) -> datetime | None:
        month = _MONTHS.get(found[1])
        if month is None:
            return None
        day, hour, minute, second = (int(found[group]) for group in range(2, 6))
        for year in (self._latest.year, self._latest.year - 1):
            try:
                read = datetime(year, month, day, hour, minute, second, tzinfo=self._zone)
            except ValueError:  # 29 February of another year
                continue
            if read <= self._latest:
                return read
        return None

    def _is_clear(self, read: datetime) -> bool:
        return read.tzinfo is not self._zone or read.utcoffset() == read.replace(fold=1).utcoffset()
