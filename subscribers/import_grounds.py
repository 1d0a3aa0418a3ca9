"""On what grounds a file of people is put on a list. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from subscribers.clock import require_aware
from subscribers.consent import ConsentEvent
from subscribers.subscription import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """On what grounds people are put on a list: the evidence that is kept of each (B3)."""

    list: str
    basis: str
    source: str
    wording: str = ""
    wording_version: str = ""
    now: datetime
    actor: Actor = Actor.OPERATOR
    update: bool = False
    """Whether a name that differs replaces the stored one; otherwise only empty fields are filled."""

    def __post_init__(self) -> None:
        """Refuse a naive moment (I10)."""
        require_aware(self.now)

    def evidence(self, at: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a moment as the driver takes it
        """Columns of a consent, as `_ADD_CONSENT` names them."""
        event = ConsentEvent.IMPORTED.value
        return (at, event, self.basis, self.source, self.wording, self.wording_version, self.actor.value)
