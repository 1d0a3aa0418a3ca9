"""What tells a file or folder from a copy of it: its inode, and the moment it was born.

Renaming it, or moving it on the same file system, changes neither; nor does a new host name, a new path of a volume in
a container, chmod or chown. Copying it, restoring it from a backup of files, or moving it to another disk changes both.
"""

import ctypes
import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

_AT_FDCWD = -100
_STATX_BTIME = 0x800
_BTIME = struct.Struct("qI")
_BTIME_OFFSET = 80
_STATX_OCTETS = 256


def place_of(path: Path) -> str:
    """`inode:time of birth`; raises OSError if there is no such file or folder."""
    return f"{path.stat().st_ino}:{_birth(path)}"


def is_same_place(one: str, other: str) -> bool:
    """Whether two texts of `place_of` are of one file; where a system does not tell births, inodes must do."""
    inode, _, born = one.partition(":")
    other_inode, _, other_born = other.partition(":")
    return inode == other_inode and (born == other_born or "" in {born, other_born})


def _birth(path: Path) -> str:
    """When the file came into being, in nanoseconds; empty if the system does not say."""
    known: Any = getattr(path.stat(), "st_birthtime", None)
    if known is not None:
        return str(int(known * 1_000_000_000))
    buffer = ctypes.create_string_buffer(_STATX_OCTETS)
    with suppress(AttributeError, OSError):  # no statx in this C library
        statx = ctypes.CDLL(None).statx
        if statx(_AT_FDCWD, os.fsencode(path), 0, _STATX_BTIME, buffer) == 0:
            seconds, nanoseconds = _BTIME.unpack_from(buffer, _BTIME_OFFSET)
            return str(seconds * 1_000_000_000 + nanoseconds) if seconds else ""
    return ""
