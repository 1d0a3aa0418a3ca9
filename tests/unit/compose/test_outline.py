from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from newsletter.compose.outline import Outline


def levels(*written: int) -> list[int]:
    outline = Outline()
    return [outline.enter(level) for level in written]


def test_the_highest_level_becomes_h2():
    assert levels(1, 2, 1) == [2, 3, 2]
    assert levels(3, 4, 3) == [2, 3, 2]


def test_skipped_levels_are_closed_up_in_the_shape_of_seed_004():
    assert levels(2, 3, 4, 3, 2, 2, 4, 4, 3, 2) == [2, 3, 4, 3, 2, 2, 3, 3, 3, 2]


def test_a_heading_that_a_block_brings_stands_one_below_the_latest():
    outline = Outline()
    assert outline.below() == 2
    outline.enter(2)
    assert (outline.below(), outline.below(1)) == (3, 4)


@given(st.lists(st.integers(1, 6), max_size=30))
def test_no_level_is_ever_skipped(written):
    mapped = [1, *levels(*written)]
    assert all(after <= before + 1 for before, after in pairwise(mapped))
    assert all(2 <= level <= 6 for level in mapped[1:])
