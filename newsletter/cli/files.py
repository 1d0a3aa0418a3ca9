"""Files that commands write for people: whole or not at all, and one clear message when the disk does not take them."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from subscribers.errors import InputError

MODE = 0o644


def write_whole(path: Path, content: bytes) -> None:
    """Write `path` under its name only when it is complete; raises OSError. Replaces an ordinary file, nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():
        raise OSError(0, "there is something else than a file under this name")
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(MODE)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_new(files: Mapping[Path, bytes]) -> None:
    """Write files of which none exists yet, all or none; raises InputError for one that does, or OSError."""
    for path in files:
        if path.exists():
            raise InputError(
                "this file exists already, and nothing is overwritten", where=str(path), remedy="choose another name"
            )
    done: list[Path] = []
    try:
        for path, content in files.items():
            write_whole(path, content)
            done.append(path)
    except BaseException:
        for path in done:
            path.unlink(missing_ok=True)
        raise


@contextmanager
def explained(where: Path) -> Iterator[None]:
    """Inside, an OSError becomes an InputError that says where and what can be done."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"it cannot be written: {error.strerror or type(error).__name__}",
            where=str(where),
            remedy="make room on the disk, or name a folder that this user may write to",
        ) from None
