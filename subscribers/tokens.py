"""Signed tokens for links: unforgeable, bound to one use and one random id, without personal data (A13, I7). Pure.

    version(1) key id(1) purpose(1) ref(16) mac(17)   = 36 bytes = 48 characters of base64url, no spare bits

36 bytes are a whole number of base64 groups, so a token has exactly one spelling: no padding, no bit that could be
changed unseen. The MAC is HMAC-SHA256 (cut to 136 bits) over all bytes before it, under a subkey per purpose. Tokens
name a subscription, never a delivery, and do not expire: old mail must keep its way out.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from subscribers.macs import Mac

VERSION = 1
LENGTH = 48
"""Characters of a token."""
REF_OCTETS = 16
KEY_OCTETS = 32
_MAC_OCTETS = 17
_HEAD_OCTETS = 3
_SPELLING = re.compile(r"[A-Za-z0-9_-]{48}", re.ASCII)


class Purpose(IntEnum):
    """What a token lets its bearer do; a number is never used again for something else."""

    UNSUBSCRIBE = 1
    """End one subscription."""
    CONFIRM = 2
    """Confirm a sign-up (double opt-in)."""
    MANAGE = 3
    """See and change what is known of one person."""
    MY_DATA = 4
    """Open everything that is stored, once; names a notice."""
    ADDRESS = 5
    """Confirm a change of address, once; names a notice."""
    UNDO = 6
    """Take an ending back; names a subscription, and is mailed to its owner only."""
    PRESSED = 7
    """Says when a button was pressed; names that moment and a subscription (newsletter/web/pressing.py)."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The secret keys (32 bytes each, by id 1-255) and which of them signs. Old ones still verify."""

    keys: Mapping[int, bytes] = field(repr=False)
    current: int
    _subkeys: dict[tuple[int, str], bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a ring that could not sign, or whose keys could be guessed."""
        if self.current not in self.keys:
            msg = f"key {self.current} signs, but is not on the ring"
            raise ValueError(msg)
        if any(not 1 <= number <= 255 or len(key) != KEY_OCTETS for number, key in self.keys.items()):  # noqa: PLR2004 - one octet
            msg = f"keys are {KEY_OCTETS} bytes and numbered 1-255"
            raise ValueError(msg)

    def subkey(self, label: str, key_id: int | None = None) -> bytes:
        """The key for one use, made from the current master key, or from the one numbered `key_id`."""
        place = (self.current if key_id is None else key_id, label)
        if place not in self._subkeys:
            self._subkeys[place] = hmac.digest(self.keys[place[0]], label.encode(), "sha256")
        return self._subkeys[place]

    def subkeys(self, label: str) -> tuple[bytes, ...]:
        """The keys for one use of every master key, the current one first: for MACs that name no key."""
        others = (number for number in sorted(self.keys) if number != self.current)
        return tuple(self.subkey(label, number) for number in (self.current, *others))

    def sign(self, purpose: Purpose, ref: bytes) -> str:
        """The token that lets its bearer do `purpose` to `ref` (16 random bytes); the same one every time."""
        if len(ref) != REF_OCTETS:
            msg = f"a ref has {REF_OCTETS} bytes, not {len(ref)}"
            raise ValueError(msg)
        return self.signer(purpose)(ref)

    def signer(self, purpose: Purpose) -> Callable[[bytes], str]:
        """`sign` for one purpose and many refs of the right length: keys are set up once."""
        head, mac = bytes((VERSION, self.current, purpose)), Mac(self.subkey(_label(purpose)))

        def sign(ref: bytes) -> str:
            body = head + ref
            return urlsafe_b64encode(body + mac.digest(body)[:_MAC_OCTETS]).decode("ascii")

        return sign

    def verify(self, purpose: Purpose, token: str) -> bytes | None:
        """The ref that `token` names, or None for a token that we did not sign for `purpose`.

        Takes the same time for every token of the right length and alphabet: the MAC is always computed and compared
        whole, and only then is the verdict given.
        """
        if not _SPELLING.fullmatch(token):
            return None
        data = urlsafe_b64decode(token)
        body, mac = data[:-_MAC_OCTETS], data[-_MAC_OCTETS:]
        version, key_id, found = body[:_HEAD_OCTETS]
        is_known = key_id in self.keys
        key = self.subkey(_label(purpose), key_id if is_known else self.current)
        is_signed = hmac.compare_digest(mac, _mac(key, body))
        is_right = is_signed & is_known & (version == VERSION) & (found == purpose)
        return body[_HEAD_OCTETS:] if is_right else None


def _label(purpose: Purpose) -> str:
    return f"token {int(purpose)}"


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:_MAC_OCTETS]
