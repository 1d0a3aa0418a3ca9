"""Seals on receipts: an HMAC under a key outside the database, so that who may write there cannot make one. Pure.

    hmac1.<key id>.<64 hexadecimal digits>

The key id stays readable: after a rotation of the secret key old receipts still verify. A digest without dots is the
bare SHA-256 of receipts that were made before there were seals.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import TypeAlias

from subscribers.tokens import Keyring

VERSION = "hmac1"
_LABEL = "receipt"

Seal: TypeAlias = Callable[[bytes], str]
"""The digest of what a receipt says."""
Verify: TypeAlias = Callable[[bytes, str], bool]
"""Whether a digest belongs to what a receipt says."""


def bare(said: bytes) -> str:
    """The digest without a key: it shows accidents, not intent."""
    return hashlib.sha256(said).hexdigest()


def is_sealed(digest: str) -> bool:
    """Whether a key went into this digest."""
    return "." in digest


def seal_with(keyring: Keyring) -> Seal:
    """Seals by the current key of `keyring`."""
    return lambda said: _sealed(keyring, keyring.current, said)


def verify_with(keyring: Keyring) -> Verify:
    """Knows the seals of every key on `keyring`, and digests from before seals."""

    def verify(said: bytes, digest: str) -> bool:
        if not is_sealed(digest):
            return digest == bare(said)
        key_id = digest.split(".")[1]
        number = int(key_id) if key_id in {str(known) for known in keyring.keys} else 0
        return number in keyring.keys and hmac.compare_digest(digest.encode(), _sealed(keyring, number, said).encode())

    return verify


def _sealed(keyring: Keyring, key_id: int, said: bytes) -> str:
    return f"{VERSION}.{key_id}.{hmac.digest(keyring.subkey(_LABEL, key_id), said, 'sha256').hex()}"
