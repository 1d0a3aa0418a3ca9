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
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

from subscribers.clock import require_aware
from subscribers.subscription import EndedReason, State

MAXIMUM_DAYS = 27
DEFAULT_DAYS = 21
UNCONFIRMED_DAYS = 7
DELIVERY_DAYS = 90


class Rule(StrEnum):
    """By which rule something is erased: named in status, receipts, report and statement.

    Tables with deadlines of their own and folders of files add names of theirs (notices, exports, ...).
    """

    UNCONFIRMED = "unconfirmed"
    """A sign-up that nobody confirmed."""
    UNSUBSCRIBED = "unsubscribed"
    """Left: by the person, or by an operator for them."""
    HARD_BOUNCED = "hard-bounced"
    """The mailbox does not exist."""
    COMPLAINED = "complained"
    """The person called a mail spam."""
    DELIVERIES = "deliveries"
    """What became of each mail of a finished mailing; its counts stay (I7)."""
    ON_REQUEST = "on-request"
    """Erased at once, because the person or an operator asked for it (B9)."""
    LEFT_OVER = "left-over"
    """A person on no list at all: nothing allows them to stay."""
    CORRECTED = "corrected"
    """A value in whose place another one was put: an address, a name. The person stays."""
    AGAIN = "again"
    """Erased before, and back with a backup that was restored: erased again before anything else (I11)."""


_RULES = {
    EndedReason.UNSUBSCRIBED: Rule.UNSUBSCRIBED,
    EndedReason.BY_OPERATOR: Rule.UNSUBSCRIBED,
    EndedReason.SUPPRESSED: Rule.UNSUBSCRIBED,
    EndedReason.MOVED: Rule.UNSUBSCRIBED,
    EndedReason.HARD_BOUNCE: Rule.HARD_BOUNCED,
    EndedReason.SOFT_BOUNCE: Rule.HARD_BOUNCED,
    EndedReason.COMPLAINT: Rule.COMPLAINED,
    EndedReason.UNCONFIRMED: Rule.UNCONFIRMED,
}
REASONS: Mapping[Rule, tuple[EndedReason, ...]] = {
    rule: tuple(reason for reason, its in _RULES.items() if its is rule) for rule in dict.fromkeys(_RULES.values())
}
"""The reasons of ending that each rule is about."""


def rule_of(state: str, reason: str | None) -> Rule:
    """The rule by which a subscription with a deadline goes."""
    return _RULES[EndedReason(reason)] if state == State.ENDED and reason else Rule.UNCONFIRMED


def in_days(days: int) -> str:
    """A number of days as it is written down: `1 day`, `90 days`."""
    return "1 day" if days == 1 else f"{days} days"


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
        return "1 month" if self.days is None else in_days(self.days)

    def longer(self) -> frozenset["Period"]:
        """Every period that may end later than this one. One month is never shorter than 27 days."""
        if self.days is None:
            return frozenset()
        return frozenset({Period(days) for days in range(self.days + 1, MAXIMUM_DAYS + 1)} | {Period(None)})


@dataclass(frozen=True, kw_only=True)
class RetentionPolicy:
    """How long one list keeps whom, per rule (B2), and in which time zone it counts days."""

    period: Period = Period()
    """After leaving; also after a hard bounce and a complaint unless those have a period of their own."""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Amsterdam"))
    unconfirmed: Period = Period(UNCONFIRMED_DAYS)
    hard_bounced: Period | None = None
    complained: Period | None = None
    deliveries: int = DELIVERY_DAYS
    """Days after a mailing is finished."""

    def period_of(self, rule: Rule) -> Period:
        """How long a subscription stays that goes by `rule`."""
        own = {
            Rule.UNCONFIRMED: self.unconfirmed,
            Rule.HARD_BOUNCED: self.hard_bounced,
            Rule.COMPLAINED: self.complained,
        }
        return own.get(rule) or self.period

    def period_for(self, reason: EndedReason) -> Period:
        """How long a subscription stays that ended for `reason`."""
        return self.period_of(_RULES[reason])

    def in_words(self) -> dict[str, str]:
        """Rule by rule, as receipts write it down."""
        ending = (Rule.UNSUBSCRIBED, Rule.HARD_BOUNCED, Rule.COMPLAINED, Rule.UNCONFIRMED)
        return {rule.value: str(self.period_of(rule)) for rule in ending} | {
            Rule.DELIVERIES.value: in_days(self.deliveries)
        }


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
    if period.days is not None:
        return deadline_after(event, period.days, zone)
    day = require_aware(event).astimezone(zone).date()
    return _midnight(_same_date_next_month(day), zone)


def deadline_after(event: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The end, in UTC, of the day that lies `days` after the day of `event`, counted in `zone`."""
    day = require_aware(event).astimezone(zone).date()
    return _midnight(day + timedelta(days=days + 1), zone)


def sooner(due: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The deadline that is `days` days before the deadline `due`, in the calendar of `zone`."""
    return _midnight(require_aware(due).astimezone(zone).date() - timedelta(days=days), zone)


def limit(event: datetime, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which the promise of one month would be broken."""
    day = require_aware(event).astimezone(zone).date()
    return _midnight(_same_date_next_month(day) + timedelta(days=1), zone)


def _same_date_next_month(day: date) -> date:
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)  # noqa: PLR2004 - December
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
