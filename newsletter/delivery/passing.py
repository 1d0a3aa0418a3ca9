"""What one relay of a job does not take, by what it offers, on its way to another one. Pure.

Each relay that refuses a delivery is noted in it, so it is handed over at most once per relay; when nobody else is
alive the refusal stands.
"""

from collections import deque
from dataclasses import dataclass, field

from newsletter.delivery.shares import Shares
from newsletter.delivery.stock import Held

MOST = 100
"""Deliveries that wait for another relay before nothing more is taken from the stock: claimed, they grow old."""


@dataclass(slots=True, kw_only=True, eq=False)
class Passed:
    """What waits for another relay, by the relays that do not take it."""

    shares: Shares
    _lines: dict[frozenset[str], deque[Held]] = field(default_factory=dict)

    def pass_on(self, held: Held, name: str) -> bool:
        """Keep what the relay `name` does not take for the others; False if none of them is alive."""
        held.refused_by |= {name}
        if not self.shares.takers(held.refused_by):
            return False
        self._line(held).append(held)
        return True

    def put_back(self, held: Held) -> None:
        """A connection could not use it."""
        self._line(held).appendleft(held)

    def take(self, name: str) -> Held | None:
        """The next one for the relay `name`."""
        refused_by = self._next_for(name)
        if refused_by is None:
            return None
        line = self._lines[refused_by]
        held = line.popleft()
        if not line:
            del self._lines[refused_by]
        return held

    def has_for(self, name: str) -> bool:
        """Whether something waits for the relay `name`."""
        return self._next_for(name) is not None

    @property
    def has_any(self) -> bool:
        """Whether something waits for anybody."""
        return bool(self._lines)

    @property
    def is_full(self) -> bool:
        """Whether so much waits that nothing more is to be passed on."""
        return bool(self._lines) and sum(map(len, self._lines.values())) >= MOST

    def _line(self, held: Held) -> deque[Held]:
        return self._lines.setdefault(held.refused_by, deque())

    def _next_for(self, name: str) -> frozenset[str] | None:
        """What it may take; what no living relay may take it hears of too, so that somebody says that it is refused."""
        if not self._lines:
            return None
        for refused_by in self._lines:
            takers = self.shares.takers(refused_by)
            if name in takers or (not takers and name not in self.shares.dead):
                return refused_by
        return None
