"""What was erased by which rule: how many, and the deadline of the one that waited longest. Pure.

As JSON in the tables `scrub` and `receipt`: `{"unsubscribed": {"erased": 3, "oldest": "2027-06-14T22:00:00+00:00"}}`.
`oldest` is null where nothing had a deadline (erased on request). A receipt shows by it that no deadline was passed by
more than the time between two runs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeAlias

from subscribers.clock import require_aware

Stored: TypeAlias = dict[str, dict[str, Any]]
"""As JSON keeps it."""


@dataclass(frozen=True, kw_only=True)
class RuleCount:
    """How many subjects of one rule were erased: people's subscriptions, deliveries, notices, files."""

    erased: int = 0
    oldest: datetime | None = None

    def __add__(self, other: Self) -> Self:
        """Both together: the sum, and the earlier deadline."""
        known = [moment for moment in (self.oldest, other.oldest) if moment]
        return type(self)(erased=self.erased + other.erased, oldest=min(known, default=None))


class RuleCounts:
    """Counts per rule, added up while a run goes on."""

    def __init__(self, counts: Mapping[str, RuleCount] | None = None) -> None:
        self._counts = dict(counts or {})

    def __iter__(self) -> Iterator[tuple[str, RuleCount]]:
        return iter(sorted(self._counts.items()))

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, rule: str, erased: int, oldest: datetime | None = None) -> None:
        """Count `erased` more of `rule`, none of which was due before `oldest`; nothing happens for zero."""
        if erased:
            one = RuleCount(erased=erased, oldest=require_aware(oldest) if oldest else None)
            self._counts[rule] = self._counts.get(rule, RuleCount()) + one

    def merge(self, other: "RuleCounts") -> None:
        """Add all of `other`."""
        for rule, count in other:
            self.add(rule, count.erased, count.oldest)

    def stored(self) -> Stored:
        """As JSON, rules in alphabetical order."""
        return {
            rule: {"erased": count.erased, "oldest": count.oldest.isoformat() if count.oldest else None}
            for rule, count in self
        }

    @classmethod
    def read(cls, stored: Stored | None) -> Self:
        """What `stored` wrote; empty for a row from before rules were counted."""
        return cls(
            {
                rule: RuleCount(
                    erased=int(value["erased"]),
                    oldest=datetime.fromisoformat(value["oldest"]) if value["oldest"] else None,
                )
                for rule, value in (stored or {}).items()
            }
        )
