"""From "deleted" to "proved": sweep files, scrub the store, and only then write a receipt (I5).

Who holds the lease `scrub` is alone; workers yield to it. A mark that is due stays due until all of it has succeeded.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Connection, Engine, select, update

from subscribers.deleting import positive
from subscribers.ledger_entry import Entry, Kind, Record
from subscribers.overwriting import DONE, SOON, is_open
from subscribers.receipts import Receipt, mark_of, write
from subscribers.retention import Policies
from subscribers.rule_counts import RuleCounts, Stored
from subscribers.schema import metadata
from subscribers.scrub_lease import alone, let_workers_yield
from subscribers.sealing import Seal, bare
from subscribers.tables import scrub, subscriber, subscription
from subscribers.transactions import reading, writing
from subscribers.vacuum import leave_no_byte

Sweeper: TypeAlias = Callable[[datetime], Mapping[str, int]]
"""Removes what files hold of people who were erased, before the receipt; returns counts per kind of file. An OSError
keeps the scrub due."""

PEOPLE = frozenset({subscriber.name, subscription.name})
"""When rows of these went, files may name who is gone."""


@dataclass(frozen=True, kw_only=True)
class Scrubbed:
    """What came of a scrub: a receipt if something was due and is done, the reason if it is still due."""

    receipt: Receipt | None = None
    still_due: str = ""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What a receipt says besides its counts, how it is sealed, and the ledger that names it."""

    policies: Policies
    now: datetime
    record: Record
    seal: Seal = bare
    further: Mapping[str, str] | None = None
    """Periods that belong to no list: of files, of marks."""

    def policy(self) -> dict[str, str]:
        """The periods in force: `nieuws/unsubscribed` and the like."""
        lists = ((slug, item.in_words()) for slug, item in self.policies.items())
        found = {f"{slug}/{rule}": period for slug, periods in lists for rule, period in periods.items()}
        return dict(sorted((found | dict(self.further or {})).items()))


def scrub_due(  # noqa: PLR0913 - what a receipt says, by keyword
    engine: Engine,
    *,
    policies: Policies,
    now: datetime,
    record: Record,
    seal: Seal = bare,
    sweepers: Sequence[Sweeper] = (),
    patience: float = 10.0,
    further: Mapping[str, str] | None = None,
) -> Scrubbed:
    """Finish every deletion whose scrub is due; nothing if none is."""
    proof = Proof(policies=policies, now=now, record=record, seal=seal, further=further)
    with reading(engine) as connection:
        if not connection.scalar(select(scrub.c.id).where(is_open()).limit(1)):
            return Scrubbed()
    with alone(engine, now, patience) as is_ours:
        if not is_ours:
            return Scrubbed(still_due="another process is scrubbing")
        let_workers_yield(engine, now)
        done = _scrub(engine, proof, sweepers, patience)
    if done.receipt:
        # After the commit: what the ledger names must be there. A crash in between leaves this one unnamed, and the
        # next receipt vouches for it.
        record([Entry(kind=Kind.RECEIPT, at=now, ref=mark_of(done.receipt.digest))])
    return done


def _scrub(engine: Engine, proof: Proof, sweepers: Sequence[Sweeper], patience: float) -> Scrubbed:
    marks = _due_marks(engine)
    if not marks:  # another process finished while this one waited for the lease
        return Scrubbed()
    counts: Counter[str] = Counter()
    for row in marks.values():
        counts.update(row.counts)
    tables = {table for name in counts if (table := name.partition(".")[0]) in metadata.tables}
    if counts.keys() & PEOPLE and (obstacle := _sweep(sweepers, proof.now, counts)):
        return Scrubbed(still_due=obstacle)
    if tables and (reason := leave_no_byte(engine, sorted(tables), patience=patience)):
        return Scrubbed(still_due=reason)
    return _receipt(engine, marks, counts, proof)


def _sweep(sweepers: Sequence[Sweeper], now: datetime, counts: Counter[str]) -> str:
    """Let every sweeper do what it can; why the files are not all gone, if one of them could not."""
    obstacle = ""
    for sweep in sweepers:
        try:
            counts.update(sweep(now))
        except OSError as error:
            obstacle = f"a file could not be removed: {error.strerror}"
    return obstacle


@dataclass(frozen=True, kw_only=True)
class _Mark:
    """What one run of deletions counted."""

    counts: dict[str, int]
    rules: RuleCounts
    may_wait: bool
    """A correction, which the next run may scrub as well."""


def _due_marks(engine: Engine) -> dict[int, _Mark]:
    with reading(engine) as connection:
        rows = connection.execute(select(scrub.c.id, scrub.c.counts, scrub.c.rules, scrub.c.due).where(is_open())).all()
    return {
        row.id: _Mark(counts=row.counts, rules=RuleCounts.read(row.rules), may_wait=row.due == SOON) for row in rows
    }


def _receipt(engine: Engine, marks: Mapping[int, _Mark], counts: Counter[str], proof: Proof) -> Scrubbed:
    """Clear the marks and write the receipt, together; a mark that grew meanwhile was not covered, and stays due.

    So is one of a correction, without holding up the others.
    """
    with writing(engine) as connection:
        now = _as_now(connection, marks)
        grown = {number: row for number, row in marks.items() if now.get(number) != row.counts}
        if not all(row.may_wait and number in now for number, row in grown.items()):
            return Scrubbed(still_due="another process went on deleting")
        marks = {number: row for number, row in marks.items() if number not in grown}
        if not marks:
            return Scrubbed()
        for row in grown.values():
            counts.subtract(row.counts)
        connection.execute(update(scrub).where(scrub.c.id.in_(marks)).values(due=DONE))
        return Scrubbed(
            receipt=write(
                connection,
                at=proof.now,
                counts=positive(counts),
                policy=proof.policy(),
                rules=_rules(marks),
                seal=proof.seal,
            )
        )


def _as_now(connection: Connection, marks: Mapping[int, object]) -> dict[int, dict[str, int]]:
    query = select(scrub.c.id, scrub.c.counts).where(scrub.c.id.in_(marks), is_open())
    return {row.id: row.counts for row in connection.execute(query.with_for_update())}


def _rules(marks: Mapping[int, _Mark]) -> Stored:
    rules = RuleCounts()
    for row in marks.values():
        rules.merge(row.rules)
    return rules.stored()
