"""Which messages a log must have if it is whole: some that are known to be sent, around each attempt (I3). Pure.

That a message is absent from a log proves nothing if the log also lacks what the relay certainly took at that time: its
lines were dropped in silence, or another relay or machine had them.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from newsletter.delivery.maillog_coverage import MARGIN

EACH_SIDE = 6
"""Witnesses before an attempt, and as many after it."""
AFTER = MARGIN / 2
"""The last witness was recorded so soon after the attempt: then it is in the time that the log must cover, also with
clocks that differ as much as they may."""


class Recorded(NamedTuple):
    """Deliveries that the store learned to be sent at one moment: the first and the last of them."""

    moment: datetime
    first: int
    last: int


def witnesses_of(moments: Iterable[datetime], sent: Iterable[Recorded]) -> Mapping[datetime, frozenset[int]]:
    """For each moment when an attempt was over, the deliveries recorded as sent next before and after it.

    `sent` in the order of time, from when the job was planned: nothing is recorded before the relay has logged it.
    """
    times, numbers = _apart(sent)
    return {moment: frozenset(_around(moment, times, numbers)) for moment in set(moments)}


def _apart(sent: Iterable[Recorded]) -> tuple[list[datetime], list[int]]:
    times: list[datetime] = []
    numbers: list[int] = []
    for moment, first, last in sent:
        ends = (first,) if first == last else (first, last)
        numbers.extend(ends)
        times.extend(moment for _ in ends)
    return times, numbers


def _around(moment: datetime, times: Sequence[datetime], numbers: Sequence[int]) -> Iterable[int]:
    place, end = bisect_right(times, moment), bisect_right(times, moment + AFTER)
    return chain(numbers[max(0, place - EACH_SIDE) : place], numbers[place : min(place + EACH_SIDE, end)])
