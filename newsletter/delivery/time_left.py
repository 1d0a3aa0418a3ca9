"""How long a run still takes, from the speed of now and from the turns that were given out. Pure."""

from collections import deque
from dataclasses import dataclass, field

RECENT_SECONDS = 30.0
"""The speed of now is that of this time."""
STEP_SECONDS = 1.0
"""Between two moments that are remembered."""
FEWEST = 50
"""How long the whole queue is, is concluded once one in so many of all has its place; before, nobody knows."""


@dataclass(slots=True)
class Recent:
    """How many outcomes there were at some moments of the last while."""

    _moments: deque[tuple[float, int]] = field(default_factory=deque)
    _now: tuple[float, int] = (0.0, 0)

    def note(self, seconds: float, handled: int) -> None:
        """So many outcomes, so many seconds after the beginning."""
        self._now = seconds, handled
        if not self._moments or seconds - self._moments[-1][0] >= STEP_SECONDS:
            self._moments.append(self._now)
        while len(self._moments) > 1 and seconds - self._moments[1][0] >= RECENT_SECONDS:
            self._moments.popleft()

    @property
    def speed(self) -> float | None:
        """Outcomes per second lately; None if nothing was measured."""
        seconds, handled = self._now
        since, before = self._moments[0] if self._moments else self._now
        return (handled - before) / (seconds - since) if seconds > since else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """What a run has before it."""

    audience: int
    ready: int
    """Deliveries that only wait to be claimed and sent."""
    aside: int
    """Deliveries that wait for their turn."""
    slots_end: float
    """Seconds until the turn of the last of these; 0 if it has come."""
    speed: float
    """Outcomes per second."""
    slowed: int = 0
    """How many of those who wait their receivers slowed: their turns are renewed until there is room."""


def seconds_left(ahead: Ahead) -> float | None:
    """Seconds until all is sent, if nothing changes; None while nobody knows.

    What is not claimed yet will queue up in the same proportion as what was, so the queue grows with it. The slots of
    a slowed group are a quarter of an hour away at most, however many there are, so there the speed of now tells.
    """
    has_queue = ahead.aside > 0 and ahead.slots_end > 0
    ready = ahead.ready + (min(ahead.aside, ahead.slowed) if has_queue else ahead.aside)
    if ready and not ahead.speed:
        return None
    at_speed = ready / ahead.speed if ready else 0.0
    if not has_queue:
        return at_speed
    placed = ahead.audience - ahead.ready
    if placed * FEWEST < ahead.audience:
        return None
    return max(at_speed, ahead.slots_end * ahead.audience / placed)
