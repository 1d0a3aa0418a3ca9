"""Several jobs over one relay: which part of its connections and of its speed each may use. Pure.

What the configuration allows a relay holds for all of them together. Each divides by the number of runs that it knows
of, and says by how many; who comes new begins when all others divide by as many, and so have made room.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One run that uses a relay."""

    holder: str
    """The process, and the run in it (subscribers/leases.py)."""
    until: int
    """It is gone after this instant unless it was heard of again; in the pacer's time."""
    parts: int = 0
    """By how many runs it divides, having closed what is more than its part; 0: it has not begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What one run may use of a relay."""

    connections: int
    """0: it waits, since there are more runs than connections, or others have not made room yet."""
    parts: int = 1
    """The speed is divided by this."""
    runs: int = 1
    """How many use the relay, this one included."""

    def speed(self, whole: float | None) -> float | None:
        """Its part of the speed of the relay, which may be unlimited."""
        return None if whole is None else whole / self.parts


def portion(uses: Sequence[Use], holder: str, most: int, now: Portion) -> Portion:
    """The portion of `holder`, who has `now`, of a relay that takes `most` connections; `uses` as they came."""
    runs = len(uses)
    place = next(number for number, use in enumerate(uses) if use.holder == holder)
    part = most // runs + (place < most % runs)
    has_room = all(use.parts >= runs for use in uses if use.holder != holder and use.parts)
    connections = part if has_room else min(part, now.connections)
    parts = min(runs, most)
    return Portion(connections=connections, parts=parts if has_room else max(parts, now.parts), runs=runs)


def told(use: Use, mine: Portion, is_open: int) -> Use:
    """What others must know in the same moment: that it begins, or has no more open than its portion."""
    if not mine.connections or is_open > mine.connections:
        return use
    return replace(use, parts=mine.runs)
