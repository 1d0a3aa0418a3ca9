"""Counts per rule: sums, the earliest deadline, and the same after a round through JSON."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.rule_counts import RuleCount, RuleCounts

NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)
MOMENTS = st.none() | st.datetimes(datetime(2027, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - its bounds
ADDED = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 9), MOMENTS))


def counted(added: list) -> RuleCounts:
    counts = RuleCounts()
    for rule, erased, oldest in added:
        counts.add(rule, erased, oldest)
    return counts


def test_the_oldest_deadline_of_a_rule_is_kept() -> None:
    counts = counted([("a", 2, NOON), ("a", 1, NOON - timedelta(days=1)), ("a", 1, None), ("b", 0, NOON)])
    assert dict(counts) == {"a": RuleCount(erased=4, oldest=NOON - timedelta(days=1))}


@given(ADDED)
def test_what_is_stored_reads_back(added: list) -> None:
    counts = counted(added)
    assert dict(RuleCounts.read(json.loads(json.dumps(counts.stored())))) == dict(counts)


@given(ADDED, ADDED)
def test_merging_is_adding_all(first: list, second: list) -> None:
    merged = counted(first)
    merged.merge(counted(second))
    assert dict(merged) == dict(counted(first + second))


def test_a_receipt_from_before_there_were_rules_has_none() -> None:
    assert not RuleCounts.read(None)


def test_a_naive_moment_is_refused_rule_i10() -> None:
    with pytest.raises(ValueError, match="naive"):
        RuleCounts().add("a", 1, datetime(2027, 3, 10))  # noqa: DTZ001 - that is the point
