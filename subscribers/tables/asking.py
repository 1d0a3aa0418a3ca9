"""What people asked for: service mails, a change of address, a look at their data, requests to an operator."""

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from subscribers.schema import Id, Keep, Moment, impersonal, metadata, own_deadline, personal
from subscribers.tables.people import subscriber, subscription

notice = Table(
    "notice",
    metadata,
    # A service mail that someone asked for; the outbox (subscribers/outbox.py).
    Column("id", Id, primary_key=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    # 16 random bytes: what the single-use link in the mail names (I7).
    Column("ref", LargeBinary(16), nullable=False, unique=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    # One word of subscribers/outbox.py: confirm, my-data, ...
    Column("kind", Text, nullable=False, info=personal("service mail", Keep.WITH_SUBSCRIBER)),
    Column(
        "subscriber_id",
        Id,
        ForeignKey(subscriber.c.id),
        nullable=False,
        index=True,
        info=impersonal(Keep.WITH_SUBSCRIBER),
    ),
    # Where it is about one subscription; it then goes with it.
    Column("subscription_id", Id, ForeignKey(subscription.c.id), index=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    Column("list", Text, nullable=False, info=personal("list", Keep.WITH_SUBSCRIBER)),
    # Where to, if not to the subscriber's address.
    Column("to_address", Text, info=personal("sent to another address", Keep.WITH_SUBSCRIBER)),
    # Name and organisation of a sign-up: stored with the person only once it is confirmed.
    Column(
        "details",
        JSON,
        nullable=False,
        server_default=text("'{}'"),
        info=personal("given with the request", Keep.WITH_SUBSCRIBER),
    ),
    Column("state", Text, nullable=False, info=personal("state", Keep.WITH_SUBSCRIBER)),
    Column("attempts", Integer, nullable=False, server_default="0", info=impersonal(Keep.WITH_SUBSCRIBER)),
    Column("code", Integer, info=personal("reply code", Keep.WITH_SUBSCRIBER)),
    # Not tried before this instant.
    Column("due_at", Moment, nullable=False, info=impersonal(Keep.WITH_SUBSCRIBER)),
    Column("created_at", Moment, nullable=False, info=personal("asked for at", Keep.WITH_SUBSCRIBER)),
    # Written, durably, just before the final dot: from here on the relay may have it (A24).
    Column("begun_at", Moment, info=impersonal(Keep.WITH_SUBSCRIBER)),
    Column("sent_at", Moment, info=personal("sent at", Keep.WITH_SUBSCRIBER)),
    # When its single-use link was used.
    Column("used_at", Moment, info=personal("link used at", Keep.WITH_SUBSCRIBER)),
    Column("erase_at", Moment, nullable=False, index=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    Column("worker", Text, info=impersonal(Keep.WHILE_RUNNING)),
    Column("lease_until", Moment, info=impersonal(Keep.WHILE_RUNNING)),
    CheckConstraint("state IN ('queued', 'claimed', 'sent', 'refused', 'unknown')", name="state"),
    Index("ix_notice_state_due_at", "state", "due_at"),
    sqlite_autoincrement=True,
    # Rows go from this instant on, also while the person stays.
    info=own_deadline("notices"),
)

address_change = Table(
    "address_change",
    metadata,
    # A change of address that was asked for; nothing is changed before both ends agreed (subscribers/moving.py).
    Column("id", Id, primary_key=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    # One at a time: asking again takes the place of what was asked before.
    Column(
        "subscriber_id",
        Id,
        ForeignKey(subscriber.c.id),
        nullable=False,
        unique=True,
        info=impersonal(Keep.WITH_SUBSCRIBER),
    ),
    Column("list", Text, nullable=False, info=personal("asked on the page of", Keep.WITH_SUBSCRIBER)),
    Column("new_address", Text, nullable=False, info=personal("new address, asked for", Keep.WITH_SUBSCRIBER)),
    # 16 random bytes each: what the links to the old and to the new address name.
    Column("old_ref", LargeBinary(16), nullable=False, unique=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    Column("new_ref", LargeBinary(16), nullable=False, unique=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    Column("asked_at", Moment, nullable=False, info=personal("asked at", Keep.WITH_SUBSCRIBER)),
    Column("old_agreed_at", Moment, info=personal("agreed by the old address at", Keep.WITH_SUBSCRIBER)),
    Column("new_agreed_at", Moment, info=personal("agreed by the new address at", Keep.WITH_SUBSCRIBER)),
    Column("erase_at", Moment, nullable=False, index=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    sqlite_autoincrement=True,
    info=own_deadline("address-changes", days=7),
)

data_session = Table(
    "data_session",
    metadata,
    # Somebody looks at their own data (`/mijn/`); the cookie's secret itself is not stored (subscribers/sessions.py).
    Column("id", Id, primary_key=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    Column("secret_hash", LargeBinary(32), nullable=False, unique=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    Column(
        "subscriber_id",
        Id,
        ForeignKey(subscriber.c.id),
        nullable=False,
        index=True,
        info=impersonal(Keep.WITH_SUBSCRIBER),
    ),
    # No longer good after minutes (subscribers/sessions.py); the row itself is tidied up later.
    Column("begun_at", Moment, nullable=False, info=impersonal(Keep.WITH_SUBSCRIBER)),
    Column("erase_at", Moment, nullable=False, index=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    sqlite_autoincrement=True,
    info=own_deadline("sessions"),
)

request = Table(
    "request",
    metadata,
    # What people asked of an operator, and by when it must be done (AVG 12(3); subscribers/requests.py).
    Column("id", Id, primary_key=True, info=impersonal(Keep.FOR_EVER)),
    # The random id of a subscriber, no key to one: it stays as proof, and names nobody once they are erased.
    Column("subscriber_ref", LargeBinary(16), index=True, info=impersonal(Keep.FOR_EVER)),
    # One word of subscribers/requests.py: access, erasure, correction, ...
    Column("kind", Text, nullable=False, info=impersonal(Keep.FOR_EVER)),
    # The operator's number for it; never a name or an address.
    Column("reference", Text, nullable=False, server_default="", info=impersonal(Keep.FOR_EVER)),
    Column("received_at", Moment, nullable=False, info=impersonal(Keep.FOR_EVER)),
    # From this instant on it is overdue.
    Column("due_at", Moment, nullable=False, info=impersonal(Keep.FOR_EVER)),
    Column("done_at", Moment, info=impersonal(Keep.FOR_EVER)),
    # The account or the role that says it is done; about an employee's work, not about a subscriber.
    Column("done_by", Text, info=impersonal(Keep.FOR_EVER)),
    Index(
        "ix_request_due_at", "due_at", sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")
    ),
    sqlite_autoincrement=True,
)
