"""What a run holds claimed but has not sent: how much that may be, and since when it is known to be sendable. Pure."""

from dataclasses import dataclass, replace

from newsletter.store.claims import Claimed

STOCK_SECONDS = 0.15
"""A batch is what the relay takes in this time: more would grow old in memory, and be looked at again (I2)."""
FIRST_BATCH = 64
"""Before anything was measured."""


@dataclass(slots=True, eq=False)
class Held:
    """One claimed delivery in our hands."""

    claimed: Claimed
    checked: float
    """When the store last said that it may be sent, in seconds of the event loop's clock."""
    is_out: bool = False
    """Its person left, was suppressed or erased meanwhile: it is not sent."""
    refused_by: frozenset[str] = frozenset()
    """Relays of the job that cannot take its message, by what they offer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSize:
    """How many deliveries to claim at once: `fewest` (the connections) to `most`, and what the relay takes in between.

    `limit` is the configured rate, in messages per second; `taken` and `since` measure the real one.
    """

    fewest: int
    most: int
    limit: float | None
    taken: int = 0
    since: float | None = None
    size: int = 0

    def next(self, taken: int, now: float) -> "BatchSize":
        """The size of a batch claimed at `now` (seconds, monotonic), when `taken` deliveries were handed out so far."""
        wanted = float(FIRST_BATCH)
        if self.since is not None and now > self.since:
            wanted = STOCK_SECONDS * (taken - self.taken) / (now - self.since)
        if self.limit:
            wanted = min(wanted, STOCK_SECONDS * self.limit)
        size = max(1, min(self.most, max(self.fewest, int(wanted))))
        return replace(self, taken=taken, since=now, size=size)
