"""The images of issues, in `data_dir/media` under their digest: written once, never changed (edge)."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from newsletter.compose.assets import AssetFile
from subscribers.errors import ServiceError

FOLDER = "media"


def save_media(data_dir: Path, files: Iterable[AssetFile]) -> None:
    """Write every image that is not there yet, whole and durable; raises ServiceError if the disk does not take it."""
    folder = data_dir / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in files:
            if not (folder / file.asset.name).exists():
                _write(folder / file.asset.name, file.content)
    except OSError as error:
        raise ServiceError(
            f"images cannot be written: {error.strerror}",
            where=str(folder),
            remedy="make room on the disk, or make the folder writable for this user",
        ) from None


def _write(path: Path, content: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
