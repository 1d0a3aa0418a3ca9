"""Files about people: a date of no calendar makes a file go, and stops nothing (I4)."""

import math
from datetime import UTC, datetime

import pytest

from newsletter.store.removing import written_at


def test_a_moment_is_what_the_file_system_says() -> None:
    assert written_at(1_813_049_400) == datetime(2027, 6, 15, 8, 50, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [1e14, 253_402_300_799, -1e14, math.inf, math.nan])
def test_a_moment_of_no_calendar_is_long_ago(seconds: float) -> None:
    assert written_at(seconds).year == 1970
