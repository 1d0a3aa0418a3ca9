"""What the slots of those who wait were given under: the limits, and the jobs that stood in the queues. Pure.

Kept in the store beside the lines. When it changes, who waits is placed anew (newsletter/delivery/kept_lines.py).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from newsletter.delivery.pacing import Limit, Ramp
from newsletter.delivery.receivers import RELAY, Receivers

NAME = "terms of slots"
"""Of the row; no group, no domain and no relay's line is called so."""
EACH_DOMAIN = "each domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """As the store keeps them."""

    limits: Mapping[str, list[list[int]]] = field(default_factory=dict)
    """Name of a line → its limits, as numbers."""
    jobs: Collection[int] = ()
    """Those of which some were set aside."""
    placed: int = 0
    """When all were placed anew the last time."""

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> "Terms":
        """Out of the store; none if nothing is there."""
        return cls(**state)

    @property
    def state(self) -> dict[str, Any]:
        """For the store, as JSON."""
        return {"limits": dict(self.limits), "jobs": sorted(self.jobs), "placed": self.placed}

    def under(self, receivers: Receivers) -> Mapping[str, list[list[int]]]:
        """The limits as a run with these receivers has them; those of other relays stay."""
        own = receivers.relay.name if receivers.relay else None
        others = {name: marks for name, marks in self.limits.items() if name.startswith(RELAY) and name != own}
        return {**others, **limits_of(receivers)}


def limits_of(receivers: Receivers) -> dict[str, list[list[int]]]:
    """Name of a line → its limits, as numbers; only where there are some."""
    lines = dict(receivers.limits) | {EACH_DOMAIN: receivers.per_domain}
    if receivers.relay:
        lines[receivers.relay.name] = receivers.relay.limits
    return {name: [_numbers(limit) for limit in limits] for name, limits in lines.items() if limits}


def _numbers(limit: Limit) -> list[int]:
    if isinstance(limit, Ramp):
        return [limit.date, *limit.counts]
    return [limit.count_at(0), limit.seconds]
