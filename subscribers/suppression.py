"""Suppression: an address that is not mailed, and why. It dies with the subscriber (B10). Pure."""

from enum import StrEnum

from subscribers.subscription import EndedReason


class SuppressionReason(StrEnum):
    """Why an address is not mailed."""

    HARD_BOUNCE = "hard-bounce"
    """The mailbox does not exist (5.1.1, 5.1.6, 5.1.10)."""
    SOFT_BOUNCE = "soft-bounce"
    """Mail came back on several days and none arrived in between (A23)."""
    COMPLAINT = "complaint"
    """The person called a mail spam."""
    BY_HAND = "by-hand"
    """An operator decided so."""


ENDS_WITH: dict[SuppressionReason, EndedReason] = {
    SuppressionReason.HARD_BOUNCE: EndedReason.HARD_BOUNCE,
    SuppressionReason.SOFT_BOUNCE: EndedReason.SOFT_BOUNCE,
    SuppressionReason.COMPLAINT: EndedReason.COMPLAINT,
    SuppressionReason.BY_HAND: EndedReason.SUPPRESSED,
}
"""With which reason a suppression ends the subscriptions of its subscriber."""
