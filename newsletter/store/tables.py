"""The tables about mailings: compiled issues, send jobs and their deliveries."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text, text

from subscribers.schema import Keep, Moment, impersonal, metadata, personal
from subscribers.tables import Id

compiled_issue = Table(
    "compiled_issue",
    metadata,
    # SHA-256 (hex) over content and envelope headers: what a job froze (I6).
    Column("digest", Text, primary_key=True, info=impersonal(Keep.FOR_EVER)),
    Column("list", Text, nullable=False, info=impersonal(Keep.FOR_EVER)),
    Column("slug", Text, nullable=False, info=impersonal(Keep.FOR_EVER)),
    # The CompiledIssue as canonical JSON (newsletter/compose/compiled.py).
    Column("content", LargeBinary, nullable=False, info=impersonal(Keep.FOR_EVER)),
    # The header identity as canonical JSON (newsletter/message/identity.py).
    Column("identity", LargeBinary, nullable=False, info=impersonal(Keep.FOR_EVER)),
    Column("created_at", Moment, nullable=False, info=impersonal(Keep.FOR_EVER)),
)

send_job = Table(
    "send_job",
    metadata,
    Column("id", Id, primary_key=True, info=impersonal(Keep.FOR_EVER)),
    Column("ref", LargeBinary(16), nullable=False, unique=True, info=impersonal(Keep.FOR_EVER)),
    Column("list", Text, nullable=False, info=impersonal(Keep.FOR_EVER)),
    Column("slug", Text, nullable=False, info=impersonal(Keep.FOR_EVER)),
    Column(
        "digest",
        Text,
        ForeignKey("compiled_issue.digest"),
        nullable=False,
        index=True,
        info=impersonal(Keep.FOR_EVER),
    ),
    # One word of newsletter/delivery/job.py: planned, running, paused, finished, cancelled.
    Column("state", Text, nullable=False, info=impersonal(Keep.FOR_EVER)),
    Column("audience", Integer, nullable=False, info=impersonal(Keep.FOR_EVER)),
    Column("created_at", Moment, nullable=False, info=impersonal(Keep.FOR_EVER)),
    Column("finished_at", Moment, info=impersonal(Keep.FOR_EVER)),
    Column("actor", Text, nullable=False, info=impersonal(Keep.FOR_EVER)),
    # Since when the archive no longer shows the issue; null while it does (newsletter/store/archive.py).
    Column("withdrawn_at", Moment, info=impersonal(Keep.FOR_EVER)),
    # Findings of level error that the operator overrode by name.
    Column("overrides", JSON, nullable=False, server_default=text("'[]'"), info=impersonal(Keep.FOR_EVER)),
    Index("uq_send_job_list_slug", "list", "slug", unique=True),
    sqlite_autoincrement=True,
    # What a person's own data calls the mailing that a delivery belongs to (B8).
    info={"known_as": ("list", "slug")},
)

job_tally = Table(
    "job_tally",
    metadata,
    # Deliveries that were erased, counted by the state they had: sums stay true (I7).
    Column("job_id", Id, ForeignKey("send_job.id"), primary_key=True, info=impersonal(Keep.FOR_EVER)),
    Column("state", SmallInteger, primary_key=True, info=impersonal(Keep.FOR_EVER)),
    Column("count", Integer, nullable=False, info=impersonal(Keep.FOR_EVER)),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Id, primary_key=True, info=impersonal(Keep.WITH_SUBSCRIPTION)),
    Column(
        "job_id",
        Id,
        ForeignKey("send_job.id"),
        nullable=False,
        info=impersonal(Keep.WITH_SUBSCRIPTION),
    ),
    Column(
        "subscription_id",
        Id,
        ForeignKey("subscription.id"),
        nullable=False,
        index=True,
        info=impersonal(Keep.WITH_SUBSCRIPTION),
    ),
    # Number of the state in newsletter/delivery/outcome.py
    Column("state", SmallInteger, nullable=False, info=personal("delivery", Keep.WITH_SUBSCRIPTION)),
    # Why it was skipped or refused, one word.
    Column("reason", Text, info=personal("reason", Keep.WITH_SUBSCRIPTION)),
    Column("attempts", SmallInteger, nullable=False, server_default="0", info=impersonal(Keep.WITH_SUBSCRIPTION)),
    # The next attempt of a deferred delivery is due at this instant.
    Column("due_at", Moment, info=impersonal(Keep.WITH_SUBSCRIPTION)),
    Column("code", SmallInteger, info=personal("reply code", Keep.WITH_SUBSCRIPTION)),
    # Reply text of the relay, addresses scrubbed before it is stored (I7).
    Column("reply", Text, info=personal("reply of the mail server", Keep.WITH_SUBSCRIPTION)),
    Column("worker", Text, info=impersonal(Keep.WHILE_RUNNING)),
    Column("lease_until", Moment, info=impersonal(Keep.WHILE_RUNNING)),
    Column("updated_at", Moment, info=personal("at", Keep.WITH_SUBSCRIPTION)),
    Index("uq_delivery_job_id_subscription_id", "job_id", "subscription_id", unique=True),
    Index("ix_delivery_job_id_state_id", "job_id", "state", "id"),
    sqlite_autoincrement=True,
    # Before a delivery is erased, its state is added to the tally of its job in the same transaction (I7).
    info={"tally": {"table": "job_tally", "by": ("job_id", "state")}},
)
