"""DKIM signatures over finished messages: rsa-sha256 and Ed25519 (RFC 6376, 8301, 8463, A14, A21). Pure.

Canonicalisation is `relaxed/simple`. Headers may be refolded by a relay, so they are relaxed. Our bodies are 7-bit
text without spaces at line ends, which nothing on the way has a reason to change, so they are hashed as they are:
one pass of SHA-256, no rewriting.

From, To, Subject, Date and the two unsubscribe headers are signed once more than they occur: a second one put in on
the way breaks the signature. There is no `l=`: the whole body is signed.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from subscribers.clock import require_aware

PrivateKey: TypeAlias = RSAPrivateKey | Ed25519PrivateKey

SMALLEST_RSA = 2048
"""Bits (RFC 8301 allows 1024; receivers ask more, A21)."""
OVERSIGNED = ("from", "to", "subject", "date", "list-unsubscribe", "list-unsubscribe-post")
SIGNED = (
    *OVERSIGNED,
    *("reply-to", "message-id", "list-id", "precedence", "auto-submitted", "in-reply-to", "references"),
    *("mime-version", "content-type", "content-transfer-encoding"),
)
"""Names of the headers that are signed, if they are there; the oversigned ones also if they are not."""

_OF_ONE_PERSON = (b"To:", b"Subject:", b"Date:", b"Message-ID:", b"List-Unsubscribe:")
_PADDING = PKCS1v15()
_HASH = SHA256()
_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_END = b"\r\n\r\n"
_LINE = 72
"""Characters of a line of the signature."""


class MessageShapeError(ValueError):
    """The message cannot be signed: no From, or no empty line after its headers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimKey:
    """One key of a domain: its public half stands in DNS at `<selector>._domainkey.<domain>`."""

    domain: str
    """As A-label."""
    selector: str
    private: PrivateKey

    @property
    def algorithm(self) -> str:
        """The `a=` tag."""
        return "rsa-sha256" if isinstance(self.private, RSAPrivateKey) else "ed25519-sha256"

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`; Ed25519 signs its SHA-256 (RFC 8463 section 3)."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(data, _PADDING, _HASH)
        return self.private.sign(hashlib.sha256(data).digest())


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs messages with every one of its keys; immutable, so threads and processes may share it."""

    keys: tuple[DkimKey, ...]

    def signed(self, message: bytes, at: datetime) -> bytes:
        """`message` with its signatures before it."""
        return self.signatures(message, at) + message

    def signatures(self, message: bytes, at: datetime) -> bytes:
        """The DKIM-Signature header lines for a finished message, CRLF after each.

        Raises MessageShapeError for what is no message.
        """
        return self.signatures_of(Digested.of(message), int(require_aware(at).timestamp()))

    def signatures_of(self, digested: "Digested", stamp: int) -> bytes:
        """The same, made at `stamp` (seconds since 1970), when the body is hashed already."""
        names, canonical = _chosen(digested.head)
        return b"".join(_signature(key, names, canonical, digested.body_hash, stamp) for key in self.keys)


class Digested(NamedTuple):
    """What of a message is signed: small enough to be signed elsewhere."""

    head: bytes
    """The headers, without the empty line after them."""
    body_hash: bytes
    """The `bh=` tag."""

    @classmethod
    def of(cls, message: bytes) -> "Digested":
        """Cut the headers off and hash the body; raises MessageShapeError for what is no message."""
        headers_end = message.find(_END)
        if headers_end < 0:
            raise MessageShapeError("no empty line after the headers")
        return cls(message[:headers_end], body_hash(message, headers_end + len(_END)))


def body_hash(message: bytes, start: int) -> bytes:
    """Base64 of the SHA-256 of the body from `start` on, canonicalised `simple`: one line end at the end."""
    end = len(message)
    while end - start >= len(_END) and message.endswith(_END, start, end):
        end -= 2
    digest = hashlib.sha256(memoryview(message)[start:end])
    if not message.endswith(b"\r\n", start, end):
        digest.update(b"\r\n")
    return b64encode(digest.digest())


def relaxed(field: bytes) -> bytes:
    """One header field canonicalised `relaxed`, without a line end (RFC 6376 section 3.4.2)."""
    name, _, value = field.partition(b":")
    value = value.replace(b"\r\n", b"").replace(b"\t", b" ")
    while b"  " in value:
        value = value.replace(b"  ", b" ")
    return name.strip().lower() + b":" + value.strip(b" ")


def _chosen(head: bytes) -> tuple[str, bytes]:
    """The `h=` list, and what of the headers is signed, a CRLF after each."""
    names: list[str] = []
    lines: list[bytes] = []
    for field in _FIELD_END.split(head):
        name, line = _read(field) if field.startswith(_OF_ONE_PERSON) else _read_known(field)
        names.append(name)
        lines.append(line)
    listed, order = _order(tuple(names))
    return listed, b"".join([lines[index] for index in order])


def _read(field: bytes) -> tuple[str, bytes]:
    """The name of a field, and the field relaxed with its line end."""
    line = relaxed(field) + b"\r\n"
    return line.partition(b":")[0].decode("ascii", "replace"), line


_read_known = lru_cache(maxsize=64)(_read)
"""For fields that are the same in every message of an issue: nobody's address stays in memory (I5)."""


@lru_cache(maxsize=16)
def _order(names: tuple[str, ...]) -> tuple[str, tuple[int, ...]]:
    """For fields of these names: the `h=` list, and in which order which of them are signed.

    Of fields that occur more than once the last is signed first (RFC 6376 section 5.4.2); the oversigned ones are
    listed once more than they are there. Raises MessageShapeError without From.
    """
    if "from" not in names:
        raise MessageShapeError("no From")
    at = {name: [index for index, other in enumerate(names) if other == name] for name in SIGNED}
    listed = [name for name in SIGNED for _ in range(len(at[name]) + (name in OVERSIGNED))]
    return ": ".join(listed), tuple(index for name in SIGNED for index in reversed(at[name]))


def _signature(key: DkimKey, names: str, canonical: bytes, bh: bytes, stamp: int) -> bytes:
    """One header: what is hashed is its unfolded form with an empty `b=`, which relaxing the folded one gives again."""
    t = b"%d" % stamp
    unfolded, folded = _layout(key.algorithm, key.domain, key.selector, names, len(t), len(bh))
    value = b64encode(key.sign(canonical + unfolded[0] + t + unfolded[1] + bh + unfolded[2]))
    pieces = [value[index : index + _LINE] for index in range(0, len(value), _LINE)]
    return b"\r\n ".join((folded[0] + t + folded[1] + bh + folded[2], *pieces)) + b"\r\n"


_Layout: TypeAlias = tuple[bytes, bytes, bytes]
"""What stands before, between and after the time and the hash of the body."""


@lru_cache(maxsize=16)
def _layout(
    algorithm: str, domain: str, selector: str, names: str, t_length: int, bh_length: int
) -> tuple[_Layout, _Layout]:
    """The signature unfolded as it is hashed, and folded as it is sent, up to `b=`: the same for a whole job."""
    t, bh = "\0" * t_length, "\1" * bh_length
    tags = f"v=1; a={algorithm}; c=relaxed/simple; d={domain}; s={selector}; t={t}; h={names}; bh={bh}; b="
    folded = _folded(["DKIM-Signature:", *tags.split(" ")])
    return _around(f"dkim-signature:{tags}", t, bh), _around(folded, t, bh)


def _around(text: str, t: str, bh: str) -> _Layout:
    before, _, rest = text.partition(t)
    between, _, after = rest.partition(bh)
    return before.encode("ascii"), between.encode("ascii"), after.encode("ascii")


def _folded(words: Iterable[str]) -> str:
    """Words with single spaces or folds between them."""
    lines, line = [], ""
    for word in words:
        if line and len(line) + 1 + len(word) > _LINE:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join((*lines, line))
