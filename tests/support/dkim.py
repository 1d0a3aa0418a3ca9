"""Keys and verifiers for DKIM: dkimpy, npm's mailauth, and OpenDKIM's own checker that asks a DNS server of ours."""

import json
import subprocess
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import dkim as dkimpy
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from newsletter.message.dkim import DkimKey
from newsletter.store.dkim_keys import public_record

SUPPORT = Path(__file__).parent


@cache
def rsa_key(selector: str = "rsa2027", bits: int = 2048) -> DkimKey:
    return DkimKey(domain="example.org", selector=selector, private=generate_private_key(65537, bits))


@cache
def ed25519_key(selector: str = "ed2027") -> DkimKey:
    return DkimKey(domain="example.org", selector=selector, private=Ed25519PrivateKey.generate())


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
