"""When what is known of a person must be gone: the calendar of the promise (B1, I4). Pure.

Counting follows Regulation 1182/71 article 3: the day of the event is not counted, a period of days ends with the last
hour of its last day, a period of one month with the last hour of the same date of the next month, or of that month's
last day if the date is missing. The weekend extension of article 3(4) is not used: the promise says "at most".

Two instants follow from an event. `limit` is what the law of the promise allows at most: one calendar month.
`deadline` is when erasure is due. For N days that is the end of day N; for "1 month" it is a whole day before the
limit, so that an hourly run is never late.
"""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

from subscribers.clock import require_aware

MAXIMUM_DAYS = 27
DEFAULT_DAYS = 21


@dataclass(frozen=True, slots=True)
class Period:
    """How long data stays after the event: 1-27 days, or one calendar month (`days` is None)."""

    days: int | None = DEFAULT_DAYS

    def __post_init__(self) -> None:
        """Refuse a period longer than the promise, however it was made (I4)."""
        if self.days is not None and not 1 <= self.days <= MAXIMUM_DAYS:
            msg = f"{self.days} days is not a period of 1 to {MAXIMUM_DAYS} days"
            raise ValueError(msg)

    def __str__(self) -> str:
        if self.days is None:
            return "1 month"
        return "1 day" if self.days == 1 else f"{self.days} days"

    def longer(self) -> frozenset["Period"]:
        """Every period that may end later than this one. One month is never shorter than 27 days."""
        if self.days is None:
            return frozenset()
        return frozenset({Period(days) for days in range(self.days + 1, MAXIMUM_DAYS + 1)} | {Period(None)})


@dataclass(frozen=True, kw_only=True)
class RetentionPolicy:
    """How long one list keeps who left, and in which time zone it counts days."""

    period: Period = Period()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Amsterdam"))


Policies: TypeAlias = Mapping[str, RetentionPolicy]
"""The policy of each configured list, by its slug."""


def policy_of(policies: Policies, slug: str) -> RetentionPolicy:
    """The policy of a list; a list that vanished from the configuration has the default, so its people go too."""
    return policies.get(slug) or RetentionPolicy()


def parse_period(value: object) -> Period:
    """Read `21`, `"21 days"` or `"1 month"`; raise ValueError for anything longer than the promise allows."""
    found = re.fullmatch(r"\s*(\d{1,4})\s*(days?|dagen|dag|months?|maand)?\s*", str(value).casefold())
    if found and not isinstance(value, bool):
        number, unit = int(found[1]), found[2] or "days"
        if unit.startswith("m") and number == 1:
            return Period(None)
        if unit.startswith("d") and 1 <= number <= MAXIMUM_DAYS:
            return Period(number)
    msg = f'{value!r} is not a period of 1 to {MAXIMUM_DAYS} days or "1 month"'
    raise ValueError(msg)


def deadline(event: datetime, period: Period, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which erasure is due for an `event` (aware), counted in `zone`."""
    day = require_aware(event).astimezone(zone).date()
    if period.days is None:
        return _midnight(_same_date_next_month(day), zone)
    return _midnight(day + timedelta(days=period.days + 1), zone)


def limit(event: datetime, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the promise of one month would be broken."""
    day = require_aware(event).astimezone(zone).date()
    return _midnight(_same_date_next_month(day) + timedelta(days=1), zone)


def _same_date_next_month(day: date) -> date:
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)  # noqa: PLR2004 - December
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
