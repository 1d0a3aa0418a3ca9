"""Who a person is, which lists they are on, with which evidence, and who is not mailed."""

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from subscribers.schema import Id, Keep, Moment, impersonal, metadata, personal

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
    # One word of subscribers/consent.py: granted, confirmed, imported, imported-dated, withdrawn, ...
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
    info={"parent_names": {"subscription": ("list",)}},
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
