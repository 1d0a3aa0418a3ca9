"""What an import does beside putting people on a list: with whom it asks, what it writes down, whom it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from subscribers.ledger_entry import Record, nowhere
from subscribers.marks import Marker
from subscribers.retention import RetentionPolicy


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How one import treats who left, who waits and who was erased."""

    policies: Mapping[str, RetentionPolicy] = field(default_factory=dict)
    """How long who left and who waits is kept."""
    record: Record = nowhere
    """Where endings are written down before they are done (I11)."""
    marker: Marker | None = None
    """By which who was erased is known again, if the organisation chose that (B10)."""
    asks: bool = False
    """Whether who waits is mailed a request to confirm."""
