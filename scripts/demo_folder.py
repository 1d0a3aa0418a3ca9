"""The folder in which the demo makes its project: whole at the end, or gone."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

UNFINISHED = ".demo-unfinished"
"""A file in the folder while the demo runs: one that was killed half-way does not block the next."""


@dataclass(frozen=True)
class Finish:
    """Called when the project is whole: the folder stays from then on."""

    folder: Path

    def __call__(self) -> None:
        """Nothing is removed any more."""
        (self.folder / UNFINISHED).unlink()


@contextmanager
def project_folder(wanted: Path | None) -> Iterator[Finish]:
    """An empty folder, `wanted` or a temporary one; removed again if the body ends before the project is whole."""
    folder = (wanted or Path(tempfile.mkdtemp(prefix="newsletter-demo-"))).resolve()
    if (folder / UNFINISHED).exists():
        shutil.rmtree(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        sys.exit(f"{folder} is there already, and it is not empty: name another folder, or remove it.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / UNFINISHED).touch()
    try:
        yield Finish(folder)
    finally:
        if (folder / UNFINISHED).exists():
            shutil.rmtree(folder, ignore_errors=True)
            sys.stderr.write(f"The half-made project in {folder} was removed.\n")
