"""`[retention]` of newsletter.toml, and what a list says differently: how long what is kept, rule by rule (B2). Pure.

`retention = 21` of a list is short for `retention = { unsubscribed = 21 }`.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from newsletter.config_values import AnyPeriod, Table
from subscribers.retention import DELIVERY_DAYS, MAXIMUM_DAYS, UNCONFIRMED_DAYS, Period, RetentionPolicy, parse_period

DAYS_OF_FILES = 7
DAYS_OF_MARKS = 365
MOST_DAYS_OF_MARKS = 3 * 366
LEAST_DAYS_OF_DELIVERIES = 7
"""A bounce comes back within five days (RFC 5321 section 4.5.4.1), and is matched by the delivery."""


def _in_days(period: Period) -> Period:
    if period.days is None:
        msg = f'must be 1 to {MAXIMUM_DAYS} days, not "1 month"'
        raise ValueError(msg)
    return period


DayPeriod: TypeAlias = Annotated[AnyPeriod, AfterValidator(_in_days)]
FileDays: TypeAlias = Annotated[int, Field(ge=1, le=MAXIMUM_DAYS)]
DeliveryDays: TypeAlias = Annotated[int, Field(ge=LEAST_DAYS_OF_DELIVERIES, le=3660)]


class ListRetention(Table):
    """How long one list keeps whom; what is left out follows `[retention]`."""

    unsubscribed: AnyPeriod = Period()
    unconfirmed: DayPeriod = Period(UNCONFIRMED_DAYS)
    hard_bounced: AnyPeriod | None = None
    """As `unsubscribed` unless given; so is `complained`."""
    complained: AnyPeriod | None = None
    deliveries: DeliveryDays = DELIVERY_DAYS
    """Days after a mailing is finished; then only its counts stay (I7)."""

    def policy(self, zone: ZoneInfo) -> RetentionPolicy:
        """The same, as the subscribers package knows it, with days counted in `zone`."""
        return RetentionPolicy(
            period=self.unsubscribed,
            zone=zone,
            unconfirmed=self.unconfirmed,
            hard_bounced=self.hard_bounced,
            complained=self.complained,
            deliveries=self.deliveries,
        )


class Retention(ListRetention):
    """`[retention]`: what every list follows, and the periods of what belongs to no list."""

    exports: FileDays = DAYS_OF_FILES
    """Files that commands wrote below data_dir/exports; the next erasure removes them earlier."""
    feedback: FileDays = DAYS_OF_FILES
    """Raw mails that came back and were handled."""


def notice_days(policies: Iterable[RetentionPolicy]) -> int:
    """How long a service mail stays at most: each kind as long as its link works, or as what it is about."""
    periods = (period for policy in policies for period in (policy.unconfirmed, policy.period))
    return max((period.days or MAXIMUM_DAYS for period in periods), default=DAYS_OF_FILES)


def _of_list(value: object) -> object:
    """A bare period, or a table of them."""
    if isinstance(value, ListRetention | Mapping):
        return value
    return {"unsubscribed": value if isinstance(value, Period) else parse_period(value)}


AnyRetention: TypeAlias = Annotated[ListRetention, BeforeValidator(_of_list)]


def inherited(general: Mapping[str, Any], own: object) -> object:
    """What a list says about its retention, with what it leaves out taken from the general table."""
    given = _of_list(own) if own is not None else {}
    if not isinstance(given, Mapping):
        return given
    return {name: general[name] for name in ListRetention.model_fields if name in general} | dict(given)
