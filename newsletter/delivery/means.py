"""What a run works with, and what it came to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from newsletter.delivery.attempt import Letter
from newsletter.delivery.control import Pace, Progress, Stop
from newsletter.delivery.courtesy import Manners
from newsletter.delivery.endpoint import Endpoint
from newsletter.delivery.job import SendJob
from newsletter.delivery.outcome import State
from newsletter.delivery.recovery import Books
from newsletter.delivery.relays import Limits, Via
from newsletter.message.dkim import Signer
from newsletter.store.claims import Claimed
from newsletter.store.deliveries import Recovered

PATIENCE = 3600.0
"""Seconds, unless the manners say it."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a run works with."""

    books: Books
    spool: Path
    endpoint: Endpoint
    pace: Pace
    write: Callable[[Claimed], Letter]
    """Fills the message of one recipient."""
    expire_after: timedelta
    """Deferred deliveries are given up this long after the job was planned."""
    report: Callable[[Progress], None] | None = None
    should_stop: Callable[[], bool] = lambda: False
    """Asked every second; for a run in a thread, which gets no signals."""
    manners: Manners | None = None
    """What politeness asks: pace, hours, halting."""
    others: tuple[Via, ...] = ()
    """More relays, that share the work with the first."""
    weight: int = 1
    """Of the first."""
    relay: str = ""
    """Name of the first."""
    limits: Limits | None = None
    """Of the first, for all jobs together."""
    signer: Signer | None = None
    """Signs what `write` leaves unsigned, in processes of its own (newsletter/delivery/signing.py)."""
    power_safe: bool = False
    """Sync the journal before every group of dots: exact also over a power cut (docs/decisions/0018)."""

    @property
    def vias(self) -> tuple[Via, ...]:
        """All relays."""
        first = Via(name=self.relay, endpoint=self.endpoint, pace=self.pace, weight=self.weight, limits=self.limits)
        return (first, *self.others)

    @property
    def patience(self) -> float:
        """Seconds that a run waits for what is not its own: a slot, its hours, a relay that other jobs use."""
        return self.manners.patience if self.manners else PATIENCE


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """What a run came to."""

    job: SendJob
    counts: dict[State, int]
    """Deliveries of the whole job by state; the sum is the audience."""
    handled: int
    """Outcomes of this run."""
    seconds: float
    next_due: datetime | None
    """When the next deferred delivery is tried again, by `serve` or another `send`."""
    stop: Stop | None
    """Why the run ended early."""
    recovered: Recovered
    """What an earlier run that died had left behind."""

    @property
    def rate(self) -> float:
        """Outcomes per second."""
        return self.handled / self.seconds if self.seconds > 0 else 0.0

    @property
    def exit_status(self) -> int:
        """0 all went well; 1 some were refused, expired, unknown, or wait; 130 interrupted, everything recorded."""
        if self.stop is Stop.INTERRUPTED:
            return 130
        bad = (State.QUEUED, State.CLAIMED, State.DEFERRED, State.REFUSED, State.EXPIRED, State.UNKNOWN)
        return 1 if self.stop or any(self.counts[state] for state in bad) else 0
