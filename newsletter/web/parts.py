"""What the public pages are made of."""

from dataclasses import dataclass, field

from sqlalchemy import Engine

from newsletter.config import Configuration
from newsletter.web.works import Works
from subscribers.clock import Clock, utc_now
from subscribers.ledger_entry import Record
from subscribers.retention import Policies
from subscribers.tokens import Keyring


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the pages are made of. `record` is the ledger's append (I11)."""

    configuration: Configuration
    engine: Engine
    keyring: Keyring
    record: Record
    policies: Policies
    clock: Clock = utc_now
    logs_access: bool = True
    works: Works = field(default_factory=Works)
    """What `/metrics` knows of this process."""
