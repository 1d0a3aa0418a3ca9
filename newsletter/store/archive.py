"""What the archive may show: the issues that were sent, and which of them were withdrawn since (edge)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, RowMapping, Select, select, update

from newsletter.compose.compiled import CompiledIssue
from newsletter.delivery.job import JobState, is_lost
from newsletter.store.tables import compiled_issue, send_job
from subscribers.clock import utc_now
from subscribers.errors import InputError
from subscribers.ledger_entry import Entry, Kind, Record
from subscribers.transactions import reading, writing

_LISTED = frozenset({JobState.RUNNING, JobState.FINISHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """An issue that went out, wholly or in part, under the digest that its job froze (I6)."""

    list_slug: str
    slug: str
    digest: str
    state: JobState
    published_at: datetime
    withdrawn_at: datetime | None

    @property
    def is_listed(self) -> bool:
        """Whether index and feed name it: not while its job is paused or after it was cancelled, nor withdrawn."""
        return self.state in _LISTED and self.withdrawn_at is None

    @property
    def is_lost(self) -> bool:
        """Whether its text is gone: it was planned after the backup that was restored, and nobody withdrew it."""
        return is_lost(self.digest)

    @property
    def changed_at(self) -> datetime:
        """When what the archive shows of it changed last."""
        return self.withdrawn_at or self.published_at


def editions(engine: Engine, list_slug: str | None = None) -> list[Edition]:
    """The issues of a list, or of all; what was only planned is not among them."""
    query = _query()
    if list_slug is not None:
        query = query.where(send_job.c.list == list_slug)
    with reading(engine) as connection:
        return [_edition(row) for row in connection.execute(query.order_by(send_job.c.id)).mappings()]


def find_edition(engine: Engine, list_slug: str, slug: str) -> Edition | None:
    """The issue of this identity; None if it was never sent."""
    with reading(engine) as connection:
        query = _query().where(send_job.c.list == list_slug, send_job.c.slug == slug)
        row = connection.execute(query).mappings().first()
    return None if row is None else _edition(row)


def load_compiled(engine: Engine, digest: str) -> CompiledIssue:
    """What was frozen under `digest`; raises ValueError if another version of this program wrote it."""
    with reading(engine) as connection:
        content = connection.scalar(select(compiled_issue.c.content).where(compiled_issue.c.digest == digest))
    return CompiledIssue.from_content(bytes(content or b"{}"))


def withdrawn_digests(engine: Engine) -> list[str]:
    """The digests of withdrawn issues; mostly none."""
    return _digests(engine, select(send_job.c.digest).where(send_job.c.withdrawn_at.is_not(None)))


def shown_digests(engine: Engine) -> list[str]:
    """The digests of all issues that were not withdrawn, planned ones included: their images are still needed."""
    return _digests(engine, select(send_job.c.digest).where(send_job.c.withdrawn_at.is_(None)))


def withdraw(engine: Engine, list_slug: str, slug: str, at: datetime | None, *, record: Record) -> bool:
    """Withdraw the issue at `at`, or show it again with None; whether that changed anything.

    `record` writes the ledger first, so that a restored backup does not show it again (I11). Raises InputError for an
    issue that was never sent, or whose text no backup had.
    """
    mine = send_job.c.list == list_slug, send_job.c.slug == slug, send_job.c.state != JobState.PLANNED
    with writing(engine) as connection:
        found = connection.execute(
            select(send_job.c.ref, send_job.c.digest, send_job.c.withdrawn_at).where(*mine)
        ).first()
        if found is None:
            raise InputError(
                "this issue was never sent", where=f"{list_slug}/{slug}", remedy="`newsletter archive` lists the issues"
            )
        if (found.withdrawn_at is None) == (at is None):
            return False
        if at is None and is_lost(found.digest):
            raise InputError("no backup had the text of this issue: it cannot be shown", where=f"{list_slug}/{slug}")
        kind = Kind.WITHDRAWN if at else Kind.SHOWN
        record([Entry(kind=kind, at=at or utc_now(), ref=bytes(found.ref), list=list_slug, slug=slug)])
        connection.execute(update(send_job).where(*mine).values(withdrawn_at=at))
        return True


def _query() -> Select[tuple[str, str, str, str, datetime, datetime | None]]:
    columns = (
        send_job.c.list,
        send_job.c.slug,
        send_job.c.digest,
        send_job.c.state,
        send_job.c.created_at,
        send_job.c.withdrawn_at,
    )
    return select(*columns).where(send_job.c.state != JobState.PLANNED)


def _edition(row: RowMapping) -> Edition:
    return Edition(
        list_slug=row["list"],
        slug=row["slug"],
        digest=row["digest"],
        state=JobState(row["state"]),
        published_at=row["created_at"],
        withdrawn_at=row["withdrawn_at"],
    )


def _digests(engine: Engine, query: Select[tuple[str]]) -> list[str]:
    with reading(engine) as connection:
        found: Iterable[str] = connection.scalars(query)
        return list(found)
