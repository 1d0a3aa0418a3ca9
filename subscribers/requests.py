"""What people asked of an operator, and by when it must be done: one month (AVG 12(3)).

A request names a person by their random id only, and keeps no key to them: as long as they are known, the list can say
who it is; once they are erased it still proves that their request was answered in time, and names nobody.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from subscribers.clock import require_aware
from subscribers.errors import InputError
from subscribers.retention import limit
from subscribers.tables import request, subscriber

REFERENCE_LIMIT = 60


class RequestKind(StrEnum):
    """What was asked (AVG 15-22)."""

    ACCESS = "access"
    """What do you have on me? A copy of it (15)."""
    CORRECTION = "correction"
    """Something is wrong (16)."""
    ERASURE = "erasure"
    """Forget me (17)."""
    RESTRICTION = "restriction"
    """Keep it, and do nothing with it for now (18)."""
    OBJECTION = "objection"
    """Stop processing (21)."""
    PORTABILITY = "portability"
    """My data in a form that another program reads (20)."""


@dataclass(frozen=True, kw_only=True)
class DataRequest:
    """One request; `address` is empty once its person is erased, or if nothing was known of them."""

    id: int
    kind: RequestKind
    reference: str
    address: str
    received_at: datetime
    due_at: datetime
    """From this instant on it is overdue."""
    done_at: datetime | None
    done_by: str

    def is_overdue(self, now: datetime) -> bool:
        """Whether the month is over and nobody said that it is done."""
        return self.done_at is None and now >= self.due_at

    @property
    def was_late(self) -> bool:
        """Whether it was done after its month."""
        return self.done_at is not None and self.done_at >= self.due_at


def add_request(
    connection: Connection,
    *,
    kind: RequestKind,
    received_at: datetime,
    zone: ZoneInfo,
    subscriber_ref: bytes | None,
    reference: str = "",
) -> int:
    """Write a request down; its month is counted from the day it arrived in `zone`. Returns its number.

    Raises InputError for a reference that looks like a name of somebody: with an @, or over REFERENCE_LIMIT characters.
    """
    if "@" in reference or len(reference) > REFERENCE_LIMIT:
        raise InputError("a reference is a number of yours, not an address", remedy='write e.g. --reference "2027-113"')
    values = {
        "subscriber_ref": subscriber_ref,
        "kind": kind.value,
        "reference": reference,
        "received_at": require_aware(received_at),
        "due_at": limit(received_at, zone),
    }
    return int(connection.execute(insert(request).values(**values).returning(request.c.id)).scalar_one())


def finish_request(connection: Connection, number: int, *, by: str, now: datetime) -> DataRequest:
    """Say that a request is done; said again, the first time stands. Raises InputError if there is no such request."""
    open_one = update(request).where(request.c.id == number, request.c.done_at.is_(None))
    connection.execute(open_one.values(done_at=require_aware(now), done_by=by))
    found = [item for item in list_requests(connection, with_done=True) if item.id == number]
    if not found:
        raise InputError(f"there is no request {number}", remedy="`newsletter subscribers requests --all` lists them")
    return found[0]


def finish_erasures(connection: Connection, subscriber_ref: bytes, *, by: str, now: datetime) -> int:
    """The person was erased: their open requests for that are done. How many."""
    theirs = request.c.subscriber_ref == subscriber_ref, request.c.kind == RequestKind.ERASURE.value
    open_ones = update(request).where(*theirs, request.c.done_at.is_(None))
    return connection.execute(open_ones.values(done_at=require_aware(now), done_by=by)).rowcount


def list_requests(connection: Connection, *, with_done: bool = False) -> list[DataRequest]:
    """The requests, the one due first on top; those that are done only if asked for."""
    people = request.outerjoin(subscriber, subscriber.c.ref == request.c.subscriber_ref)
    query = select(request, subscriber.c.address).select_from(people).order_by(request.c.due_at, request.c.id)
    if not with_done:
        query = query.where(request.c.done_at.is_(None))
    return [_read(row) for row in connection.execute(query)]


def requests_of(connection: Connection, subscriber_ref: bytes) -> list[dict[str, object]]:
    """The requests of one person, as part of all that is stored about them (B8)."""
    columns = (request.c.kind, request.c.received_at, request.c.due_at, request.c.done_at)
    theirs = select(*columns).where(request.c.subscriber_ref == subscriber_ref).order_by(request.c.id)
    return [dict(row) for row in connection.execute(theirs).mappings()]


def _read(row: Any) -> DataRequest:  # noqa: ANN401 - a row
    return DataRequest(
        id=row.id,
        kind=RequestKind(row.kind),
        reference=row.reference,
        address=row.address or "",
        received_at=row.received_at,
        due_at=row.due_at,
        done_at=row.done_at,
        done_by=row.done_by or "",
    )
