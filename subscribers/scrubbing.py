"""Erasure, whole: delete in bounded transactions, sweep files, scrub, and only then write a receipt (I4, I5).

Killed at any point, the next run goes on: rows deleted so far are gone and counted in their mark, the mark is due, and
the receipt comes with the scrub that succeeds (subscribers/proving.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeAlias

from sqlalchemy import Connection, Engine

from subscribers.address import Address
from subscribers.clock import require_aware
from subscribers.deadlines import anything_overdue, count_overdue
from subscribers.deleting import Deletion, positive
from subscribers.erasure import own_plans
from subscribers.errors import NewsletterError
from subscribers.ledger_entry import Record
from subscribers.marks import Marking, apply_days
from subscribers.proving import Sweeper, scrub_due
from subscribers.receipts import Receipt
from subscribers.records import find
from subscribers.retention import Policies
from subscribers.rule_counts import RuleCounts, Stored
from subscribers.schema import metadata
from subscribers.sealing import Seal, bare
from subscribers.shortening import apply_policies
from subscribers.sweeping import Folder
from subscribers.transactions import reading, writing

__all__ = ["Erased", "RetentionRun", "Sweeper", "erase_subscriber", "run_retention", "scrub_due"]

PAGE = 2000
"""Subscriptions per transaction: few enough that a click on "unsubscribe" waits a fraction of a second."""
PATIENCE_SECONDS = 10.0

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many of how many rows are erased."""


@dataclass(frozen=True, kw_only=True)
class RetentionRun:
    """What one run did."""

    at: datetime
    shortened: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    rules: Stored = field(default_factory=dict)
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
    folders: Sequence[Folder] = (),
    marking: Marking | None = None,
    further: Mapping[str, str] | None = None,
    on_progress: Progress | None = None,
    patience: float = PATIENCE_SECONDS,
    page: int = PAGE,
) -> RetentionRun:
    """Erase everything past its deadline and prove it; safe to kill and to repeat.

    `record` writes the ledger, `seal` makes the digest of the receipt; `folders` hold files that grow old, `sweepers`
    remove files that may name who was erased, `marking` says which marks of erased addresses stay, `further` are
    periods that the receipt names besides those of `policies`. `patience` (seconds) is how long the scrub waits for
    readers and writers. The run is overdue when it could not be finished: then `still_due` says why.
    """
    require_aware(now)
    shortened = _shortened(engine, policies, marking, now)
    deletion = Deletion(now=now, record=record, marking=marking)
    with reading(engine) as connection:
        total = count_overdue(connection, now=now)
    _delete_all(engine, deletion, total, on_progress, page)
    obstacle = _expire(engine, deletion, folders)
    done = scrub_due(
        engine,
        policies=policies,
        now=now,
        record=record,
        seal=seal,
        sweepers=sweepers,
        patience=patience,
        further=further,
    )
    with reading(engine) as connection:
        late = anything_overdue(connection, now=now)
    return RetentionRun(
        at=now,
        shortened=shortened,
        counts=positive(deletion.counts),
        rules=deletion.rules.stored(),
        receipt=done.receipt,
        still_due=done.still_due or obstacle,
        is_overdue=late or bool(obstacle),
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
    marking: Marking | None = None,
    further: Mapping[str, str] | None = None,
    patience: float = PATIENCE_SECONDS,
) -> Erased:
    """Erase one person at once (B9): by address or id. Idempotent; also finishes a scrub that was due before.

    Raises AddressError for a text that is not an address.
    """
    require_aware(now)
    deletion = Deletion(now=now, record=record, marking=marking)
    with writing(engine) as connection:
        number = who if isinstance(who, int) else _id_of(connection, who)
        was_known = number is not None and deletion.whole_person(connection, number)
    done = scrub_due(
        engine,
        policies=policies,
        now=now,
        record=record,
        seal=seal,
        sweepers=sweepers,
        patience=patience,
        further=further,
    )
    counts = positive(deletion.counts)
    return Erased(was_known=was_known, counts=counts, receipt=done.receipt, still_due=done.still_due)


def _shortened(engine: Engine, policies: Policies, marking: Marking | None, now: datetime) -> int:
    """Deadlines brought forward because the configured periods are shorter now."""
    changed = apply_policies(engine, policies=policies)
    if marking is not None:
        with writing(engine) as connection:
            changed += apply_days(connection, marking.days, now)
    return changed


def _expire(engine: Engine, deletion: Deletion, folders: Sequence[Folder]) -> str:
    """Remove files past their deadline, each kind noted for the receipt; why not, if one could not be removed."""
    obstacle = ""
    for folder in folders:
        try:
            gone = folder.expire(deletion.now)
        except OSError as error:
            obstacle = f"a file of {folder.name} could not be removed: {error.strerror}"
            continue
        except NewsletterError as error:  # what ails one kind of file must not keep people in the store
            obstacle = f"{folder.name}: {error.what}"
            continue
        if gone.count:
            rules = RuleCounts()
            rules.add(folder.name, gone.count, gone.nearest)
            with writing(engine) as connection:
                deletion.note(connection, {folder.name: gone.count}, rules)
    return obstacle


def _id_of(connection: Connection, address: str | Address) -> int | None:
    person = find(connection, address)
    return person.id if person else None


def _delete_all(engine: Engine, deletion: Deletion, total: int, on_progress: Progress | None, page: int) -> None:
    done = 0
    steps: list[Callable[[Connection, int], int]] = [deletion.page_of_due, deletion.page_of_lonely]
    steps += [partial(deletion.page_of_own, plan) for plan in own_plans(metadata)]
    for step in steps:
        while True:
            with writing(engine) as connection:
                erased = step(connection, page)
            if not erased:
                break
            done += erased
            if on_progress:
                on_progress(done, max(done, total))
