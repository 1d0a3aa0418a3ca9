"""What /proc knows of processes that a test did not start itself: those that sign, and who is left of a group."""

from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def children_of(parent: int) -> list[int]:
    """The processes that sign for `parent`."""
    found = []
    for folder in PROC.glob("[0-9]*"):
        with suppress(OSError):
            is_child = _fields(folder)[1] == str(parent)
            if is_child and b"newsletter.delivery.signatory" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def members_of(group: int) -> list[int]:
    """The processes of a group that have not ended, whoever is their parent by now."""
    found = []
    for folder in PROC.glob("[0-9]*"):
        with suppress(OSError):
            fields = _fields(folder)
            if fields[0] != "Z" and fields[2] == str(group):
                found.append(int(folder.name))
    return found


def is_running(process: int) -> bool:
    try:
        return _fields(PROC / str(process))[0] != "Z"
    except OSError:
        return False


def _fields(folder: Path) -> list[str]:
    """What /proc says of a process, from its state on: state, parent, group, ..."""
    return (folder / "stat").read_text().rpartition(")")[2].split()
