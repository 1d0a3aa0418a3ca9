"""Consent: append-only evidence of when, how, and to which words someone agreed or withdrew (B3). Pure.

A changed wording leaves old evidence as it is: each row carries the words that were shown then. It is erased with its
subscription (B4): a proof about a person who asked to be forgotten would be one more thing known of them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from subscribers.clock import require_aware
from subscribers.subscription import Actor


class ConsentEvent(StrEnum):
    """What happened to a consent."""

    REQUESTED = "requested"
    """Asked for on a form, with the words shown there, or in a file; no consent before it is confirmed by mail."""
    GRANTED = "granted"
    """Given to us directly: on a form, or to an operator who says so."""
    CONFIRMED = "confirmed"
    """The mailed link was followed and the button pressed: the mailbox is theirs."""
    IMPORTED = "imported"
    """Taken over from another system; `source` says which. The moment is that of the import: no other is known."""
    IMPORTED_DATED = "imported-dated"
    """Taken over with the moment of the consent, by the file or by the operator's word."""
    RETURNED = "returned"
    """The ending was taken back by the person: what was agreed before holds again."""
    WITHDRAWN = "withdrawn"
    """Taken back: the subscription ended."""


GIVEN_HERE = frozenset({ConsentEvent.GRANTED, ConsentEvent.CONFIRMED, ConsentEvent.RETURNED})
"""A yes that was given here; the latest one decides whether a later restore may end the subscription again (I11)."""
AGREEING = GIVEN_HERE | {ConsentEvent.IMPORTED, ConsentEvent.IMPORTED_DATED}
"""Events that say yes."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The words that somebody had before them when they pressed a button, and where; empty where nobody can tell."""

    source: str
    wording: str = ""
    wording_version: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One row of evidence, before it hangs on a subscription."""

    event: ConsentEvent
    at: datetime
    basis: str
    source: str
    wording: str
    wording_version: str
    actor: Actor

    def __post_init__(self) -> None:
        """Refuse a naive moment (I10)."""
        require_aware(self.at)

    def row(self, subscription_id: int) -> dict[str, Any]:
        """Values of a row of the table `consent`."""
        return {
            "subscription_id": subscription_id,
            "at": self.at,
            "event": self.event.value,
            "basis": self.basis,
            "source": self.source,
            "wording": self.wording,
            "wording_version": self.wording_version,
            "actor": self.actor.value,
        }
