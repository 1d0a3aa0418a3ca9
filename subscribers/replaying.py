"""Doing again what the ledger says of people, in a store that came out of a backup (I11).

Safe to repeat, and on a store that knows all of it already nothing happens: whoever has ended stays ended, and a
consent given here after an ending means that the store is newer than that entry. Entries come in the order they were
written, some thousands at a time; of several about one subscription the last one counts.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Table, func, select

from subscribers.consent import GIVEN_HERE, Shown
from subscribers.deleting import Deletion
from subscribers.leaving import Request, end_many, suppress
from subscribers.ledger_entry import Entry, Kind, nowhere
from subscribers.retention import Policies
from subscribers.returning import UndoOutcome, undo_ending
from subscribers.subscription import Actor, EndedReason, State
from subscribers.suppression import SuppressionReason
from subscribers.tables import consent, subscriber, subscription

CHUNK = 5000
"""References in one question."""
MARGIN = timedelta(minutes=1)
"""Between writing an entry and committing what it says."""
SOURCE = "replayed from the ledger"
REPLAYED = Shown(source=SOURCE)
"""The ledger knows the moment of an undo, and no words."""

T = TypeVar("T")


@dataclass(kw_only=True)
class PeopleReplay:
    """One replay of people: how deadlines are counted, and what was done so far."""

    policies: Policies
    deletion: Deletion
    """Its record should be `nowhere`: the ledger knows."""
    store_is_of: datetime | None
    """A moment that the store certainly knows of: when the backup was made; None if nothing is known."""
    done: Counter[str] = field(default_factory=Counter)

    def replay(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """Do again what these entries say, in one transaction.

        Who came back and left again does both: the deadline counts from the last ending, not from one of the backup.
        """
        named: dict[Kind, dict[bytes, Entry]] = {kind: {} for kind in Kind}
        for entry in entries:
            if entry.kind is Kind.RETURNED:
                named[Kind.ENDED].pop(entry.ref, None)
            named[entry.kind][entry.ref] = entry
        self._return(connection, named[Kind.RETURNED])
        self._end(connection, named[Kind.ENDED])
        self._suppress(connection, named[Kind.SUPPRESSED])
        self._move(connection, named[Kind.MOVED])
        self._erase(connection, list(named[Kind.ERASED]))

    def _return(self, connection: Connection, entries: dict[bytes, Entry]) -> None:
        for row in _rows(connection, entries, subscription.c.state == State.ENDED.value):
            entry = entries[bytes(row.ref)]
            if row.ended_at <= entry.at:
                undone = undo_ending(
                    connection, entry.ref, now=entry.at, record=nowhere, said=REPLAYED, lists={row.list}
                )
                self.done["returned"] += undone.outcome is UndoOutcome.RETURNED

    def _end(self, connection: Connection, entries: dict[bytes, Entry]) -> None:
        for chunk in chunks(list(_rows(connection, entries, subscription.c.state != State.ENDED.value))):
            agreed = _last_agreed(connection, [row.id for row in chunk])
            found = [entries[bytes(row.ref)] for row in chunk if not _is_newer(agreed.get(row.id), row, entries)]
            for reason in {entry.why for entry in found}:
                self._end_for(connection, [entry for entry in found if entry.why == reason], reason)

    def _end_for(self, connection: Connection, entries: Sequence[Entry], why: str) -> None:
        reason = EndedReason(why) if why in set(EndedReason) else EndedReason.UNSUBSCRIBED
        self._end_all(connection, [(entry.ref, entry.at) for entry in entries], reason)
        self.done["ended"] += len(entries)

    def _end_all(self, connection: Connection, requests: Sequence[Request], reason: EndedReason) -> None:
        end_many(
            connection,
            requests,
            reason=reason,
            actor=Actor.SYSTEM,
            policies=self.policies,
            record=nowhere,
            source=SOURCE,
        )

    def _suppress(self, connection: Connection, entries: dict[bytes, Entry]) -> None:
        for row in _people(connection, entries):
            entry = entries[bytes(row.ref)]
            if _agreed_after(connection, row.id, entry.at):
                continue
            why = entry.why if entry.why in set(SuppressionReason) else SuppressionReason.BY_HAND
            self.done["suppressed"] += suppress(
                connection,
                row.id,
                reason=SuppressionReason(why),
                actor=Actor.SYSTEM,
                policies=self.policies,
                now=entry.at,
                record=nowhere,
            )

    def _move(self, connection: Connection, entries: dict[bytes, Entry]) -> None:
        """Mail no address that was changed later: the new one is not known here, so the subscriptions end."""
        since = self.store_is_of
        lost = {ref: entry for ref, entry in entries.items() if since is None or entry.at >= since - MARGIN}
        for row in _people(connection, lost):
            mine = subscription.c.subscriber_id == row.id, subscription.c.state != State.ENDED.value
            refs = connection.scalars(select(subscription.c.ref).where(*mine)).all()
            requests = [(bytes(ref), lost[bytes(row.ref)].at) for ref in refs]
            self._end_all(connection, requests, EndedReason.MOVED)
            self.done["moved"] += bool(requests)

    def _erase(self, connection: Connection, refs: Sequence[bytes]) -> None:
        known = [*_there(connection, subscription, refs), *_there(connection, subscriber, refs)]
        for chunk in chunks(known):
            self.done["erased"] += self.deletion.these(connection, chunk)


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items, CHUNK at a time."""
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


def _there(connection: Connection, table: Table, refs: Sequence[bytes]) -> Iterator[bytes]:
    """Those of the references that the store has. Mostly few, so they are sought in the driver's own words: building
    a statement with thousands of values takes ten times as long as running it.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    for chunk in chunks(refs):
        which = f"IN ({', '.join('?' * len(chunk))})" if is_sqlite else "= ANY(%s)"
        values: tuple[Any, ...] = tuple(chunk) if is_sqlite else (list(chunk),)
        found = connection.exec_driver_sql(f"SELECT ref FROM {table.name} WHERE ref {which}", values)
        yield from (bytes(row[0]) for row in found.all())


def _rows(connection: Connection, entries: dict[bytes, Entry], where: Any) -> Iterator[Any]:  # noqa: ANN401 - SQL
    """The subscriptions that are named, as far as they meet the condition."""
    columns = subscription.c.id, subscription.c.ref, subscription.c.list, subscription.c.ended_at
    for chunk in chunks(list(_there(connection, subscription, list(entries)))):
        yield from connection.execute(select(*columns).where(subscription.c.ref.in_(chunk), where)).all()


def _people(connection: Connection, entries: dict[bytes, Entry]) -> Iterator[Any]:
    for chunk in chunks(list(entries)):
        yield from connection.execute(
            select(subscriber.c.id, subscriber.c.ref).where(subscriber.c.ref.in_(chunk))
        ).all()


def _last_agreed(connection: Connection, ids: Sequence[int]) -> dict[int, datetime]:
    """When each subscription was agreed to last, here: an import brings nobody back, so it is no sign of a return."""
    said_yes = consent.c.event.in_([event.value for event in GIVEN_HERE])
    which: Column[int] = consent.c.subscription_id
    query = select(which, func.max(consent.c.at).label("at")).where(which.in_(ids), said_yes).group_by(which)
    return {row.subscription_id: row.at for row in connection.execute(query)}


def _is_newer(agreed: datetime | None, row: Any, entries: dict[bytes, Entry]) -> bool:  # noqa: ANN401 - a row
    """Whether the person came back after the ending."""
    return agreed is not None and agreed > entries[bytes(row.ref)].at


def _agreed_after(connection: Connection, subscriber_id: int, at: datetime) -> bool:
    ids = connection.scalars(select(subscription.c.id).where(subscription.c.subscriber_id == subscriber_id)).all()
    return any(moment > at for moment in _last_agreed(connection, ids).values())
