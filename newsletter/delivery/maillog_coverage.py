"""Which time log files cover, machine by machine: absence proves nothing outside of it (I3). Pure."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

MARGIN = timedelta(minutes=10)
"""Of clocks that differ, and of a relay that decides after we hung up."""
GAP = timedelta(minutes=1)
"""Between the end of a file and the begin of the next; more, and one between them may be missing."""
AROUND_LOSS = timedelta(hours=1)
"""Before and after a notice of dropped lines: it comes late, or announces them."""
MOST = 10_000
"""Machines and pieces of logs; a log with more covers nothing."""


class Span(NamedTuple):
    """From its first moment to its last."""

    begins: datetime
    ends: datetime

    def meets(self, other: "Span") -> bool:
        """Whether they have a moment in common."""
        return self.begins <= other.ends and other.begins <= self.ends


class Coverage:
    """What was read so far: a file covers from the relay's first line to its last, as long as time goes on in it."""

    def __init__(self) -> None:
        self._spans: dict[str, list[Span]] = {}
        self._going_on: set[str] = set()
        self._losses: list[Span] = []
        self._last: datetime | None = None
        self._pieces = 0

    def next_file(self) -> None:
        """What follows stands in another file: nothing says that it follows without a gap."""
        self._going_on.clear()
        self._last = None

    def see(self, machine: str, moment: datetime) -> bool:
        """A line of the relay; False if it does not go on from the line before it."""
        self._last = moment
        if machine in self._going_on:
            span = self._spans[machine][-1]
            if moment >= span.begins and moment >= span.ends - GAP:
                self._spans[machine][-1] = Span(span.begins, max(span.ends, moment))
                return True
        self._pieces += 1
        if self._pieces <= MOST:
            self._spans.setdefault(machine, []).append(Span(moment, moment))
            self._going_on.add(machine)
        return False

    def lose(self, moment: datetime) -> None:
        """A notice of dropped lines: some since the relay's last one, or soon after it."""
        span = Span(min(self._last or moment, moment) - AROUND_LOSS, moment + AROUND_LOSS)
        if self._losses and self._losses[-1].meets(span):
            last = self._losses.pop()
            span = Span(min(last.begins, span.begins), max(last.ends, span.ends))
        self._losses.append(span)

    def has_losses(self, since: datetime, until: datetime) -> bool:
        """Whether lines of this time, with its margin, were dropped."""
        window = Span(since - MARGIN, until + MARGIN)
        return any(span.meets(window) for span in self._losses)

    def reaches(self, machine: str, since: datetime, until: datetime, *, may_overlap: bool = True) -> bool:
        """Whether the files of a machine cover this time and its margin on both sides, with no gap in between.

        Files that overlap are copies; if they may not, they are logs of two machines with one name, and cover nothing.
        """
        reached, end = since - MARGIN, until + MARGIN
        spans = sorted(self._spans.get(machine, ()))
        if self._pieces > MOST or not (may_overlap or _is_one_log(spans)):
            return False
        for number, span in enumerate(spans):
            if span.begins > reached + (GAP if number else timedelta()):
                return False
            reached = max(reached, span.ends)
            if reached >= end:
                return True
        return False

    @property
    def whole(self) -> Span | None:
        """From the first line of all to the last, whatever is missing in between; None without a line."""
        spans = [span for spans in self._spans.values() for span in spans]
        return Span(min(spans)[0], max(span.ends for span in spans)) if spans else None


def _is_one_log(spans: list[Span]) -> bool:
    """Whether each begins where the one before ends, as rotated files do."""
    return all(after.begins >= before.ends - GAP for before, after in pairwise(spans))
