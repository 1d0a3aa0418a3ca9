"""What survives a power cut: names of files, once the folder that they stand in is on the disk (edge)."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make names that were made or changed in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
