import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.throttle import Bucket


@given(st.floats(0.1, 1000), st.lists(st.floats(0, 2), min_size=1, max_size=60))
def test_no_window_ever_holds_more_than_rate_and_burst_allow(rate, pauses):
    bucket, now, sent = Bucket.full(rate, 0), 0.0, []
    for pause in pauses:
        now += pause
        bucket, wait = bucket.take(now)
        now += wait
        sent.append(now)
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= bucket.burst + rate * (sent[last] - sent[first]) + 1 + 1e-6


def test_a_full_bucket_lets_the_burst_through_at_once():
    bucket = Bucket.full(100, 5.0)
    waits = []
    for _ in range(11):
        bucket, wait = bucket.take(5.0)
        waits.append(wait)
    assert waits == [0] * 10 + [pytest.approx(0.01)]


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(ValueError, match="sends nothing"):
        Bucket.full(0, 0)
