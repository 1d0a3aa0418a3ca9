"""Files about people that the software wrote: each kind grows old, and an erasure reaches into it (I5).

Exports hold whole lists, so every one made before an erasure names who is gone: they are removed with the first
erasure after them. What must live longer is written to another path, which leaves the promise and says so. Raw mails
that came back go one by one, those that name somebody who is gone; backups by their age alone.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from newsletter.config import Configuration
from newsletter.store.backup_folder import folder_of
from newsletter.store.feedback import existing
from newsletter.store.ledger import Ledger
from newsletter.store.rawmail import DONE, HUMAN, INCOMING, KeptMails, box
from newsletter.store.removing import remove_all, written_at
from subscribers.proving import Sweeper
from subscribers.retention import deadline_after, in_days
from subscribers.sweeping import Folder, Waiting

EXPORTS = "exports"


@dataclass(frozen=True, kw_only=True)
class Exports:
    """What commands wrote below `data_dir/exports`: lists, refused rows of an import, mails filled for somebody."""

    path: Path
    days: int
    zone: ZoneInfo
    name: str = EXPORTS

    @property
    def period(self) -> str:
        """How long a file stays, in words."""
        return in_days(self.days)

    def waiting(self, now: datetime) -> Waiting:
        """Count the files and their deadlines."""
        return _counted(list(self._dues().values()), now)

    def expire(self, now: datetime) -> Waiting:
        """Remove what is past its days; raises OSError."""
        old = {path: due for path, due in self._dues().items() if due <= now}
        remove_all(old)
        return _counted(list(old.values()), now)

    def empty(self, now: datetime) -> int:  # noqa: ARG002 - Folder's signature
        """Remove every file: each names who was erased, or may; raises OSError."""
        files = _files(self.path)
        remove_all(files)
        return len(files)

    def _dues(self) -> dict[Path, datetime]:
        found = {}
        for path in _files(self.path):
            with suppress(FileNotFoundError):  # removed meanwhile
                written = written_at(path.lstat().st_mtime)
                found[path] = deadline_after(written, self.days, self.zone)
        return found


def folders(configuration: Configuration, engine: Engine) -> tuple[Folder, ...]:
    """Every kind of file about people that this project writes."""
    data_dir, zone = configuration.data_dir, configuration.zone
    handled, waiting = configuration.retention.feedback, configuration.feedback.human_days
    mails = partial(KeptMails, zone=zone, existing=partial(existing, engine))
    return (
        Exports(path=data_dir / EXPORTS, days=configuration.retention.exports, zone=zone),
        mails(box=box(data_dir, DONE), name="feedback", days=handled),
        mails(box=box(data_dir, HUMAN), name="feedback-human", days=waiting),
        mails(box=box(data_dir, INCOMING), name="feedback-incoming", days=waiting),
        folder_of(configuration, Ledger(data_dir / "ledger")),
    )


def sweepers(found: Sequence[Folder]) -> tuple[Sweeper, ...]:
    """What an erasure asks of the folders; a file that cannot be removed raises OSError, and the scrub stays due."""
    return tuple(partial(_emptied, folder) for folder in found)


def _emptied(folder: Folder, now: datetime) -> dict[str, int]:
    return {folder.name: folder.empty(now)}


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() or path.is_symlink()]


def _counted(dues: Sequence[datetime], now: datetime) -> Waiting:
    return Waiting(count=len(dues), nearest=min(dues, default=None), overdue=sum(due <= now for due in dues))
