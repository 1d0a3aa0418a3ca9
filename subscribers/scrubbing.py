"""Erasure, whole: delete in bounded transactions, sweep files, scrub, and only then write a receipt (I4, I5).

Killed at any point, the next run goes on: rows deleted so far are gone and counted in their mark, the mark is due, and
the receipt comes with the scrub that succeeds. Who holds the lease `scrub` is alone; workers yield to it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, Engine, select, update

from subscribers.address import Address
from subscribers.clock import require_aware
from subscribers.deadlines import anything_overdue, apply_policies, count_overdue
from subscribers.deleting import Deletion, positive
from subscribers.ledger_entry import Entry, Kind, Record
from subscribers.receipts import Receipt, mark_of, write
from subscribers.records import find
from subscribers.retention import Policies
from subscribers.scrub_lease import alone, let_workers_yield
from subscribers.sealing import Seal, bare
from subscribers.tables import scrub, subscriber
from subscribers.transactions import reading, writing
from subscribers.vacuum import leave_no_byte

PAGE = 2000
"""Subscriptions per transaction: few enough that a click on "unsubscribe" waits a fraction of a second."""
PATIENCE_SECONDS = 10.0

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many of how many subscriptions are erased."""
Sweeper: TypeAlias = Callable[[datetime], Mapping[str, int]]
"""Removes what files hold of people who were erased, before the receipt; returns counts per kind of file. An OSError
keeps the scrub due."""


@dataclass(frozen=True, kw_only=True)
class Scrubbed:
    """What came of a scrub: a receipt if something was due and is done, the reason if it is still due."""

    receipt: Receipt | None = None
    still_due: str = ""


@dataclass(frozen=True, kw_only=True)
class RetentionRun:
    """What one run did."""

    at: datetime
    shortened: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    receipt: Receipt | None = None
    still_due: str = ""
    is_overdue: bool = False


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What an immediate erasure did; `was_known` is False for someone not in the store (any more)."""

    was_known: bool
    counts: dict[str, int] = field(default_factory=dict)
    receipt: Receipt | None = None
    still_due: str = ""


def run_retention(  # noqa: PLR0913 - limits and callbacks, by keyword
    engine: Engine,
    *,
    policies: Policies,
    now: datetime,
    record: Record,
    seal: Seal = bare,
    sweepers: Sequence[Sweeper] = (),
    on_progress: Progress | None = None,
    patience: float = PATIENCE_SECONDS,
    page: int = PAGE,
) -> RetentionRun:
    """Erase everybody past the deadline and prove it; safe to kill and to repeat.

    `record` writes the ledger, `seal` makes the digest of the receipt; `patience` (seconds) is how long the scrub
    waits for readers and writers. The run is overdue when the scrub could not be finished: then there is no receipt,
    and `still_due` says why.
    """
    require_aware(now)
    shortened = apply_policies(engine, policies=policies)
    deletion = Deletion(now=now, record=record)
    with reading(engine) as connection:
        total = count_overdue(connection, now=now)
    _delete_all(engine, deletion, total, on_progress, page)
    done = scrub_due(engine, policies=policies, now=now, record=record, seal=seal, sweepers=sweepers, patience=patience)
    with reading(engine) as connection:
        late = anything_overdue(connection, now=now)
    return RetentionRun(
        at=now,
        shortened=shortened,
        counts=positive(deletion.counts),
        receipt=done.receipt,
        still_due=done.still_due,
        is_overdue=late,
    )


def erase_subscriber(  # noqa: PLR0913 - limits and callbacks, by keyword
    engine: Engine,
    who: str | Address | int,
    *,
    policies: Policies,
    now: datetime,
    record: Record,
    seal: Seal = bare,
    sweepers: Sequence[Sweeper] = (),
    patience: float = PATIENCE_SECONDS,
) -> Erased:
    """Erase one person at once (B9): by address or id. Idempotent; also finishes a scrub that was due before.

    Raises AddressError for a text that is not an address.
    """
    require_aware(now)
    deletion = Deletion(now=now, record=record)
    with writing(engine) as connection:
        number = who if isinstance(who, int) else _id_of(connection, who)
        was_known = number is not None and deletion.whole_person(connection, number)
    done = scrub_due(engine, policies=policies, now=now, record=record, seal=seal, sweepers=sweepers, patience=patience)
    counts = positive(deletion.counts)
    return Erased(was_known=was_known, counts=counts, receipt=done.receipt, still_due=done.still_due)


def scrub_due(
    engine: Engine,
    *,
    policies: Policies,
    now: datetime,
    record: Record,
    seal: Seal = bare,
    sweepers: Sequence[Sweeper] = (),
    patience: float = PATIENCE_SECONDS,
) -> Scrubbed:
    """Finish every deletion whose scrub is due; nothing if none is."""
    with reading(engine) as connection:
        if not connection.scalar(select(scrub.c.id).where(scrub.c.due == 1).limit(1)):
            return Scrubbed()
    with alone(engine, now, patience) as is_ours:
        if not is_ours:
            return Scrubbed(still_due="another process is scrubbing")
        let_workers_yield(engine, now)
        done = _scrub(engine, _Proof(policies=policies, now=now, seal=seal), sweepers, patience)
    if done.receipt:
        # After the commit: what the ledger names must be there. A crash in between leaves this one unnamed, and the
        # next receipt vouches for it.
        record([Entry(kind=Kind.RECEIPT, at=now, ref=mark_of(done.receipt.digest))])
    return done


@dataclass(frozen=True, kw_only=True)
class _Proof:
    """What a receipt says besides its counts, and how it is sealed."""

    policies: Policies
    now: datetime
    seal: Seal


def _scrub(engine: Engine, proof: _Proof, sweepers: Sequence[Sweeper], patience: float) -> Scrubbed:
    marks = _due_marks(engine)
    if not marks:  # another process finished while this one waited for the lease
        return Scrubbed()
    counts: Counter[str] = Counter()
    for mark in marks.values():
        counts.update(mark)
    tables = [name for name in counts if name in subscriber.metadata.tables]
    try:
        for sweep in sweepers:
            counts.update(sweep(proof.now))
    except OSError as error:
        return Scrubbed(still_due=f"a file could not be removed: {error.strerror}")
    if reason := leave_no_byte(engine, sorted(tables), patience=patience):
        return Scrubbed(still_due=reason)
    return _receipt(engine, marks, positive(counts), proof)


def _due_marks(engine: Engine) -> dict[int, dict[str, int]]:
    with reading(engine) as connection:
        return {row.id: row.counts for row in connection.execute(select(scrub).where(scrub.c.due == 1)).all()}


def _receipt(engine: Engine, marks: dict[int, dict[str, int]], counts: dict[str, int], proof: _Proof) -> Scrubbed:
    """Clear the marks and write the receipt, together; a mark that grew meanwhile was not covered, and stays due."""
    with writing(engine) as connection:
        rows = connection.execute(select(scrub).where(scrub.c.id.in_(marks), scrub.c.due == 1).with_for_update()).all()
        if {row.id: row.counts for row in rows} != marks:
            return Scrubbed(still_due="another process went on deleting")
        connection.execute(update(scrub).where(scrub.c.id.in_(marks)).values(due=0))
        policy = {slug: str(item.period) for slug, item in sorted(proof.policies.items())}
        return Scrubbed(receipt=write(connection, at=proof.now, counts=counts, policy=policy, seal=proof.seal))


def _id_of(connection: Connection, address: str | Address) -> int | None:
    person = find(connection, address)
    return person.id if person else None


def _delete_all(engine: Engine, deletion: Deletion, total: int, on_progress: Progress | None, page: int) -> None:
    done = 0
    for step in (deletion.page_of_due, deletion.page_of_lonely):
        while True:
            with writing(engine) as connection:
                erased = step(connection, page)
            if not erased:
                break
            done += erased
            if on_progress:
                on_progress(done, max(done, total))
