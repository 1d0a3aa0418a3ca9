"""`[backup]`: the life of a backup and the longest retention stay within the promise together (B11, I4)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from newsletter.config_backup import Backup, days_left, parse_key, read_key_file
from subscribers.errors import ConfigurationError
from subscribers.retention import Period, RetentionPolicy, deadline, limit
from tests.support.backups import configuration

ZONE = ZoneInfo("Europe/Amsterdam")
NIGHT = timedelta(hours=1)
"""How long a due erasure may wait for the hourly run."""


@given(
    left=st.datetimes(datetime(2027, 1, 1), datetime(2028, 12, 31)),  # noqa: DTZ001 - aware below
    days=st.integers(1, 27),
    keep=st.integers(1, 26),
)
def test_the_last_backup_with_somebody_in_it_is_gone_before_the_month_is_over_rule_b11(left, days, keep) -> None:
    policy = RetentionPolicy(period=Period(days))
    life = Backup(keep_days=keep).days([policy])
    event = left.replace(tzinfo=UTC)
    erased = deadline(event, policy.period, ZONE) + NIGHT
    assert erased + timedelta(days=life) + NIGHT <= limit(event, ZONE)


@pytest.mark.parametrize(("retention", "keep"), [("21", 7), ("27", 1), ("1 month", 1), ("1", 27), ("2", 26)])
def test_a_configuration_that_breaks_the_promise_is_refused(tmp_path: Path, retention: str, keep: int) -> None:
    with pytest.raises(ValidationError, match=r"longer than one month|less than or equal"):
        configuration(tmp_path, of_list={"retention": retention}, backup={"keep_days": keep})


@pytest.mark.parametrize(("days", "left"), [(1, 22), (21, 6), (26, 1), (27, 0), (None, 0)])
def test_what_the_retention_leaves(days: int | None, left: int) -> None:
    short = Period(5)
    policies = [RetentionPolicy(period=period, unconfirmed=short) for period in (short, Period(days))]
    assert days_left(policies) == left


def test_every_period_after_leaving_counts_not_only_that_of_unsubscribing() -> None:
    assert days_left([RetentionPolicy(period=Period(5), complained=Period(25))]) == 2
    assert days_left([RetentionPolicy(period=Period(5), hard_bounced=Period(26))]) == 1
    assert days_left([RetentionPolicy(period=Period(5), unconfirmed=Period(27))]) == 0


def test_unless_given_a_backup_lives_as_long_as_the_promise_leaves_and_at_most_a_week() -> None:
    assert Backup().days([RetentionPolicy(period=Period(21))]) == 6
    assert Backup().days([RetentionPolicy(period=Period(2), unconfirmed=Period(1))]) == 7
    assert Backup().days([RetentionPolicy(period=Period(None))]) == 0


def test_a_key_is_64_hexadecimal_digits_in_a_file_of_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "backup.key"
    file.write_text("ab" * 32 + "\n")
    file.chmod(0o600)
    assert read_key_file(file) == b"\xab" * 32
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="others than its owner"):
        read_key_file(file)
    with pytest.raises(ConfigurationError) as missing:
        read_key_file(tmp_path / "gone.key")
    assert "put the copy of the key back" in missing.value.remedy
    assert "opens no backup that another" in missing.value.remedy
    for wrong in ("", "ab", "zz" * 32, "ab" * 33):
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            parse_key(wrong)


def test_a_key_given_twice_or_malformed_is_refused_without_being_repeated(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="both given"):
        configuration(tmp_path, backup={"key": "ab" * 32, "key_file": "backup.key"})
    with pytest.raises(ValidationError) as caught:
        configuration(tmp_path, backup={"key": "not-a-key-at-all"})
    assert "not-a-key-at-all" not in caught.value.errors()[0]["msg"]
