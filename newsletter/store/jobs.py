"""Send jobs in the store: planning one, freezing issue and audience, and moving it along its states (I6)."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from newsletter.compose.compiled import CompiledIssue
from newsletter.delivery.job import AT_ONCE, JobEvent, JobState, Plan, SendJob, When, decide_plan
from newsletter.delivery.job import move as move_job
from newsletter.delivery.outcome import OPEN, Event, move, sources
from newsletter.message.identity import MailIdentity, job_digest
from newsletter.store import so_far
from newsletter.store.audience import count_audience, freeze_audience
from newsletter.store.tables import compiled_issue, delivery, send_job
from subscribers.errors import InputError
from subscribers.ledger_entry import Entry, Kind, Record
from subscribers.segment import Segment
from subscribers.subscription import Actor
from subscribers.transactions import reading, writing

__all__ = [
    "FrozenIssue",
    "cancel_rest",
    "change_job",
    "count_audience",
    "find_job",
    "finish_if_done",
    "get_job",
    "list_jobs",
    "load_issue",
    "plan_job",
]


@dataclass(frozen=True, kw_only=True)
class FrozenIssue:
    """What a job freezes: the compiled issue and the headers that are equal for everyone."""

    compiled: CompiledIssue
    identity: MailIdentity

    @property
    def list_slug(self) -> str:
        """The list it is for."""
        return self.compiled.list_slug

    @property
    def slug(self) -> str:
        """Its name on the list."""
        return self.compiled.slug

    @cached_property
    def digest(self) -> str:
        """One digest over both (I6)."""
        return job_digest(self.compiled, self.identity)


def plan_job(  # noqa: PLR0913 - everything that a plan fixes
    engine: Engine,
    remember: Record,
    issue: FrozenIssue,
    *,
    now: datetime,
    actor: Actor = Actor.OPERATOR,
    overrides: Sequence[str] = (),
    segment: Segment | None = None,
    when: When = AT_ONCE,
) -> tuple[Plan, SendJob]:
    """Plan the sending of `issue` to its list as it is now, or to `segment` of it, or find the job that already does.

    A new job's issue and audience are frozen in one transaction, after the ledger knows of it (I11). Of two planners
    at once one plans and the other finds. `overrides` are the rules of preflight whose errors the operator let pass;
    a new job keeps them. Raises ConflictError if the identity was planned with another content or for other people.
    """
    values = {
        "actor": actor,
        "overrides": list(overrides),
        "audience_where": str(segment or ""),
        "starts_at": when.starts_at,
        "spread_seconds": round(when.spread.total_seconds()) if when.spread else None,
    }
    try:
        return _plan(engine, remember, issue, segment, values, now)
    except IntegrityError:  # another planner was faster; its job is there now
        return _plan(engine, remember, issue, segment, values, now)


def _plan(
    engine: Engine,
    remember: Record,
    issue: FrozenIssue,
    segment: Segment | None,
    values: Mapping[str, Any],
    now: datetime,
) -> tuple[Plan, SendJob]:
    with writing(engine) as connection:
        existing = _find(connection, issue.list_slug, issue.slug)
        plan = decide_plan(existing, issue.digest, values["audience_where"])
        if existing:
            return plan, existing
        ref = secrets.token_bytes(16)
        remember([Entry(kind=Kind.PLANNED, at=now, ref=ref, list=issue.list_slug, slug=issue.slug)])
        _store_issue(connection, issue, now)
        identity = _insert_job(connection, issue, ref, values, now)
        freeze_audience(connection, identity, issue.list_slug, segment, now)
        return plan, _get(connection, identity)


def _store_issue(connection: Connection, issue: FrozenIssue, now: datetime) -> None:
    known = connection.scalar(select(compiled_issue.c.digest).where(compiled_issue.c.digest == issue.digest))
    if known is None:
        connection.execute(
            insert(compiled_issue).values(
                digest=issue.digest,
                list=issue.list_slug,
                slug=issue.slug,
                content=issue.compiled.content,
                identity=issue.identity.content,
                created_at=now,
            )
        )


def _insert_job(connection: Connection, issue: FrozenIssue, ref: bytes, more: Mapping[str, Any], now: datetime) -> int:
    values: Mapping[str, Any] = {
        "ref": ref,
        "list": issue.list_slug,
        "slug": issue.slug,
        "digest": issue.digest,
        "state": JobState.PLANNED,
        "audience": 0,
        "created_at": now,
        **more,
    }
    return int(connection.execute(insert(send_job).values(**values).returning(send_job.c.id)).scalar_one())


def get_job(engine: Engine, identity: int) -> SendJob:
    """The job with this number; raises InputError if there is none."""
    with reading(engine) as connection:
        return _get(connection, identity)


def find_job(engine: Engine, list_slug: str, slug: str) -> SendJob | None:
    """The job of this identity, if it was ever planned."""
    with reading(engine) as connection:
        return _find(connection, list_slug, slug)


def list_jobs(engine: Engine, limit: int | None = 100, states: Collection[str] = tuple(JobState)) -> list[SendJob]:
    """The jobs in these states, newest first; no more than `limit`."""
    with reading(engine) as connection:
        query = select(send_job).where(send_job.c.state.in_(states)).order_by(send_job.c.id.desc()).limit(limit)
        return [_job(row) for row in connection.execute(query).mappings()]


def load_issue(engine: Engine, digest: str) -> FrozenIssue:
    """The bytes that were frozen under `digest`; raises InputError if they are not there."""
    with reading(engine) as connection:
        row = connection.execute(select(compiled_issue).where(compiled_issue.c.digest == digest)).mappings().first()
    if row is None:
        raise InputError("there is no compiled issue with this digest", where=digest)
    try:
        compiled = CompiledIssue.from_content(bytes(row["content"]))
        identity = MailIdentity.from_content(bytes(row["identity"]))
    except ValueError as error:
        raise InputError(str(error), where=digest, remedy="use the version that planned this job") from None
    return FrozenIssue(compiled=compiled, identity=identity)


def change_job(engine: Engine, identity: int, event: JobEvent, now: datetime) -> SendJob:
    """Move the job along; cancelling cancels what is queued or deferred. Raises ConflictError for no such move."""
    with writing(engine) as connection:
        state = move_job(_get(connection, identity, to_change=True), event)
        is_over = state in {JobState.FINISHED, JobState.CANCELLED}
        values = {"state": state, "finished_at": now if is_over else None}
        if event in {JobEvent.RESUME, JobEvent.AWAIT}:
            values["halted"] = None
            so_far.start_afresh(connection, identity, now)
        connection.execute(update(send_job).where(send_job.c.id == identity).values(**values))
        if event is JobEvent.CANCEL:
            _cancel_deliveries(connection, identity, now)
        return _get(connection, identity)


def cancel_rest(engine: Engine, identity: int, now: datetime) -> None:
    """Cancel what a worker released after its job was cancelled; nothing happens to any other job."""
    with writing(engine) as connection:
        if _get(connection, identity).state is JobState.CANCELLED:
            _cancel_deliveries(connection, identity, now)


def _cancel_deliveries(connection: Connection, identity: int, now: datetime) -> None:
    so_far.forget(connection, identity)
    for state in sources(Event.CANCEL):
        connection.execute(
            update(delivery)
            .where(delivery.c.job_id == identity, delivery.c.state == state)
            .values(state=int(move(state, Event.CANCEL)), due_at=None, updated_at=now)
        )


def finish_if_done(engine: Engine, identity: int, now: datetime) -> bool:
    """Finish the job if none of its deliveries is open; whether it is finished. UNKNOWN is not open (I3)."""
    with writing(engine) as connection:
        job = _get(connection, identity, to_change=True)
        if job.state not in {JobState.PLANNED, JobState.RUNNING}:
            return job.state is JobState.FINISHED
        is_open = delivery.c.job_id == identity, delivery.c.state.in_([int(state) for state in OPEN])
        if connection.scalar(select(delivery.c.id).where(*is_open).limit(1)) is not None:
            return False
        so_far.forget(connection, identity)
        values = {"state": move_job(job, JobEvent.FINISH), "finished_at": now}
        connection.execute(update(send_job).where(send_job.c.id == identity).values(**values))
        return True


def _find(connection: Connection, list_slug: str, slug: str) -> SendJob | None:
    where = send_job.c.list == list_slug, send_job.c.slug == slug
    row = connection.execute(select(send_job).where(*where)).mappings().first()
    return _job(row) if row else None


def _get(connection: Connection, identity: int, *, to_change: bool = False) -> SendJob:
    """The job; locked if it is `to_change`, so that nobody moves it between our look and our write."""
    query = select(send_job).where(send_job.c.id == identity)
    if to_change:  # not against new rows that refer to the job: an erasure that adds one may hold what we write next
        query = query.with_for_update(key_share=True)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise InputError(f"there is no job {identity}", remedy="`newsletter jobs` lists them")
    return _job(row)


def _job(row: RowMapping) -> SendJob:
    return SendJob(
        id=row["id"],
        ref=bytes(row["ref"]),
        list_slug=row["list"],
        slug=row["slug"],
        digest=row["digest"],
        state=JobState(row["state"]),
        audience=row["audience"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        overrides=tuple(row["overrides"]),
        audience_where=row["audience_where"],
        starts_at=row["starts_at"],
        spread=timedelta(seconds=row["spread_seconds"]) if row["spread_seconds"] else None,
        halted=row["halted"] or "",
    )
