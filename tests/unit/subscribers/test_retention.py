"""The calendar of the promise (B1): vectors of the law, every day of two years, every hour near a change of clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.retention import (
    DEFAULT_DAYS,
    MAXIMUM_DAYS,
    REASONS,
    Period,
    RetentionPolicy,
    Rule,
    deadline,
    limit,
    parse_period,
    policy_of,
    rule_of,
    sooner,
)
from subscribers.subscription import EndedReason

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONTH = Period(None)
EVERY_PERIOD = [*(Period(days) for days in range(1, MAXIMUM_DAYS + 1)), MONTH]
DAYS = [date(2027, 1, 1) + timedelta(days=number) for number in range(731)]
CHANGES_OF_CLOCKS = [date(2027, 3, 28), date(2027, 10, 31), date(2028, 3, 26), date(2028, 10, 29)]


def at(day: date, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=AMSTERDAM)


def last_day(instant: datetime) -> date:
    """The day that ends at this instant."""
    local = instant.astimezone(AMSTERDAM)
    assert (local.hour, local.minute, local.second) == (0, 0, 0)
    return local.date() - timedelta(days=1)


@pytest.mark.parametrize(
    ("event", "last"),
    [
        (date(2027, 1, 31), date(2027, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2027, 3, 31), date(2027, 4, 30)),
        (date(2027, 8, 31), date(2027, 9, 30)),
        (date(2027, 12, 15), date(2028, 1, 15)),
    ],
)
def test_a_month_ends_with_the_last_hour_of_the_same_date_or_the_last_day_rule_b1(event: date, last: date) -> None:
    assert last_day(limit(at(event), AMSTERDAM)) == last


def test_a_month_is_erased_a_whole_day_before_its_limit() -> None:
    assert last_day(deadline(at(date(2027, 3, 31)), MONTH, AMSTERDAM)) == date(2027, 4, 29)


def test_days_are_counted_without_the_day_of_the_event_and_end_with_the_last_hour() -> None:
    due = deadline(at(date(2027, 3, 10), 0, 1), Period(21), AMSTERDAM)
    assert due == deadline(at(date(2027, 3, 10), 23, 59), Period(21), AMSTERDAM)
    assert last_day(due) == date(2027, 3, 31)


def test_the_weekend_does_not_prolong_a_promise_of_at_most_rule_b1() -> None:
    assert date(2027, 2, 28).weekday() == 6
    assert last_day(limit(at(date(2027, 1, 28)), AMSTERDAM)) == date(2027, 2, 28)


@pytest.mark.parametrize("period", EVERY_PERIOD, ids=str)
def test_every_day_of_two_years_keeps_the_promise_rule_b1(period: Period) -> None:
    for day in DAYS:
        for hour in (0, 23):
            _holds(at(day, hour, 59), period)


@pytest.mark.parametrize("day", CHANGES_OF_CLOCKS, ids=str)
def test_every_hour_around_a_change_of_clocks_keeps_the_promise(day: date) -> None:
    for period in EVERY_PERIOD:
        before = (period.days or 31) + 1
        for start in (day, day - timedelta(days=before)):
            first = at(start - timedelta(days=1), 0).astimezone(UTC)
            for hour in range(73):
                _holds(first + timedelta(hours=hour), period)


def _holds(event: datetime, period: Period) -> None:
    due = deadline(event, period, AMSTERDAM)
    assert due <= limit(event, AMSTERDAM)
    full_days = period.days or 27
    first_counted = event.astimezone(AMSTERDAM).date() + timedelta(days=1)
    assert last_day(due) >= first_counted + timedelta(days=full_days - 1)
    if period.days:
        assert last_day(due) == first_counted + timedelta(days=full_days - 1)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)), st.sampled_from(EVERY_PERIOD))  # noqa: DTZ001 - see below
def test_the_deadline_is_after_the_event_and_within_the_month_in_any_zone(naive: datetime, period: Period) -> None:
    for zone in ("UTC", "Europe/Amsterdam", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu"):
        event = naive.replace(tzinfo=UTC)
        due = deadline(event, period, ZoneInfo(zone))
        assert event < due <= limit(event, ZoneInfo(zone))
        assert due.tzinfo is UTC


def test_the_same_instant_may_be_another_day_elsewhere_and_the_list_zone_decides() -> None:
    event = datetime(2027, 3, 10, 23, 30, tzinfo=UTC)  # 11 March in Amsterdam
    assert deadline(event, Period(1), AMSTERDAM) > deadline(event, Period(1), ZoneInfo("UTC"))


def test_a_naive_event_is_refused_rule_i10() -> None:
    with pytest.raises(ValueError, match="naive"):
        deadline(datetime(2027, 3, 10), Period(), AMSTERDAM)  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("text", "days"),
    [(21, 21), ("21", 21), ("1 day", 1), (" 27 Days ", 27), ("14 dagen", 14), ("1 month", None), ("1 maand", None)],
)
def test_a_period_is_read(text: object, days: int | None) -> None:
    assert parse_period(text) == Period(days)


@pytest.mark.parametrize(
    "text", [0, 28, 30, "28 days", "2 months", "4 weeks", "1 year", "", "month", "-1", "1.5 days", True, None, "1e1"]
)
def test_anything_longer_than_the_promise_or_unreadable_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="not a period"):
        parse_period(text)


@pytest.mark.parametrize("days", [0, -1, 28, 365])
def test_a_period_beyond_the_promise_cannot_be_made_by_hand_rule_i4(days: int) -> None:
    with pytest.raises(ValueError, match="not a period"):
        Period(days)


@pytest.mark.parametrize("period", EVERY_PERIOD, ids=str)
def test_a_period_written_down_reads_back(period: Period) -> None:
    assert parse_period(str(period)) == period


def test_longer_periods_are_those_that_may_end_later() -> None:
    assert Period(26).longer() == {Period(27), MONTH}
    assert MONTH.longer() == frozenset()
    for day in DAYS:
        assert deadline(at(day), Period(27), AMSTERDAM) <= deadline(at(day), MONTH, AMSTERDAM)


def test_a_list_that_is_not_configured_has_the_default_policy() -> None:
    assert policy_of({}, "oud") == RetentionPolicy(period=Period(DEFAULT_DAYS), zone=AMSTERDAM)
    short = RetentionPolicy(period=Period(3))
    assert policy_of({"nieuws": short}, "nieuws") is short


@pytest.mark.parametrize(
    ("state", "reason", "rule"),
    [
        ("pending", None, Rule.UNCONFIRMED),
        ("ended", "unsubscribed", Rule.UNSUBSCRIBED),
        ("ended", "by-operator", Rule.UNSUBSCRIBED),
        ("ended", "suppressed", Rule.UNSUBSCRIBED),
        ("ended", "hard-bounce", Rule.HARD_BOUNCED),
        ("ended", "complaint", Rule.COMPLAINED),
        ("ended", "unconfirmed", Rule.UNCONFIRMED),
    ],
)
def test_every_subscription_with_a_deadline_has_a_rule_rule_b2(state: str, reason: str | None, rule: Rule) -> None:
    assert rule_of(state, reason) is rule


def test_every_reason_of_ending_has_a_rule_rule_b2() -> None:
    assert {reason for reasons in REASONS.values() for reason in reasons} == set(EndedReason)


def test_a_rule_without_a_period_of_its_own_follows_who_left() -> None:
    policy = RetentionPolicy(period=Period(5), complained=Period(2))
    assert policy.period_for(EndedReason.HARD_BOUNCE) == Period(5)
    assert policy.period_for(EndedReason.COMPLAINT) == Period(2)
    assert policy.period_for(EndedReason.UNCONFIRMED) == Period(7)


def test_a_deadline_some_days_sooner_is_the_deadline_of_the_shorter_period() -> None:
    """Over both changes of the clock: whole days of the calendar, not multiples of 24 hours."""
    for day in DAYS:
        for days in (1, 7, 20):
            due = deadline(at(day), Period(21), AMSTERDAM)
            assert sooner(due, 21 - days, AMSTERDAM) == deadline(at(day), Period(days), AMSTERDAM)
