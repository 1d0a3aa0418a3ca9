"""The secret keys in `data_dir/secret.key`: made on first use, readable by their owner only, never changed by us.

Text, so that it can be copied and backed up; one key per line, the last one signs:

    newsletter-secret 1
    1 <64 hexadecimal digits>

To rotate, add a line with the next number. Remove none: links in mail that was sent need the old keys.
"""

import os
import re
import secrets
import tempfile
from pathlib import Path

from newsletter.config_secrets import read_private
from subscribers.errors import ConfigurationError, ServiceError
from subscribers.tokens import KEY_OCTETS, Keyring

FILE_NAME = "secret.key"
_HEADER = "newsletter-secret 1"
_LINE = re.compile(rf"([1-9][0-9]{{0,2}}) ([0-9a-f]{{{2 * KEY_OCTETS}}})", re.ASCII)


def load_keyring(data_dir: Path) -> Keyring:
    """The keys of this project; the file is made if there is none.

    Raises ConfigurationError for a file that is damaged or that others may read, ServiceError if none can be made.
    Two processes that start at once get the same key: the file appears whole, and the first one wins.
    """
    path = data_dir / FILE_NAME
    if not path.exists():
        _create(path)
    return _parse(_read(path), path)


def _create(path: Path) -> None:
    content = f"{_HEADER}\n1 {secrets.token_hex(KEY_OCTETS)}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp opens with O_CREAT | O_EXCL and mode 0600; link() never replaces a file that another process made.
        descriptor, temporary = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=path.parent)
        try:
            _write_durably(descriptor, content)
            _publish(Path(temporary), path)
        finally:
            Path(temporary).unlink()
    except OSError as error:
        raise ServiceError(
            f"the secret key cannot be written: {error.strerror}",
            where=str(path),
            remedy="make the folder writable for this user, or make room on the disk",
        ) from None


def _write_durably(descriptor: int, content: str) -> None:
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _publish(temporary: Path, path: Path) -> None:
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> str:
    data = read_private(
        path,
        "the secret key",
        remedy="make it readable for the user that runs newsletter",
        danger="whoever has it can unsubscribe everybody",
    )
    return data.decode("ascii", errors="replace")


def _parse(content: str, path: Path) -> Keyring:
    lines = [line.strip() for line in content.splitlines() if line.strip()]
    found = [_LINE.fullmatch(line) for line in lines[1:]]
    keys = {int(match[1]): bytes.fromhex(match[2]) for match in found if match}
    is_whole = lines[:1] == [_HEADER] and 0 < len(keys) == len(found) and max(keys) < 256  # noqa: PLR2004 - one octet
    if not is_whole:
        raise ConfigurationError(
            "the secret key file is damaged",
            where=str(path),
            remedy="restore it from a backup; with a new one, the unsubscribe links in mail that was sent stop working",
        )
    return Keyring(keys, list(keys)[-1])
