"""Retention and erasure of one project: the one place that knows its periods, folders, marks, seal and ledger."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import Engine

from newsletter.config import Configuration
from newsletter.config_retention import notice_days
from newsletter.store.leftovers import folders, sweepers
from subscribers.address import Address
from subscribers.deadlines import RetentionStatus, retention_status
from subscribers.ledger_entry import Record
from subscribers.marks import Marking, marker_of
from subscribers.retention import in_days
from subscribers.scrubbing import Erased, Progress, RetentionRun, erase_subscriber, run_retention
from subscribers.sealing import seal_with
from subscribers.sweeping import Folder
from subscribers.tokens import Keyring


@dataclass(frozen=True, kw_only=True)
class Forgetting:
    """What a retention run and an erasure need of a project. `record` is the ledger's append (I11)."""

    configuration: Configuration
    engine: Engine
    keyring: Keyring
    record: Record

    @cached_property
    def folders(self) -> tuple[Folder, ...]:
        """Every kind of file about people."""
        return folders(self.configuration, self.engine)

    @cached_property
    def marking(self) -> Marking:
        """Which marks of erased addresses stay."""
        return Marking(marker=marker_of(self.keyring), days=self.configuration.privacy.mark_days)

    @property
    def further(self) -> dict[str, str]:
        """Periods that belong to no list, as receipts name them."""
        marks = self.configuration.privacy.mark_days
        found = {"notices": in_days(notice_days(self.configuration.policies.values()))}
        found |= {folder.name: folder.period for folder in self.folders}
        return found | ({"address-marks": in_days(marks)} if marks else {})

    def status(self, now: datetime) -> RetentionStatus:
        """What waits by which rule, and what is overdue; raises OSError for a folder that cannot be read."""
        policies = self.configuration.policies
        return retention_status(self.engine, policies=policies, now=now, folders=self.folders, further=self.further)

    def run(self, now: datetime, on_progress: Progress | None = None) -> RetentionRun:
        """Erase everything past its deadline, with a receipt if anything was."""
        return run_retention(
            self.engine,
            policies=self.configuration.policies,
            now=now,
            record=self.record,
            seal=seal_with(self.keyring),
            sweepers=sweepers(self.folders),
            folders=self.folders,
            marking=self.marking,
            further=self.further,
            on_progress=on_progress,
        )

    def erase(self, who: str | Address | int, now: datetime) -> Erased:
        """Erase one person at once, by address or id (B9); raises AddressError for a text that is not an address."""
        return erase_subscriber(
            self.engine,
            who,
            policies=self.configuration.policies,
            now=now,
            record=self.record,
            seal=seal_with(self.keyring),
            sweepers=sweepers(self.folders),
            marking=self.marking,
            further=self.further,
        )
