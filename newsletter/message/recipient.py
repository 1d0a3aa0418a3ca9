"""What the message of one recipient is filled with. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Recipient(NamedTuple):
    """One person, one message. `fields` holds name, organisation and attributes, as stored, unescaped.

    A tuple, since one is made for every message; its parts are always named.
    """

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
    preferences_url: str = ""
    """The page where they change how they are mailed; empty for nobody in particular."""
    list_unsubscribe: bytes = b""
    """The List-Unsubscribe header, if it is laid out already (newsletter/message/patterns.py)."""
    encoded: Mapping[str, bytes] = MappingProxyType({})
    """Values of fields that are encoded already, by their text."""
