"""How much a run holds claimed: what the relay takes in a moment, and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.stock import FIRST_BATCH, STOCK_SECONDS, BatchSize


def size(limit: float | None = None, fewest: int = 4, most: int = 500) -> BatchSize:
    return BatchSize(fewest=fewest, most=most, limit=limit)


@pytest.mark.parametrize(("limit", "first"), [(2, 4), (200, 30), (1000, FIRST_BATCH), (None, FIRST_BATCH)])
def test_the_first_batch_follows_the_configured_rate(limit: float | None, first: int) -> None:
    assert size(limit).next(0, 100.0).size == first


def test_the_next_batches_follow_the_measured_rate() -> None:
    grown = size().next(0, 0.0).next(1000, 0.1)
    assert grown.size == 500
    assert grown.next(1200, 1.1).size == int(200 * STOCK_SECONDS)
    assert grown.next(1000, 100.0).size == 4


@given(
    st.floats(0.01, 1e6), st.integers(1, 500), st.lists(st.tuples(st.integers(0, 1000), st.floats(0, 60)), max_size=9)
)
def test_a_batch_never_exceeds_the_configured_rate_nor_starves_a_connection(
    limit: float, fewest: int, steps: list[tuple[int, float]]
) -> None:
    current, taken, now = size(limit, fewest), 0, 0.0
    for more, seconds in steps:
        taken, now = taken + more, now + seconds
        current = current.next(taken, now)
        assert min(fewest, 500) <= current.size <= max(fewest, min(500, STOCK_SECONDS * limit))
