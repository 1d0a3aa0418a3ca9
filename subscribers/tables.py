"""The tables about people. The Subscriber is the root of erasure: whatever is about a person hangs on it."""

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from subscribers.schema import Keep, Moment, impersonal, metadata, own_deadline, personal

Id = BigInteger().with_variant(Integer(), "sqlite")
"""Integer keys: SQLite's rowid, PostgreSQL's bigint. AUTOINCREMENT, so that no id ever means two things."""

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Id, primary_key=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    # 16 random bytes: the only name of a person in ledger, receipts and logs.
    Column("ref", LargeBinary(16), nullable=False, unique=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    # Domain as A-label, the whole casefolded: who is the same person (subscribers/address.py).
    Column(
        "address_key",
        Text,
        nullable=False,
        unique=True,
        info=personal("address, as compared", Keep.WITH_SUBSCRIBER),
    ),
    Column("address", Text, nullable=False, info=personal("e-mail address", Keep.WITH_SUBSCRIBER)),
    Column("name", Text, nullable=False, server_default="", info=personal("name", Keep.WITH_SUBSCRIBER)),
    Column(
        "organisation",
        Text,
        nullable=False,
        server_default="",
        info=personal("organisation", Keep.WITH_SUBSCRIBER),
    ),
    # Further columns of an import: {"municipality": "Voorbeeldstad"}; text values only.
    Column(
        "attributes",
        JSON,
        nullable=False,
        server_default=text("'{}'"),
        info=personal("other attributes", Keep.WITH_SUBSCRIBER),
    ),
    Column("created_at", Moment, nullable=False, info=personal("known since", Keep.WITH_SUBSCRIBER)),
    sqlite_autoincrement=True,
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", Id, primary_key=True, info=impersonal(Keep.WITH_SUBSCRIPTION)),
    # 16 random bytes: what tokens name (I7).
    Column("ref", LargeBinary(16), nullable=False, unique=True, info=impersonal(Keep.WITH_SUBSCRIPTION)),
    Column(
        "subscriber_id",
        Id,
        ForeignKey("subscriber.id"),  # its index is the unique one below, which begins with it
        nullable=False,
        info=impersonal(Keep.WITH_SUBSCRIPTION),
    ),
    Column("list", Text, nullable=False, info=personal("list", Keep.WITH_SUBSCRIPTION)),
    Column("state", Text, nullable=False, info=personal("state", Keep.WITH_SUBSCRIPTION)),
    Column("ended_reason", Text, info=personal("reason of ending", Keep.WITH_SUBSCRIPTION)),
    Column("created_at", Moment, nullable=False, info=personal("on the list since", Keep.WITH_SUBSCRIPTION)),
    # When the request to leave arrived: the clock of the deadline starts here (I4).
    Column("ended_at", Moment, info=personal("left at", Keep.WITH_SUBSCRIPTION)),
    # From this instant the row must go; null while active, the named reason to stay.
    Column("erase_at", Moment, info=impersonal(Keep.WITH_SUBSCRIPTION)),
    # The period that erase_at was counted with ("21 days", "1 month"); a shorter one in the configuration wins.
    Column("period", Text, info=impersonal(Keep.WITH_SUBSCRIPTION)),
    # "Less often": at most one issue in this many days; null for every issue (subscribers/preferences.py).
    Column("every_days", Integer, info=personal("at most one issue in days", Keep.WITH_SUBSCRIPTION)),
    Column("actor", Text, nullable=False, info=impersonal(Keep.WITH_SUBSCRIPTION)),
    # Every row has a deadline or the one named reason to stay: active (I4). The database itself holds this.
    CheckConstraint("state IN ('pending', 'active', 'ended')", name="state"),
    CheckConstraint("state = 'active' OR erase_at IS NOT NULL", name="deadline"),
    Index("uq_subscription_subscriber_id_list", "subscriber_id", "list", unique=True),
    Index("ix_subscription_list_state_id", "list", "state", "id"),
    Index(
        "ix_subscription_erase_at",
        "erase_at",
        sqlite_where=text("erase_at IS NOT NULL"),
        postgresql_where=text("erase_at IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

consent = Table(
    "consent",
    metadata,
    Column("id", Id, primary_key=True, info=impersonal(Keep.WITH_SUBSCRIPTION)),
    Column(
        "subscription_id",
        Id,
        ForeignKey("subscription.id"),
        nullable=False,
        index=True,
        info=impersonal(Keep.WITH_SUBSCRIPTION),
    ),
    Column("at", Moment, nullable=False, info=personal("moment of the evidence", Keep.WITH_SUBSCRIPTION)),
    # One word of subscribers/consent.py: granted, confirmed, imported, withdrawn.
    Column("event", Text, nullable=False, info=personal("event", Keep.WITH_SUBSCRIPTION)),
    Column("basis", Text, nullable=False, info=personal("legal basis", Keep.WITH_SUBSCRIPTION)),
    Column("source", Text, nullable=False, info=personal("source", Keep.WITH_SUBSCRIPTION)),
    Column("wording", Text, nullable=False, info=personal("wording shown", Keep.WITH_SUBSCRIPTION)),
    Column(
        "wording_version",
        Text,
        nullable=False,
        info=personal("version of the wording", Keep.WITH_SUBSCRIPTION),
    ),
    Column("actor", Text, nullable=False, info=impersonal(Keep.WITH_SUBSCRIPTION)),
    sqlite_autoincrement=True,
)

suppression = Table(
    "suppression",
    metadata,
    Column("id", Id, primary_key=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    Column("ref", LargeBinary(16), nullable=False, unique=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
    # It dies with the subscriber: keeping an address only to refuse it is off by default (B10).
    Column(
        "subscriber_id",
        Id,
        ForeignKey("subscriber.id"),
        nullable=False,
        unique=True,
        info=impersonal(Keep.WITH_SUBSCRIBER),
    ),
    Column("reason", Text, nullable=False, info=personal("not mailed because", Keep.WITH_SUBSCRIBER)),
    Column("at", Moment, nullable=False, info=personal("not mailed since", Keep.WITH_SUBSCRIBER)),
    Column("actor", Text, nullable=False, info=impersonal(Keep.WITH_SUBSCRIBER)),
    sqlite_autoincrement=True,
)

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
        ForeignKey("subscriber.id"),
        nullable=False,
        index=True,
        info=impersonal(Keep.WITH_SUBSCRIBER),
    ),
    # Where it is about one subscription; it then goes with it.
    Column("subscription_id", Id, ForeignKey("subscription.id"), index=True, info=impersonal(Keep.WITH_SUBSCRIBER)),
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
        ForeignKey("subscriber.id"),
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
        ForeignKey("subscriber.id"),
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

address_mark = Table(
    "address_mark",
    metadata,
    # A keyed hash of the address of somebody who was erased (subscribers/marks.py); about a person all the same (B10).
    Column("id", Id, primary_key=True, info=impersonal(Keep.OWN_DEADLINE)),
    Column(
        "mark",
        LargeBinary(32),
        nullable=False,
        unique=True,
        info=personal("keyed hash of the address", Keep.OWN_DEADLINE),
    ),
    Column("at", Moment, nullable=False, info=personal("erased on", Keep.OWN_DEADLINE)),
    Column("erase_at", Moment, nullable=False, index=True, info=impersonal(Keep.OWN_DEADLINE)),
    sqlite_autoincrement=True,
    info=own_deadline("address-marks"),
)

scrub = Table(
    "scrub",
    metadata,
    # One row per erasure run; `due` stays true until no byte is left in file and log (I5).
    Column("id", Id, primary_key=True, info=impersonal(Keep.FOR_EVER)),
    Column("started_at", Moment, nullable=False, info=impersonal(Keep.FOR_EVER)),
    Column("counts", JSON, nullable=False, info=impersonal(Keep.FOR_EVER)),
    # By rule: how many, and the deadline of the one who waited longest (subscribers/rule_counts.py).
    Column("rules", JSON, nullable=False, server_default=text("'{}'"), info=impersonal(Keep.FOR_EVER)),
    Column("due", Integer, nullable=False, info=impersonal(Keep.WHILE_RUNNING)),
    sqlite_autoincrement=True,
)

receipt = Table(
    "receipt",
    metadata,
    Column("id", Id, primary_key=True, info=impersonal(Keep.FOR_EVER)),
    Column("at", Moment, nullable=False, info=impersonal(Keep.FOR_EVER)),
    # {"subscriptions": 3, "subscribers": 2, "consents": 3, ...}: counts, never who.
    Column("counts", JSON, nullable=False, info=impersonal(Keep.FOR_EVER)),
    Column("policy", JSON, nullable=False, info=impersonal(Keep.FOR_EVER)),
    # The same by rule; null in receipts from before rules were counted.
    Column("rules", JSON(none_as_null=True), info=impersonal(Keep.FOR_EVER)),
    # Sealed over the receipt before it and this one (subscribers/sealing.py): no change or removal goes unseen.
    Column("previous_digest", Text, nullable=False, unique=True, info=impersonal(Keep.FOR_EVER)),
    Column("digest", Text, nullable=False, unique=True, info=impersonal(Keep.FOR_EVER)),
    sqlite_autoincrement=True,
)

lease = Table(
    "lease",
    metadata,
    # "scrub", "job:<id>": held by one process at a time, lost by one that died.
    Column("name", Text, primary_key=True, info=impersonal(Keep.WHILE_RUNNING)),
    Column("holder", Text, nullable=False, info=impersonal(Keep.WHILE_RUNNING)),
    Column("until", Moment, nullable=False, info=impersonal(Keep.WHILE_RUNNING)),
)
