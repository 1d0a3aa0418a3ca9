"""What became of the latest messages of a run, as far as it says something about the relay as a whole. Pure."""

from dataclasses import dataclass, field

from newsletter.delivery.pacing import SECOND

MANY = 50
"""So many outcomes are looked at together to see whether the relay as a whole pushes back."""
MANY_PERCENT = 30
MANY_GROUPS = 3
"""Deferrals of fewer groups than this are about those groups, not about the relay."""
LONG = 600 * SECOND
"""Whoever begins nothing for so long waits for a slot, an hour, a relay; shorter waits are part of a slow pace."""


@dataclass(slots=True, kw_only=True)
class Lately:
    """Outcomes since they were last looked at together."""

    since: int
    """When the first of them began, in the pacer's time."""
    active: int = 0
    """When something was last done."""
    kept: int = 0
    deferred: int = 0
    groups: set[str] = field(default_factory=set)
    """Of those that were deferred."""

    def begin(self, now: int) -> None:
        """Messages begin: what was waited for before is no time in which the relay took any."""
        if not self.total or not 0 <= now - self.active < LONG:
            self.forget(now)
        self.active = now

    def count(self, kept: int, deferred: int, now: int) -> None:
        """So many outcomes of each kind."""
        self.kept += kept
        self.deferred += deferred
        self.active = now

    @property
    def total(self) -> int:
        """How many outcomes."""
        return self.kept + self.deferred

    @property
    def is_much(self) -> bool:
        """Whether they are enough to tell something."""
        return self.total >= MANY

    @property
    def is_about_the_relay(self) -> bool:
        """Whether many of many groups were deferred: that is about the relay, or about us."""
        is_many = self.deferred * 100 >= MANY_PERCENT * self.total
        return self.is_much and is_many and len(self.groups) >= MANY_GROUPS

    def speed(self, now: int) -> float:
        """Messages per second."""
        return self.total / max(1.0, (now - self.since) / SECOND)

    def forget(self, now: int) -> None:
        """Count from here on."""
        self.since, self.kept, self.deferred = now, 0, 0
        self.groups.clear()
