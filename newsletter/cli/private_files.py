"""Files about people: below `data_dir` unless asked otherwise, readable by their owner only, never half-written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from subscribers.errors import InputError, ServiceError

FOLDER = "exports"
"""Below `data_dir`; emptied by the erasures that follow (newsletter/store/leftovers.py)."""


def path_below(data_dir: Path, name: str, now: datetime, suffix: str) -> Path:
    """A new name in the folder of exports: `nieuwsbrief-20270614-093000.csv`, numbered if it is taken."""
    stem = data_dir / FOLDER / f"{name}-{now.astimezone():%Y%m%d-%H%M%S}"
    path, number = stem.with_name(f"{stem.name}.{suffix}"), 2
    while path.exists():
        path, number = stem.with_name(f"{stem.name}-{number}.{suffix}"), number + 1
    return path


def asked(path: Path, option: str) -> Path:
    """A path that was typed for `option`: its folder is there, and nothing is overwritten; raises InputError."""
    if path.exists() or path.is_symlink():
        raise InputError("this file exists already", where=str(path), remedy="remove it, or name another")
    if not path.parent.is_dir():
        raise InputError("there is no such folder", where=str(path.parent), remedy=f"make it, or mend {option}")
    return path


def is_below(data_dir: Path, path: Path) -> bool:
    """Whether erasures reach the file: only what lies in the folder of exports is removed by them."""
    return path.resolve().is_relative_to((data_dir / FOLDER).resolve())


def shown(path: Path) -> str:
    """A path as it is printed: bytes of its name that are no UTF-8 become question marks."""
    return os.fsencode(path).decode("utf-8", "replace")


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    """The file at `path`, mode 0600, under its name only when it is whole; raises ServiceError."""
    partial = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - a descriptor, not a path
                yield file
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise ServiceError(
            f"the file cannot be written: {error.strerror}",
            where=str(path),
            remedy="make room on the disk, or choose another folder",
        ) from None
