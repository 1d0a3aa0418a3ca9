"""Send jobs in the store: planning one, freezing issue and audience, and moving it along its states (I6)."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from newsletter.compose.compiled import CompiledIssue
from newsletter.delivery.job import JobEvent, JobState, Plan, SendJob, decide_plan
from newsletter.delivery.job import move as move_job
from newsletter.delivery.outcome import OPEN, Event, State, move, sources
from newsletter.message.identity import MailIdentity, job_digest
from newsletter.store.tables import compiled_issue, delivery, send_job
from subscribers.errors import InputError
from subscribers.ledger_entry import Entry, Kind, Record
from subscribers.subscription import Actor
from subscribers.subscription import State as SubscriptionState
from subscribers.tables import subscription, suppression
from subscribers.transactions import reading, writing


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


def plan_job(
    engine: Engine,
    remember: Record,
    issue: FrozenIssue,
    *,
    now: datetime,
    actor: Actor = Actor.OPERATOR,
    overrides: Sequence[str] = (),
) -> tuple[Plan, SendJob]:
    """Plan the sending of `issue` to its list as it is now, or find the job that already does.

    A new job's issue and audience are frozen in one transaction, after the ledger knows of it (I11). Of two planners
    at once one plans and the other finds. `overrides` are the rules of preflight whose errors the operator let pass;
    a new job keeps them. Raises ConflictError if the identity was planned with another content.
    """
    try:
        return _plan(engine, remember, issue, (actor, overrides), now)
    except IntegrityError:  # another planner was faster; its job is there now
        return _plan(engine, remember, issue, (actor, overrides), now)


def _plan(
    engine: Engine, remember: Record, issue: FrozenIssue, by: tuple[Actor, Sequence[str]], now: datetime
) -> tuple[Plan, SendJob]:
    with writing(engine) as connection:
        existing = _find(connection, issue.list_slug, issue.slug)
        plan = decide_plan(existing, issue.digest)
        if existing:
            return plan, existing
        ref = secrets.token_bytes(16)
        remember([Entry(kind=Kind.PLANNED, at=now, ref=ref, list=issue.list_slug, slug=issue.slug)])
        _store_issue(connection, issue, now)
        identity = _insert_job(connection, issue, ref, by, now)
        counted = connection.execution_options(preserve_rowcount=True)
        audience = counted.execute(_audience(identity, issue.list_slug, now)).rowcount
        connection.execute(update(send_job).where(send_job.c.id == identity).values(audience=audience))
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


def _insert_job(
    connection: Connection, issue: FrozenIssue, ref: bytes, by: tuple[Actor, Sequence[str]], now: datetime
) -> int:
    values: Mapping[str, Any] = {
        "ref": ref,
        "list": issue.list_slug,
        "slug": issue.slug,
        "digest": issue.digest,
        "state": JobState.PLANNED,
        "audience": 0,
        "created_at": now,
        "actor": by[0],
        "overrides": list(by[1]),
    }
    return int(connection.execute(insert(send_job).values(**values).returning(send_job.c.id)).scalar_one())


def _may_be_mailed(list_slug: str) -> Any:  # noqa: ANN401 - a piece of SQL
    """Subscriptions of the list that are active and not suppressed at this moment."""
    return (
        select(subscription.c.id)
        .select_from(subscription.outerjoin(suppression, suppression.c.subscriber_id == subscription.c.subscriber_id))
        .where(
            subscription.c.list == list_slug,
            subscription.c.state == SubscriptionState.ACTIVE,
            suppression.c.id.is_(None),
        )
    )


def _audience(identity: int, list_slug: str, now: datetime) -> Any:  # noqa: ANN401 - a piece of SQL
    rows = _may_be_mailed(list_slug).order_by(subscription.c.id)
    rows = rows.with_only_columns(
        literal(identity), subscription.c.id, literal(int(State.QUEUED)), literal(now, delivery.c.updated_at.type)
    )
    return insert(delivery).from_select(["job_id", "subscription_id", "state", "updated_at"], rows)


def count_audience(engine: Engine, list_slug: str) -> int:
    """How many would be mailed if the list were planned now."""
    with reading(engine) as connection:
        rows = _may_be_mailed(list_slug).subquery()
        return int(connection.scalar(select(func.count()).select_from(rows)) or 0)


def get_job(engine: Engine, identity: int) -> SendJob:
    """The job with this number; raises InputError if there is none."""
    with reading(engine) as connection:
        return _get(connection, identity)


def find_job(engine: Engine, list_slug: str, slug: str) -> SendJob | None:
    """The job of this identity, if it was ever planned."""
    with reading(engine) as connection:
        return _find(connection, list_slug, slug)


def list_jobs(engine: Engine, limit: int = 100) -> list[SendJob]:
    """The jobs, newest first."""
    with reading(engine) as connection:
        rows = connection.execute(select(send_job).order_by(send_job.c.id.desc()).limit(limit)).mappings()
        return [_job(row) for row in rows]


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
        state = move_job(_get(connection, identity), event)
        is_over = state in {JobState.FINISHED, JobState.CANCELLED}
        values = {"state": state, "finished_at": now if is_over else None}
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
    for state in sources(Event.CANCEL):
        connection.execute(
            update(delivery)
            .where(delivery.c.job_id == identity, delivery.c.state == state)
            .values(state=int(move(state, Event.CANCEL)), due_at=None, updated_at=now)
        )


def finish_if_done(engine: Engine, identity: int, now: datetime) -> bool:
    """Finish the job if none of its deliveries is open; whether it is finished. UNKNOWN is not open (I3)."""
    with writing(engine) as connection:
        job = _get(connection, identity)
        if job.state not in {JobState.PLANNED, JobState.RUNNING}:
            return job.state is JobState.FINISHED
        is_open = delivery.c.job_id == identity, delivery.c.state.in_([int(state) for state in OPEN])
        if connection.scalar(select(delivery.c.id).where(*is_open).limit(1)) is not None:
            return False
        values = {"state": move_job(job, JobEvent.FINISH), "finished_at": now}
        connection.execute(update(send_job).where(send_job.c.id == identity).values(**values))
        return True


def _find(connection: Connection, list_slug: str, slug: str) -> SendJob | None:
    where = send_job.c.list == list_slug, send_job.c.slug == slug
    row = connection.execute(select(send_job).where(*where)).mappings().first()
    return _job(row) if row else None


def _get(connection: Connection, identity: int) -> SendJob:
    row = connection.execute(select(send_job).where(send_job.c.id == identity)).mappings().first()
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
    )
