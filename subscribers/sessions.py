"""Short sessions on one's own data (`/mijn/`): opened by a single-use link, known by a secret in a cookie.

The store keeps only the hash of the secret, so who reads the database can open nobody's session. A session ends after
minutes, whatever happens in it; the row is tidied up with the other deadlines.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from subscribers.clock import require_aware
from subscribers.notice import NoticeKind
from subscribers.outbox import count_since, queue_notice
from subscribers.retention import Period, RetentionPolicy, deadline
from subscribers.tables import data_session, notice

LIFE = timedelta(minutes=30)
LINK_DAYS = 1
"""The link in the mail works until the end of the next day; once."""
LINK_EVERY = timedelta(minutes=10)
"""Between two links to one person, however often they are asked for."""
MOST_LINKS = 5
"""As long as one of them works: whoever is sent more has not asked for them."""
SECRET_OCTETS = 32


def queue_data_link(
    connection: Connection, subscriber_id: int, *, list_slug: str, now: datetime, zone: ZoneInfo
) -> bytes | None:
    """Mail a person a link to all that is stored; None if one or several were mailed shortly before."""
    lately = count_since(connection, subscriber_id, frozenset({NoticeKind.MY_DATA}), now - timedelta(days=LINK_DAYS))
    if lately >= MOST_LINKS:
        return None
    return queue_notice(
        connection,
        kind=NoticeKind.MY_DATA,
        subscriber_id=subscriber_id,
        list_slug=list_slug,
        now=now,
        keep_days=LINK_DAYS,
        at_most_every=LINK_EVERY,
        zone=zone,
    )


def open_session(
    connection: Connection, notice_ref: bytes, *, now: datetime, zone: ZoneInfo | None = None
) -> str | None:
    """The secret of a new session for whom the notice `notice_ref` was mailed to; None if its link is used or old.

    Of two who press at once, one gets in: marking the link used and opening are one transaction.
    """
    moment = require_aware(now)
    use = update(notice).where(*_is_open(notice_ref, moment)).values(used_at=moment)
    owner = connection.execute(use.returning(notice.c.subscriber_id)).scalar_one_or_none()
    if owner is None:
        return None
    secret = secrets.token_urlsafe(SECRET_OCTETS)
    tidy_at = deadline(moment, Period(1), zone or RetentionPolicy().zone)
    row = {"secret_hash": _hash(secret), "subscriber_id": owner, "begun_at": moment, "erase_at": tidy_at}
    connection.execute(insert(data_session).values(**row))
    return secret


def is_open(connection: Connection, notice_ref: bytes, *, now: datetime) -> bool:
    """Whether the link of that notice would open a session; looking uses nothing up."""
    query = select(notice.c.id).where(*_is_open(notice_ref, require_aware(now)))
    return connection.scalar(query) is not None


def _is_open(notice_ref: bytes, moment: datetime) -> tuple[ColumnElement[bool], ...]:
    mine = notice.c.ref == notice_ref, notice.c.kind == NoticeKind.MY_DATA.value
    return (*mine, notice.c.used_at.is_(None), notice.c.erase_at > moment)


def who_is_in(connection: Connection, secret: str, *, now: datetime) -> int | None:
    """The subscriber whose session this is; None for a secret that is not ours, too old, or ended."""
    known = data_session.c.secret_hash == _hash(secret), data_session.c.begun_at > require_aware(now) - LIFE
    found: int | None = connection.scalar(select(data_session.c.subscriber_id).where(*known))
    return found


def close_session(connection: Connection, secret: str) -> None:
    """End a session; nothing happens if there is none."""
    connection.execute(delete(data_session).where(data_session.c.secret_hash == _hash(secret)))


def form_token(key: bytes, secret: str) -> str:
    """What every form of a session carries: another site that makes a browser post does not know it (CSRF)."""
    return hmac.digest(key, secret.encode(), "sha256").hex()


def is_form_token(key: bytes, secret: str, token: str) -> bool:
    """Whether `token` is the session's own, compared in constant time."""
    return hmac.compare_digest(form_token(key, secret).encode(), token.encode("utf-8", "replace"))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
