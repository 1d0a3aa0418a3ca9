"""What mail that came back changes in the store, query by query; what it means is decided in newsletter/feedback."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import TypeVar

from sqlalchemy import Connection, Engine, delete, func, insert, select

from newsletter.delivery.outcome import State as DeliveryState
from newsletter.store.tables import bounce, bounce_tally, delivery, feedback_seen, send_job
from subscribers.consent import GIVEN_HERE
from subscribers.tables import consent, notice, subscriber, subscription
from subscribers.transactions import reading

PAGE = 500
"""Values bound in one statement."""
REMEMBERED = timedelta(days=60)
"""How long a mail is known again: much longer than any server repeats one."""
SETTLED = timedelta(days=5)
"""A mail that did not come back within this has arrived: other servers give up before (A23)."""

_PEOPLE = subscription.join(subscriber, subscriber.c.id == subscription.c.subscriber_id)
_COLUMNS = (
    subscription.c.id.label("subscription_id"),
    subscription.c.ref.label("subscription_ref"),
    subscription.c.subscriber_id,
    subscriber.c.ref.label("subscriber_ref"),
    subscriber.c.address_key,
    subscription.c.list,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Whom a delivery or a token is about."""

    subscription_id: int
    subscription_ref: bytes
    subscriber_id: int
    subscriber_ref: bytes
    address_key: str
    list: str
    job_id: int | None = None


def by_delivery(connection: Connection, number: int, job_ref: bytes | None = None) -> Addressee | None:
    """Who the delivery is for; None once erased, or if `job_ref` is given and is not its job's."""
    source = _PEOPLE.join(delivery, delivery.c.subscription_id == subscription.c.id)
    source = source.join(send_job, send_job.c.id == delivery.c.job_id)
    query = select(*_COLUMNS, delivery.c.job_id).select_from(source).where(delivery.c.id == number)
    row = connection.execute(query if job_ref is None else query.where(send_job.c.ref == job_ref)).mappings().first()
    return Addressee(**row) if row else None


def job_ref_of(connection: Connection, number: int) -> bytes | None:
    """The ref of the job that a delivery belongs to; None once the delivery is erased."""
    query = select(send_job.c.ref).join(delivery, delivery.c.job_id == send_job.c.id).where(delivery.c.id == number)
    found = connection.scalar(query)
    return None if found is None else bytes(found)


def agreed_after(connection: Connection, refs: Sequence[bytes], at: datetime, *, now: datetime) -> bool:
    """Whether somebody said yes, themselves, to one of these subscriptions later than `at`; none counts after `now`."""
    words = [event.value for event in GIVEN_HERE]
    mine = subscription.c.ref.in_(refs), consent.c.event.in_(words), consent.c.at > at, consent.c.at <= now
    query = select(consent.c.id).select_from(subscription.join(consent)).where(*mine).limit(1)
    return connection.execute(query).first() is not None


def by_notice(connection: Connection, number: int) -> tuple[int, str] | None:
    """Subscriber and address key of a service mail that went to the subscriber's own address; None for any other."""
    source = notice.join(subscriber, subscriber.c.id == notice.c.subscriber_id)
    query = select(subscriber.c.id, subscriber.c.address_key).select_from(source)
    row = connection.execute(query.where(notice.c.id == number, notice.c.to_address.is_(None))).first()
    return (row.id, row.address_key) if row else None


def by_address(connection: Connection, key: str, lists: Collection[str]) -> list[Addressee]:
    """The subscriptions, in any state, of one address to these lists."""
    here = subscriber.c.address_key == key, subscription.c.list.in_(sorted(lists))
    query = select(*_COLUMNS).select_from(_PEOPLE).where(*here).order_by(subscription.c.id)
    return [Addressee(**row) for row in connection.execute(query).mappings()]


def refs_of(connection: Connection, keys: Collection[str]) -> set[bytes]:
    """Refs of the subscribers with these addresses."""
    found: set[bytes] = set()
    for page in _pages(sorted(keys)):
        found.update(connection.scalars(select(subscriber.c.ref).where(subscriber.c.address_key.in_(page))))
    return found


def existing(engine: Engine, refs: Collection[bytes]) -> set[bytes]:
    """Those of `refs` that belong to subscribers who are in the store."""
    found: set[bytes] = set()
    with reading(engine) as connection:
        for page in _pages(sorted(refs)):
            found.update(connection.scalars(select(subscriber.c.ref).where(subscriber.c.ref.in_(page))))
    return found


def _pages(values: Sequence[T]) -> list[Sequence[T]]:
    return [values[start : start + PAGE] for start in range(0, len(values), PAGE)]


# ---------------------------------------------------------------- the same mail again


def was_seen(connection: Connection, digests: Collection[bytes]) -> bool:
    """Whether a mail with one of these digests was counted before."""
    return connection.scalar(select(feedback_seen.c.at).where(feedback_seen.c.digest.in_(digests))) is not None


def remember(connection: Connection, digest: bytes, now: datetime) -> None:
    """Know this mail again; what is older than weeks is forgotten."""
    connection.execute(delete(feedback_seen).where(feedback_seen.c.at < now - REMEMBERED))
    connection.execute(insert(feedback_seen).values(digest=digest, at=now))


# ---------------------------------------------------------------- bounces


def add_bounce(
    connection: Connection, whom: Addressee, *, kind: str, status: str | None, reply: str, at: datetime
) -> None:
    """Write down that a mail to `whom` came back. The delivery stays as it is: the relay did take it."""
    row = {"subscription_id": whom.subscription_id, "job_id": whom.job_id, "at": at}
    connection.execute(insert(bounce).values(**row, kind=kind, status=status, reply=reply or None))


def failing_days(
    connection: Connection, subscriber_id: int, kinds: Collection[str], *, since: datetime, now: datetime, zone: tzinfo
) -> int:
    """On how many different days mail to a person came back for `kinds`, since the last one that arrived."""
    mine = select(subscription.c.id).where(subscription.c.subscriber_id == subscriber_id)
    start = max(since, _last_arrival(connection, subscriber_id, now) or since)
    query = select(bounce.c.at).where(
        bounce.c.subscription_id.in_(mine), bounce.c.kind.in_(sorted(kinds)), bounce.c.at > start
    )
    days: set[date] = {at.astimezone(zone).date() for at in connection.scalars(query)}
    return len(days)


def _last_arrival(connection: Connection, subscriber_id: int, now: datetime) -> datetime | None:
    """When the last mail went out to a person that did not come back, as far as can be known by now."""
    came_back = (
        select(bounce.c.id)
        .where(bounce.c.subscription_id == delivery.c.subscription_id, bounce.c.job_id == delivery.c.job_id)
        .exists()
    )
    query = (
        select(func.max(delivery.c.updated_at))
        .join(subscription, subscription.c.id == delivery.c.subscription_id)
        .where(subscription.c.subscriber_id == subscriber_id, delivery.c.state == int(DeliveryState.SENT))
        .where(delivery.c.updated_at < now - SETTLED, ~came_back)
    )
    found: datetime | None = connection.scalar(query)
    return found


def bounce_counts(connection: Connection, job: int) -> dict[str, int]:
    """Bounces of a job by what they said, those already erased included."""
    here = select(bounce.c.kind, func.count()).where(bounce.c.job_id == job).group_by(bounce.c.kind)
    gone = select(bounce_tally.c.kind, bounce_tally.c.count).where(bounce_tally.c.job_id == job)
    found: dict[str, int] = {}
    for kind, count in (*connection.execute(here), *connection.execute(gone)):
        found[kind] = found.get(kind, 0) + int(count)
    return found


def policy_refusals(connection: Connection, job: int) -> int:
    """How many mails of a job came back because of us: reputation, authentication, content (A29)."""
    return bounce_counts(connection, job).get("policy", 0)
