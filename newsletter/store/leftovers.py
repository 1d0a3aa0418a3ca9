"""What files of ours may still hold of people who were erased, and its removal before a receipt is written (I5).

Exports hold whole lists, so every one made before an erasure names who is gone: they are removed with the first
erasure after them. What must live longer is written to another path, which leaves the promise and says so.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from subscribers.scrubbing import Sweeper

FOLDERS = ("exports",)
"""Folders below `data_dir` that hold files about people."""


def sweepers(data_dir: Path) -> Sequence[Sweeper]:
    """One sweeper for all folders; a file that cannot be removed raises OSError, and the scrub stays due."""

    def sweep(_now: datetime) -> dict[str, int]:
        return {name: _emptied(data_dir / name) for name in FOLDERS}

    return (sweep,)


def _emptied(folder: Path) -> int:
    files = [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]
    for path in files:
        path.unlink(missing_ok=True)
    return len(files)
