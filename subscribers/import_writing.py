"""Writing one chunk of an import: who joins, who waits, who left; in bulk (subscribers/import_statements.py)."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from subscribers.consent import ConsentEvent
from subscribers.import_grounds import Decision, Grounds
from subscribers.import_leaving import Ending
from subscribers.import_rows import Entry
from subscribers.import_rules import Rules
from subscribers.import_statements import (
    ADD_CONSENTS,
    ADD_SUBSCRIBERS,
    ADD_SUBSCRIPTIONS,
    ADD_SUPPRESSIONS,
    ADD_WITH_MOMENTS,
    writer_of,
)
from subscribers.random_ids import random_ids
from subscribers.retention import deadline, policy_of
from subscribers.subscription import State

person_of = itemgetter(1, 2, 3, 4, 5)
"""Of an Entry: key, address, name, organisation, attributes."""


class Joining(NamedTuple):
    """Somebody who is new to the list, and whether they are active or wait."""

    entry: Entry
    decision: Decision


def write(
    connection: Connection, joining: Sequence[Joining], endings: Sequence[Ending], grounds: Grounds, rules: Rules
) -> None:
    """Add who is new to the store or to the list."""
    entries = [one.entry for one in joining] + [one.entry for one in endings]
    if not entries:
        return
    written = writer_of(connection)
    now = written(grounds.now)
    people = [(ref, *person_of(entry)) for ref, entry in zip(random_ids(len(entries)), entries, strict=True)]
    ADD_SUBSCRIBERS.run(connection, people, (now,))
    for event in (ConsentEvent.IMPORTED, ConsentEvent.IMPORTED_DATED):
        active = [one for one in joining if one.decision.waits is None and one.decision.event is event]
        _write_active(connection, [one for one in active if one.entry.since is None], grounds, event, now)
        _write_since(connection, [one for one in active if one.entry.since], grounds, event)
    _write_waiting(connection, [one for one in joining if one.decision.waits], grounds, rules)
    _write_endings(connection, endings, grounds)


def _write_active(
    connection: Connection, joining: Sequence[Joining], grounds: Grounds, event: ConsentEvent, now: object
) -> None:
    """The many: active from this moment on."""
    if not joining:
        return
    written, refs = writer_of(connection), random_ids(len(joining))
    rows = [(ref, one.entry.key) for ref, one in zip(refs, joining, strict=True)]
    ADD_SUBSCRIPTIONS.run(connection, rows, (grounds.list, State.ACTIVE.value, now, grounds.actor.value))
    moments = [now if one.decision.at is grounds.now else written(one.decision.at) for one in joining]
    ADD_CONSENTS.run(connection, list(zip(refs, moments, strict=True)), grounds.evidence(event))


def _write_since(connection: Connection, joining: Sequence[Joining], grounds: Grounds, event: ConsentEvent) -> None:
    """Active since a day that the file names."""
    written = writer_of(connection)
    rows: list[tuple[Any, ...]] = []
    for one in joining:
        since = written(min(one.entry.since or grounds.now, grounds.now))
        rows.append((one.entry.key, since, None, None, None, None, State.ACTIVE.value))
    moments = [written(one.decision.at) for one in joining]
    _run(connection, rows, moments, grounds, event)


def _write_waiting(connection: Connection, joining: Sequence[Joining], grounds: Grounds, rules: Rules) -> None:
    """To be confirmed, or erased by the rule of unconfirmed sign-ups."""
    written, policy = writer_of(connection), policy_of(rules.policies, grounds.list)
    now, due = written(grounds.now), written(deadline(grounds.now, policy.unconfirmed, policy.zone))
    period, state = str(policy.unconfirmed), State.PENDING.value
    rows: list[tuple[Any, ...]] = [(one.entry.key, now, None, due, period, None, state) for one in joining]
    _run(connection, rows, [now] * len(rows), grounds, ConsentEvent.REQUESTED)


def _write_endings(connection: Connection, endings: Sequence[Ending], grounds: Grounds) -> None:
    written = writer_of(connection)
    rows: list[tuple[Any, ...]] = []
    for one in endings:
        at, due = written(one.at), written(one.erase_at)
        rows.append((one.entry.key, at, at, due, one.period, one.reason.value, State.ENDED.value))
    _run(connection, rows, [row[1] for row in rows], grounds, ConsentEvent.WITHDRAWN)
    held = [one for one in endings if one.suppressed]
    if held:
        refs = random_ids(len(held))
        values = [
            (ref, one.entry.key, one.suppressed and one.suppressed.value, written(one.at))
            for ref, one in zip(refs, held, strict=True)
        ]
        ADD_SUPPRESSIONS.run(connection, values, (grounds.actor.value,))


def _run(
    connection: Connection,
    rows: Sequence[tuple[Any, ...]],
    moments: Sequence[object],
    grounds: Grounds,
    event: ConsentEvent,
) -> None:
    """Subscriptions with moments of their own, and one piece of evidence for each."""
    if not rows:
        return
    refs = random_ids(len(rows))
    values = [(ref, *row) for ref, row in zip(refs, rows, strict=True)]
    ADD_WITH_MOMENTS.run(connection, values, (grounds.list, grounds.actor.value))
    ADD_CONSENTS.run(connection, list(zip(refs, moments, strict=True)), grounds.evidence(event))
