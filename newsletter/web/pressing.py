"""Which press of a button an undo belongs to: the way back on a farewell page is for who left by it, and for no other.

The button's link stands in every mail, and mails are forwarded. If its page alone named the subscription, whoever holds
an old mail could bring its owner back after they had left. So the path of the undo says when the button was pressed,
signed, and whether that press ended anything is decided by the store (subscribers/returning.py).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from subscribers.tokens import REF_OCTETS, Keyring, Purpose

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT_OCTETS = 8
_NAME_OCTETS = REF_OCTETS - _MOMENT_OCTETS


@dataclass(frozen=True, kw_only=True)
class Presses:
    """Signs and reads presses. Pure but for the keys."""

    keyring: Keyring

    def sign(self, ref: bytes, pressed_at: datetime) -> str:
        """The end of the path of an undo: the subscription, and the press."""
        moment = (pressed_at - _EPOCH) // timedelta(microseconds=1)
        press = moment.to_bytes(_MOMENT_OCTETS) + _name(ref)
        return f"{self.keyring.sign(Purpose.UNSUBSCRIBE, ref)}/{self.keyring.sign(Purpose.PRESSED, press)}"

    def read(self, token: str, press: str) -> tuple[bytes, datetime] | None:
        """The subscription and the moment; None unless both texts are ours and belong together."""
        ref = self.keyring.verify(Purpose.UNSUBSCRIBE, token)
        pressed = self.keyring.verify(Purpose.PRESSED, press)
        if ref is None or pressed is None or pressed[_MOMENT_OCTETS:] != _name(ref):
            return None
        return ref, _EPOCH + timedelta(microseconds=int.from_bytes(pressed[:_MOMENT_OCTETS]))


def _name(ref: bytes) -> bytes:
    return sha256(ref).digest()[:_NAME_OCTETS]
