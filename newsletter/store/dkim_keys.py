"""DKIM keys on disk: read when a job begins, made by `newsletter doctor --new-dkim-key` (edge)."""

import os
from base64 import b64encode
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from newsletter.config import Configuration
from newsletter.config_dkim import Dkim
from newsletter.config_secrets import read_private
from newsletter.message.dkim import SMALLEST_RSA, DkimKey, PrivateKey, Signer
from subscribers.errors import ConfigurationError, ServiceError

_EXPONENT = 65537


def signer_of(configuration: Configuration, list_slug: str) -> Signer | None:
    """What signs the mail of a list, None if it names no key; raises ConfigurationError for a key that cannot sign."""
    names = configuration.mailing_list(list_slug).dkim
    keys = tuple(load_key(configuration, configuration.dkim[name]) for name in names)
    return Signer(keys) if keys else None


def load_key(configuration: Configuration, dkim: Dkim) -> DkimKey:
    """Read one key; raises ConfigurationError if it is missing, open to others, too small, or no key."""
    path = configuration.folder / dkim.key_file
    try:
        private = load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigurationError(
            "this is not a private key in PEM without a password",
            where=str(path),
            remedy="make one with `newsletter doctor --new-dkim-key NAME`",
        ) from None
    return DkimKey(domain=dkim.domain, selector=dkim.selector, private=_fit(private, path))


def create_key(path: Path, *, ed25519: bool = False) -> PrivateKey:
    """Make a new key at `path`, readable by its owner only.

    Raises ConfigurationError if the file exists (a key in use is never overwritten), ServiceError if it cannot be made.
    """
    private: PrivateKey = Ed25519PrivateKey.generate() if ed25519 else generate_private_key(_EXPONENT, SMALLEST_RSA)
    content = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise ConfigurationError(
            "there is a file of this name already, perhaps a key in use",
            where=str(path),
            remedy="choose another name: a new key gets a new selector, and the old one stays until its mail is read",
        ) from None
    except OSError as error:
        raise ServiceError(
            f"the key cannot be written: {error.strerror}", where=str(path), remedy="make the folder writable"
        ) from None
    return private


def public_record(private: PrivateKey) -> str:
    """The TXT record that lets everybody check what `private` signs (RFC 6376 section 3.6.1, RFC 8463 section 4)."""
    if isinstance(private, RSAPrivateKey):
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={b64encode(public).decode('ascii')}"
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k=ed25519; p={b64encode(public).decode('ascii')}"


def _read(path: Path) -> bytes:
    return read_private(
        path,
        "the DKIM key",
        remedy="mend key_file, or make a key with `newsletter doctor --new-dkim-key NAME`",
        danger="whoever has it can sign in your name",
    )


def _fit(private: object, path: Path) -> PrivateKey:
    if isinstance(private, Ed25519PrivateKey):
        return private
    if isinstance(private, RSAPrivateKey) and private.key_size >= SMALLEST_RSA:
        return private
    raise ConfigurationError(
        f"a DKIM key is RSA of {SMALLEST_RSA} bits or more, or Ed25519",
        where=str(path),
        remedy="make one with `newsletter doctor --new-dkim-key NAME`",
    )
