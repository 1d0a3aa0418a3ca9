"""After a crash: what the journals of dead workers say is told to the store, before anything is sent (edge; I3, A24).

Also the ordinary end of a worker: whatever it still holds is settled by its own journal in the same way.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from newsletter.delivery import journal
from newsletter.delivery.journal import Account
from newsletter.delivery.outcome import Event, Outcome, State, move
from newsletter.delivery.retry import Reason
from newsletter.store import deliveries, settling
from newsletter.store.deliveries import Recovered
from newsletter.store.tally import erased_of, move_erased
from subscribers.leaving import suppress
from subscribers.ledger_entry import Record
from subscribers.retention import Policies
from subscribers.subscription import Actor
from subscribers.suppression import SuppressionReason
from subscribers.transactions import reading, writing


@dataclass(frozen=True, kw_only=True)
class Books:
    """Where outcomes are written down: the store, and the ledger for suppressions (I11)."""

    engine: Engine
    remember: Record
    policies: Policies
    clock: Callable[[], datetime]

    def record(self, job: int, worker: str, outcomes: Sequence[Outcome]) -> None:
        """Suppress whose address is dead, then record all outcomes in one transaction.

        In this order, so that a crash in between repeats the suppression instead of forgetting it.
        """
        self._suppress([outcome.delivery for outcome in outcomes if outcome.is_hard])
        with writing(self.engine) as connection:
            deliveries.record(connection, worker, outcomes, self.clock(), job=job)

    def settle(self, job: int, worker: str, account: Account, mine: Collection[int] = ()) -> Recovered:
        """Settle all that `worker`, who is gone or done, still holds.

        `mine` is what a living worker claimed and told no outcome of: those erased meanwhile are counted too. Of a dead
        worker nobody knows which were told, and they stay unknown.
        """
        with reading(self.engine) as connection:
            held = settling.claimed_at(connection, job, worker)
        outcomes = settlement(held, account)
        self._suppress([outcome.delivery for outcome in outcomes.values() if outcome.is_hard])
        with writing(self.engine) as connection:
            found = deliveries.recover(connection, job, worker, outcomes, self.clock())
            gone = erased_of(connection, mine)
            move_erased(connection, job, State.CLAIMED, ends_of_erased(gone, account))
        return found

    def _suppress(self, ids: Sequence[int]) -> None:
        if not ids:
            return
        with writing(self.engine) as connection:
            for person in deliveries.people_of(connection, ids):
                suppress(
                    connection,
                    person,
                    reason=SuppressionReason.HARD_BOUNCE,
                    actor=Actor.SYSTEM,
                    policies=self.policies,
                    now=self.clock(),
                    record=self.remember,
                )


def settlement(held: Mapping[int, datetime], account: Account) -> Mapping[int, Outcome]:
    """The outcome of each held delivery that may have been sent; what is left out certainly was not.

    `held` says since when. With a damaged journal nothing is certain: every delivery it does not settle is unknown.
    """
    lost = held.keys() if account.is_damaged else account.open_dots & held.keys()
    unknown = {identity: Outcome(delivery=identity, event=Event.LOSE, reason=Reason.CRASHED) for identity in lost}
    told = ((identity, account.outcomes[identity]) for identity in held.keys() & account.outcomes.keys())
    return unknown | {identity: outcome for identity, outcome in told if not _is_of_before(outcome, held[identity])}


def _is_of_before(outcome: Outcome, claimed_at: datetime) -> bool:
    """Whether the store knew this outcome before the delivery was claimed: the same worker had deferred it.

    Only what is due is claimed again, and a deferral is due much later than its claim: so no record of the claim is
    needed, and none can be missing.
    """
    return outcome.due_at is not None and outcome.due_at <= claimed_at


def ends_of_erased(gone: Collection[int], account: Account) -> Iterator[State]:
    """How erased deliveries ended whose worker lives to say it: the relay's answer, unknown, or never begun."""
    for identity in gone:
        if identity in account.outcomes:
            yield account.outcomes[identity].state
        elif account.is_damaged or identity in account.open_dots:
            yield State.UNKNOWN
        else:
            yield move(State.CLAIMED, Event.RELEASE)


def recover_job(books: Books, spool: Path, job: int, worker: str) -> Recovered:
    """Settle what earlier workers of the job left behind; the caller holds the job and is `worker`."""
    recorded = unknown = released = 0
    for dead, path in journal.left_behind(spool, job):
        if dead == worker:
            continue
        with reading(books.engine) as connection:
            held = deliveries.held_by(connection, job, dead)
        found = books.settle(job, dead, journal.read(path, held))
        journal.discard(path)
        recorded, unknown, released = recorded + found.recorded, unknown + found.unknown, released + found.released
    unknown += deliveries.lose_overdue(books.engine, job, worker, books.clock())
    return Recovered(recorded=recorded, unknown=unknown, released=released)
