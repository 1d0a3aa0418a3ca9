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
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from subscribers.clock import require_aware

MAXIMUM_DAYS = 27
DEFAULT_DAYS = 21


@dataclass(frozen=True, slots=True)
class Period:
    """How long data stays after the event: 1-27 days, or one calendar month (`days` is None)."""

    days: int | None = DEFAULT_DAYS

    def __str__(self) -> str:
        if self.days is None:
            return "1 month"
        return "1 day" if self.days == 1 else f"{self.days} days"


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
