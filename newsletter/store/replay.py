"""Bringing a store that came out of a backup up to date with the ledger, before anything else may open it (I11).

In this order: what was being sent is unknown; then, entry by entry, who left, returned or was suppressed, who was
erased, which issues were sent or withdrawn; then numbers that no mail has carried yet, and the marks that keep
everything from being sent before an operator has accepted the store. Every step can be repeated.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypeAlias

from sqlalchemy import Connection, Engine, delete, insert, or_, select, update

from newsletter.compose.compiled import CompiledIssue
from newsletter.delivery.job import LOST, JobState
from newsletter.delivery.outcome import Event, State, move, sources
from newsletter.delivery.retry import Reason
from newsletter.store.identity import mark_restored
from newsletter.store.numbering import move_on
from newsletter.store.tables import compiled_issue, delivery, send_job
from subscribers.deleting import Deletion
from subscribers.ledger_entry import NAMING_AN_ISSUE, Entry, Kind, nowhere
from subscribers.marks import Marking
from subscribers.notice import NoticeState
from subscribers.overwriting import DUE
from subscribers.replaying import PeopleReplay
from subscribers.retention import Policies, Rule
from subscribers.rule_counts import RuleCount, RuleCounts
from subscribers.subscription import Actor
from subscribers.tables import data_session, lease, notice, scrub
from subscribers.transactions import writing

BATCH = 10_000
"""Entries per transaction."""

Progress: TypeAlias = Callable[[int], None]
"""Told how many entries were read so far."""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What a replay did; all of it counts, nobody is named."""

    entries: int = 0
    """Entries read."""
    done: dict[str, int] = field(default_factory=dict)
    """ended, returned, moved, suppressed, erased (people and subscriptions); jobs that only the ledger remembers;
    withdrawn and shown issues; deliveries and notices that are unknown now."""


def replay(
    engine: Engine,
    entries: Iterable[Entry],
    *,
    policies: Policies,
    now: datetime,
    store_is_of: datetime | None,
    marking: Marking | None = None,
    on_progress: Progress = lambda _count: None,
) -> Replayed:
    """Replay all `entries`, oldest first, a batch per transaction, and leave a scrub due.

    `store_is_of` is a moment that the store certainly knows of: when the backup was made; `marking` says which marks of
    erased addresses stay.
    """
    with writing(engine) as connection:
        done = Counter(unknown=_forget_running(connection, now), notices=_forget_notices(connection))
    deletion = Deletion(now=now, record=nowhere, marking=marking)
    people = PeopleReplay(policies=policies, deletion=deletion, store_is_of=store_is_of, done=done)
    count = 0
    for batch in _batches(entries):
        with writing(engine) as connection:
            people.replay(connection, [entry for entry in batch if entry.kind not in NAMING_AN_ISSUE])
            _replay_jobs(connection, [entry for entry in batch if entry.kind in NAMING_AN_ISSUE], now, done)
        count += len(batch)
        on_progress(count)
    with writing(engine) as connection:
        _leave_scrub_due(connection, now)
        move_on(connection, now)
        mark_restored(connection, now=now, backup_at=store_is_of)
    return Replayed(entries=count, done={name: number for name, number in sorted(done.items()) if number})


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    source = iter(entries)
    while batch := list(islice(source, BATCH)):
        yield batch


def _forget_running(connection: Connection, now: datetime) -> int:
    """What was planned or being sent: nobody can say what became of it since. Leases are of processes long gone."""
    connection.execute(delete(lease))
    to = move(State.QUEUED, Event.RESTORE)
    still_open = delivery.c.state.in_([int(state) for state in sources(Event.RESTORE)])
    unknown = {"state": int(to), "reason": Reason.RESTORED, "updated_at": now}
    nobody = {"worker": None, "lease_until": None, "due_at": None}
    return connection.execute(update(delivery).where(still_open).values(**unknown, **nobody)).rowcount


def _forget_notices(connection: Connection) -> int:
    """Service mails that wait in the backup were sent long ago, or nobody waits for them; open sessions end."""
    connection.execute(delete(data_session))
    waiting = notice.c.state.in_([NoticeState.QUEUED.value, NoticeState.CLAIMED.value])
    values = {"state": NoticeState.UNKNOWN.value, "worker": None, "lease_until": None}
    return connection.execute(update(notice).where(waiting).values(**values)).rowcount


def _replay_jobs(connection: Connection, entries: Sequence[Entry], now: datetime, done: Counter[str]) -> None:
    for entry in entries:
        match entry.kind:
            case Kind.PLANNED:
                done["jobs"] += _remember_job(connection, entry, now)
            case Kind.WITHDRAWN:
                done["withdrawn"] += _show(connection, entry, withdrawn_at=entry.at)
            case Kind.SHOWN:
                done["shown"] += _show(connection, entry, withdrawn_at=None)


def _remember_job(connection: Connection, entry: Entry, now: datetime) -> bool:
    """A job that no backup had is finished, its issue never sent again (I6). Its text is lost, so no page shows it."""
    same = or_(send_job.c.ref == entry.ref, (send_job.c.list == entry.list) & (send_job.c.slug == entry.slug))
    if connection.scalar(select(send_job.c.id).where(same).limit(1)) is not None:
        return False
    digest = f"{LOST}{entry.ref.hex()}"
    name = {"list": entry.list, "slug": entry.slug, "digest": digest, "created_at": entry.at}
    empty = _lost_issue(entry).content
    connection.execute(insert(compiled_issue).values(**name, content=empty, identity=b"{}"))
    state = {"state": JobState.FINISHED, "finished_at": now, "withdrawn_at": now}
    connection.execute(insert(send_job).values(**name, **state, ref=entry.ref, audience=0, actor=Actor.SYSTEM))
    return True


def _lost_issue(entry: Entry) -> CompiledIssue:
    return CompiledIssue(
        list_slug=entry.list,
        slug=entry.slug,
        language="nl",
        date=entry.at.date(),
        title=entry.slug,
        subject=(entry.slug,),
        preheader=("",),
        html=("",),
        text=("",),
    )


def _show(connection: Connection, entry: Entry, *, withdrawn_at: datetime | None) -> int:
    mine = send_job.c.list == entry.list, send_job.c.slug == entry.slug, ~send_job.c.digest.startswith(LOST)
    differs = send_job.c.withdrawn_at.is_(None) if withdrawn_at else send_job.c.withdrawn_at.is_not(None)
    return connection.execute(update(send_job).where(*mine, differs).values(withdrawn_at=withdrawn_at)).rowcount


def _leave_scrub_due(connection: Connection, now: datetime) -> None:
    """Free pages of a backup hold who was erased after it: the store is scrubbed, with a receipt, in any case (I5).

    The mark names the rule also where nobody was found: who joined, left and was erased after the backup is not known
    here, and an import must not bring them back by an older consent (subscribers/import_cutoff.py).
    """
    again = RuleCounts({Rule.AGAIN: RuleCount()}).stored()
    connection.execute(insert(scrub).values(started_at=now, counts={}, rules=again, due=DUE))
