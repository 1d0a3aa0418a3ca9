"""Private files: secrets that newsletter.toml names a file for, and keys. Nobody but their owner may use them."""

import os
import stat
from pathlib import Path

from subscribers.errors import ConfigurationError

LARGEST = 64 * 1024
"""Octets that are read of a private file."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_private(path: Path, what: str, *, remedy: str, danger: str = "") -> bytes:
    """The bytes of a file that nobody but its owner may use.

    `what` names it for people, `remedy` says how to get one, `danger` what somebody could do with it. Raises
    ConfigurationError for a file that cannot be read or that others may use: the very file that was read is looked at.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(LARGEST)
    except OSError as error:
        raise ConfigurationError(f"{what} cannot be read: {error.strerror}", where=str(path), remedy=remedy) from None
    if mode & _OTHERS:
        raise ConfigurationError(
            f"others than its owner may use {what}" + (f": {danger}" if danger else ""),
            where=str(path),
            remedy=f"chmod 600 {path}",
        )
    return data


def read_secret(path: Path, key: str = "password_file") -> str:
    """The only line of a file that nobody but its owner may read; raises ConfigurationError, naming the key."""
    remedy = "write the secret into this file, readable by this user only"
    try:
        return read_private(path, key, remedy=remedy).decode("utf-8").strip()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{key} cannot be read: it is not UTF-8", where=str(path), remedy=remedy) from None
