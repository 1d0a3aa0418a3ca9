"""A process that signs: `python -m newsletter.delivery.signatory`, started by newsletter/delivery/signing.py (edge).

An RSA signature takes longer than all the rest of a message, and holds the interpreter's lock. Here it holds nobody up.
It reads its keys and then groups to be signed from standard input, and ends with it: when its parent dies, however
that comes about, nothing is left behind. Keys come through the pipe, never on the command line or in the environment.
"""

import marshal
import signal
import struct
import sys
from collections.abc import Sequence
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from newsletter.message.dkim import Digested, DkimKey, Signer

LENGTH = struct.Struct(">I")
"""Octets of what follows, before each piece in both directions."""


def packed(value: Any) -> bytes:  # noqa: ANN401 - whatever marshal takes
    """One piece: `value` with its length before it. Both sides are the same interpreter, so marshal will do."""
    data = marshal.dumps(value)
    return LENGTH.pack(len(data)) + data


def keys_to_send(signer: Signer) -> bytes:
    """The first piece: the keys."""
    return packed([(key.domain, key.selector, _pem(key)) for key in signer.keys])


def group_to_send(messages: Sequence[bytes], stamp: int) -> bytes:
    """A group to be signed at `stamp` (seconds since 1970); raises MessageShapeError for what is no message."""
    return packed((stamp, [tuple(Digested.of(message)) for message in messages]))


def main() -> None:
    """Sign until nothing more comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever pressed Ctrl-C meant the parent, which ends in order
    source, target = sys.stdin.buffer, sys.stdout.buffer
    keys = _received(source)
    if keys is None:
        return
    signer = Signer(tuple(_key(*key) for key in keys))
    while (group := _received(source)) is not None:
        stamp, messages = group
        target.write(packed([signer.signatures_of(Digested(*message), stamp) for message in messages]))
        target.flush()


def _received(source: BinaryIO) -> Any:  # noqa: ANN401 - what `packed` was given
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return marshal.loads(source.read(LENGTH.unpack(head)[0]))  # noqa: S302 - from our own parent


def _pem(key: DkimKey) -> bytes:
    return key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _key(domain: str, selector: str, pem: bytes) -> DkimKey:
    private: Any = load_pem_private_key(pem, password=None)
    return DkimKey(domain=domain, selector=selector, private=private)


if __name__ == "__main__":
    main()
