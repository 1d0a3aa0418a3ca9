"""The folder of backups as retention sees it: files that grow old, and a ledger that grows old with them (I4, I11).

An erasure does not reach into a backup: who is gone is in the older ones until these are gone, too. Their life and the
longest retention together stay within the promise (newsletter/config_backup.py), and a backup past its life is overdue
like a row past its deadline.
"""

from dataclasses import dataclass
from datetime import datetime

from newsletter.config import Configuration
from newsletter.store.backups import BackupFile, Keeping, keeping_of, left_behind, listed
from newsletter.store.ledger import Ledger
from newsletter.store.ledger_upkeep import expire as expire_ledger
from newsletter.store.removing import remove_all
from subscribers.retention import in_days
from subscribers.sweeping import Waiting


@dataclass(frozen=True, kw_only=True)
class BackupFolder:
    """A `Folder` (subscribers/sweeping.py) of backups, and the ledger that outlives them."""

    keeping: Keeping
    ledger: Ledger

    @property
    def name(self) -> str:
        """The rule by which backups go."""
        return "backups"

    @property
    def period(self) -> str:
        """How long they stay."""
        return in_days(self.keeping.days)

    def waiting(self, now: datetime) -> Waiting:
        """Count them; a half one whose maker died is overdue at once."""
        found = self._deadlines()
        late = sum(deadline <= now for deadline, _file in found) + len(left_behind(self.keeping))
        return Waiting(
            count=len(found), nearest=min((deadline for deadline, _file in found), default=None), overdue=late
        )

    def expire(self, now: datetime) -> Waiting:
        """Remove those past their life, halves that were left behind, and what the ledger need not know any more."""
        late = [(deadline, file) for deadline, file in self._deadlines() if deadline <= now]
        remove_all([*left_behind(self.keeping), *(file.path for _deadline, file in late)])
        expire_ledger(self.ledger, now)
        return Waiting(count=len(late), nearest=min((deadline for deadline, _file in late), default=None))

    def empty(self, _now: datetime) -> int:
        """Nothing: backups go by their age."""
        return 0

    def _deadlines(self) -> list[tuple[datetime, BackupFile]]:
        return [(file.expires(self.keeping.days), file) for file in listed(self.keeping.folder)]


def folder_of(configuration: Configuration, ledger: Ledger) -> BackupFolder:
    """The folder of this project."""
    return BackupFolder(keeping=keeping_of(configuration), ledger=ledger)
