"""Keys, mails to sign, and verifiers for DKIM: dkimpy and npm's mailauth."""

import json
import subprocess
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import dkim as dkimpy
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from newsletter.delivery.attempt import Letter
from newsletter.message.dkim import DkimKey
from newsletter.store.claims import Claimed
from newsletter.store.dkim_keys import public_record

SUPPORT = Path(__file__).parent


@cache
def rsa_key(selector: str = "rsa2027", bits: int = 2048) -> DkimKey:
    return DkimKey(domain="example.org", selector=selector, private=generate_private_key(65537, bits))


@cache
def ed25519_key(selector: str = "ed2027") -> DkimKey:
    return DkimKey(domain="example.org", selector=selector, private=Ed25519PrivateKey.generate())


def key_in(file: Path) -> DkimKey:
    """The RSA key of a file, to sign as `rsa_key` does."""
    return DkimKey(domain="example.org", selector="rsa2027", private=load_pem_private_key(file.read_bytes(), None))


def write_key(file: Path, key: DkimKey) -> None:
    """Write what `key_in` reads."""
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(pem)


def mail(number: int) -> bytes:
    head = f"From: Voorbeeld <nieuws@example.org>\r\nTo: p{number}@example.org\r\nSubject: Nummer {number}\r\n\r\n"
    return head.encode() + b"Een regel tekst.\r\n" * 40


def letter(claimed: Claimed) -> Letter:
    return Letter("bounce@example.org", claimed.address, mail(claimed.delivery), is_plain=True)


def records_of(*keys: DkimKey) -> dict[str, str]:
    """What DNS says of these keys."""
    return {f"{key.selector}._domainkey.{key.domain}": public_record(key.private) for key in keys}


def dkimpy_verifies(message: bytes, records: Mapping[str, str]) -> bool:
    """What dkimpy says of the first signature."""

    def ask(name: bytes, timeout: int = 5) -> bytes:
        return records.get(name.decode().rstrip("."), "").encode()

    return bool(dkimpy.verify(message, dnsfunc=ask))


def mailauth_verdicts(tools: Path, messages: Sequence[bytes], records: Mapping[str, str]) -> list[list[str]]:
    """What mailauth says of every signature of every message: pass, fail, neutral."""
    asked = "".join(
        json.dumps({"message": b64encode(message).decode(), "records": dict(records)}) + "\n" for message in messages
    )
    done = subprocess.run(
        ["node", SUPPORT / "verify_dkim.mjs", tools], input=asked, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
