"""The file of a backup: what it is, in the clear; then the database, compressed, and encrypted if there is a key.

    newsletter-backup 1
    {manifest, one line of JSON}                     no personal data: versions, times, ids of key and ledger
    frames                                           D or E, four octets of length, the body

D frames hold the compressed database, at most a mebibyte each; the one E frame at the end holds its size and SHA-256,
which covers the manifest too. With a key every frame is sealed by AES-256-GCM under a key of this file alone (HKDF of
the configured key, salted), with its number and letter as nonce and the manifest as associated data: no frame can be
changed, left out, moved, or taken into another backup unseen.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from subscribers.clock import require_aware
from subscribers.errors import ConfigurationError, InputError

MAGIC = b"newsletter-backup 1\n"
FRAME = 1 << 20
"""Octets of compressed data in a frame."""
TAG_OCTETS = 16
LARGEST_PIECE = 4 * FRAME
"""Octets of the database handed on at once."""
LONGEST_MANIFEST = 16 * 1024
LEVEL = 1
"""Of zlib: what is written is limited by the disk, not by a few per cent of size."""
DATA, END = b"D", b"E"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup is; readable without the key."""

    program: str
    """Version of the program that made it."""
    schema: str
    """Revision of the schema in it."""
    dialect: str
    """sqlite (pages of the file) or postgresql (the output of pg_dump)."""
    created_at: datetime
    expires_at: datetime
    """When it had to go, as the configuration of that day says; a shorter one wins."""
    ledger: str
    """Random id of the ledger that goes with it, hex."""
    ledger_mark: str
    """The line that was written to the ledger just before: a ledger without it is older than the backup."""
    salt: str = ""
    """Hex; empty if it is not encrypted."""
    key_id: str = ""
    """Tells keys apart, and nothing about them."""

    @property
    def is_encrypted(self) -> bool:
        """Whether it takes a key to read."""
        return bool(self.salt)

    @cached_property
    def line(self) -> bytes:
        """As it stands in the file."""
        value = asdict(self) | {name: getattr(self, name).isoformat() for name in ("created_at", "expires_at")}
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Self:
        """The inverse of `line`; raises ValueError."""
        values: Any = json.loads(line)
        try:
            times = {name: require_aware(datetime.fromisoformat(values[name])) for name in ("created_at", "expires_at")}
            return cls(**(values | times))
        except (KeyError, TypeError) as error:
            msg = f"not the manifest of a backup: {error}"
            raise ValueError(msg) from None


class DamagedError(InputError):
    """The file is no backup, or not as it was written."""


class KeyRefusedError(ConfigurationError):
    """The backup is encrypted, and there is no key, or another one."""


def key_id(key: bytes) -> str:
    """A name for a key: eight hexadecimal digits of a digest."""
    return hashlib.sha256(b"newsletter backup key\0" + key).hexdigest()[:8]


@dataclass(kw_only=True)
class _Frames:
    """Sealing and opening the frames of one file, in order."""

    manifest: Manifest
    key: bytes | None
    number: int = 0
    _cipher: AESGCM | None = field(init=False)

    def __post_init__(self) -> None:
        salt = bytes.fromhex(self.manifest.salt)
        self._cipher = AESGCM(_file_key(self.key, salt)) if self.key and salt else None

    def sealed(self, letter: bytes, body: bytes) -> bytes:
        if self._cipher:
            body = self._cipher.encrypt(self._nonce(letter), body, self.manifest.line)
        self.number += 1
        return letter + len(body).to_bytes(4) + body

    def opened(self, letter: bytes, body: bytes) -> bytes:
        if self._cipher:
            try:
                body = self._cipher.decrypt(self._nonce(letter), body, self.manifest.line)
            except InvalidTag:
                raise DamagedError("it was changed after it was written, or its key is another one") from None
        self.number += 1
        return body

    def _nonce(self, letter: bytes) -> bytes:
        return self.number.to_bytes(11) + letter


def _file_key(key: bytes, salt: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"newsletter backup 1").derive(key)


class Writer:
    """Writes one backup into `file`."""

    def __init__(self, file: BinaryIO, manifest: Manifest, key: bytes | None) -> None:
        self._file = file
        self._frames = _Frames(manifest=manifest, key=key)
        self._compressor = zlib.compressobj(LEVEL)
        self._pending = bytearray()
        self._digest = hashlib.sha256(manifest.line)
        self._octets = 0
        file.write(MAGIC + manifest.line)

    def write(self, data: bytes) -> None:
        """Add a piece of the database."""
        self._digest.update(data)
        self._octets += len(data)
        self._pending += self._compressor.compress(data)
        while len(self._pending) >= FRAME:
            self._file.write(self._frames.sealed(DATA, bytes(self._pending[:FRAME])))
            del self._pending[:FRAME]

    def finish(self) -> str:
        """Write the end; the digest of the whole."""
        rest = bytes(self._pending) + self._compressor.flush()
        for start in range(0, len(rest), FRAME):
            self._file.write(self._frames.sealed(DATA, rest[start : start + FRAME]))
        end = {"octets": self._octets, "sha256": self._digest.hexdigest()}
        self._file.write(self._frames.sealed(END, json.dumps(end).encode()))
        return self._digest.hexdigest()


def read_manifest(file: BinaryIO) -> Manifest:
    """The manifest at the beginning of `file`, which then stands at the first frame; raises DamagedError."""
    if file.read(len(MAGIC)) != MAGIC:
        raise DamagedError("it is no backup of this program")
    line = file.readline(LONGEST_MANIFEST)
    try:
        found = Manifest.read(line)
        bytes.fromhex(found.salt)
    except (ValueError, TypeError, AttributeError):
        raise DamagedError("its beginning is damaged") from None
    if found.line != line:  # what is checked at the end is what is written here, to the letter
        raise DamagedError("its beginning is damaged")
    return found


def contents(file: BinaryIO, manifest: Manifest, key: bytes | None) -> Iterator[bytes]:
    """The database, piece by piece, from a file that stands at its first frame.

    Only when the iterator ends without an error was all of it as it was written. Raises DamagedError, and
    KeyRefusedError before anything is read.
    """
    check_key(manifest, key)
    frames, expand = _Frames(manifest=manifest, key=key), zlib.decompressobj()
    digest, octets = hashlib.sha256(manifest.line), 0
    for letter, body in _bodies(file):
        opened = frames.opened(letter, body)
        if letter == END:
            _check_end(
                opened, {"octets": octets, "sha256": digest.hexdigest()}, is_whole=expand.eof and not file.read(1)
            )
            return
        for piece in _expanded(expand, opened):
            digest.update(piece)
            octets += len(piece)
            yield piece
    raise DamagedError("its end is missing")


def check_key(manifest: Manifest, key: bytes | None) -> None:
    """Raise KeyRefusedError unless `key` is the one that the backup was made with."""
    remedy = "name the key file that it was made with: [backup] key_file, or --key-file"
    if manifest.is_encrypted and key is None:
        raise KeyRefusedError("the backup is encrypted, and no key is configured", remedy=remedy)
    if manifest.is_encrypted and key is not None and key_id(key) != manifest.key_id:
        raise KeyRefusedError(f"the backup was encrypted with another key ({manifest.key_id})", remedy=remedy)


def _bodies(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Letter and body of each frame."""
    while head := file.read(5):
        letter, length = head[:1], int.from_bytes(head[1:])
        if letter not in {DATA, END} or length > FRAME + TAG_OCTETS:
            raise DamagedError("a frame of it is damaged")
        body = file.read(length)
        if len(body) != length:
            raise DamagedError("its end is missing")
        yield letter, body


def _expanded(expand: Any, data: bytes) -> Iterator[bytes]:  # noqa: ANN401 - zlib names no type of its own
    """What compressed data says, a limited piece of it in memory at once."""
    try:
        piece = b"-"
        while data or len(piece) == LARGEST_PIECE:
            piece = expand.decompress(data, LARGEST_PIECE)
            data = expand.unconsumed_tail
            yield piece
    except zlib.error:
        raise DamagedError("its compressed data is damaged") from None


def _check_end(end: bytes, found: dict[str, Any], *, is_whole: bool) -> None:
    try:
        said = json.loads(end)
    except ValueError:
        said = None
    if said != found or not is_whole:
        raise DamagedError("it is not what was written: size or digest differ")
