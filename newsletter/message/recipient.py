"""What the message of one recipient is filled with. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One person, one message. `fields` holds name, organisation and attributes, as stored, unescaped."""

    address: str
    """Spelling for the wire, domain as A-label."""
    fields: Mapping[str, str]
    unsubscribe_url: str
    """The https URI of List-Unsubscribe and of the links in the mail."""
    unsubscribe_mailto: str
    """The mailto URI of List-Unsubscribe."""
    message_id: str
    """With angle brackets; stable for a delivery, also over retries."""
    envelope_sender: str
    """MAIL FROM: fixed, or one per delivery (A18)."""
