"""The tables about mailings: compiled issues, send jobs and their deliveries."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text, text

from subscribers.retention import Rule
from subscribers.schema import Id, Keep, Moment, OwnDeadline, impersonal, metadata, personal
from subscribers.tables import subscription

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
    # For whom of the list it is, as text of subscribers/segments.py; empty: for everybody. Names nobody.
    Column("audience_where", Text, nullable=False, server_default="", info=impersonal(Keep.FOR_EVER)),
    Column("created_at", Moment, nullable=False, info=impersonal(Keep.FOR_EVER)),
    Column("finished_at", Moment, info=impersonal(Keep.FOR_EVER)),
    Column("actor", Text, nullable=False, info=impersonal(Keep.FOR_EVER)),
    # Since when the archive no longer shows the issue; null while it does (newsletter/store/archive.py).
    Column("withdrawn_at", Moment, info=impersonal(Keep.FOR_EVER)),
    # From this instant its deliveries must be gone; every retention run counts it from finished_at.
    Column("deliveries_until", Moment, info=impersonal(Keep.FOR_EVER)),
    # Not before this instant; from then on `serve` sends it. Null: whoever gives the command sends it.
    Column("starts_at", Moment, info=impersonal(Keep.FOR_EVER)),
    # Over how long it is to be spread.
    Column("spread_seconds", Integer, info=impersonal(Keep.FOR_EVER)),
    # Why it paused by itself (newsletter/delivery/pushback.py): a word, a colon, and the numbers. Names nobody.
    Column("halted", Text, info=impersonal(Keep.FOR_EVER)),
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
        ForeignKey(subscription.c.id),
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
    # Retries and what was set aside, in the order of their time; holds nothing of the others.
    Index(
        "ix_delivery_job_id_due_at",
        "job_id",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
    # Before a delivery is erased, its state is added to the tally of its job in the same transaction (I7).
    info={
        "tally": {"table": "job_tally", "by": ("job_id", "state")},
        "deadline": OwnDeadline(rule=Rule.DELIVERIES, column="deliveries_until", via="job_id", event="finished_at"),
    },
)

pace = Table(
    "pace",
    metadata,
    # What was sent to a group of receivers lately, so that limits hold over runs (newsletter/delivery/lines.py).
    # Only groups and domains that the configuration names: no domain of one person. Beside them, which runs use a relay
    # (newsletter/delivery/relay_uses.py), and what the runs of a job counted (newsletter/store/so_far.py).
    Column("name", Text, primary_key=True, info=impersonal(Keep.WHILE_RUNNING)),
    Column("state", JSON, nullable=False, info=impersonal(Keep.WHILE_RUNNING)),
)

bounce_tally = Table(
    "bounce_tally",
    metadata,
    # Bounces that were erased, counted by what they said: sums stay true (I7).
    Column("job_id", Id, ForeignKey("send_job.id"), primary_key=True, info=impersonal(Keep.FOR_EVER)),
    Column("kind", Text, primary_key=True, info=impersonal(Keep.FOR_EVER)),
    Column("count", Integer, nullable=False, info=impersonal(Keep.FOR_EVER)),
)

bounce = Table(
    "bounce",
    metadata,
    # A report that one delivery failed after the relay had taken it; the delivery stays "sent".
    Column("id", Id, primary_key=True, info=impersonal(Keep.WITH_SUBSCRIPTION)),
    Column(
        "subscription_id",
        Id,
        ForeignKey(subscription.c.id),
        nullable=False,
        index=True,
        info=impersonal(Keep.WITH_SUBSCRIPTION),
    ),
    Column("job_id", Id, ForeignKey("send_job.id"), nullable=False, info=impersonal(Keep.WITH_SUBSCRIPTION)),
    Column("at", Moment, nullable=False, info=personal("came back at", Keep.WITH_SUBSCRIPTION)),
    # One word of newsletter/feedback/model.py: hard, soft, policy, unknown.
    Column("kind", Text, nullable=False, info=personal("came back because", Keep.WITH_SUBSCRIPTION)),
    Column("status", Text, info=personal("status", Keep.WITH_SUBSCRIPTION)),
    # What the other server said, addresses scrubbed before it is stored (I7).
    Column("reply", Text, info=personal("reply of the other mail server", Keep.WITH_SUBSCRIPTION)),
    Index("ix_bounce_job_id_kind", "job_id", "kind"),
    sqlite_autoincrement=True,
    info={
        "tally": {"table": "bounce_tally", "by": ("job_id", "kind")},
        "deadline": OwnDeadline(rule=Rule.DELIVERIES, column="deliveries_until", via="job_id", event="finished_at"),
    },
)

feedback_seen = Table(
    "feedback_seen",
    metadata,
    # Keyed digest of a mail that was counted: the same mail again changes nothing. Forgotten after some weeks.
    Column("digest", LargeBinary(32), primary_key=True, info=impersonal(Keep.WHILE_RUNNING)),
    Column("at", Moment, nullable=False, index=True, info=impersonal(Keep.WHILE_RUNNING)),
)

installation = Table(
    "installation",
    metadata,
    # One row: to which folder this database belongs, and whether it was restored (newsletter/store/identity.py).
    Column("id", Integer, primary_key=True, info=impersonal(Keep.WHILE_RUNNING)),
    # The random id in data_dir/installation.
    Column("ref", LargeBinary(16), nullable=False, info=impersonal(Keep.WHILE_RUNNING)),
    # What tells the file or folder from a copy of it: inode and time of birth.
    Column("place", Text, nullable=False, info=impersonal(Keep.WHILE_RUNNING)),
    # Changes whenever somebody looks, in step with the file: an older database shows.
    Column("turn", LargeBinary(16), nullable=False, info=impersonal(Keep.WHILE_RUNNING)),
    Column("seen_at", Moment, nullable=False, info=impersonal(Keep.WHILE_RUNNING)),
    # When it was restored, and the time of the backup if that is known; null once an operator has accepted it.
    Column("restored_at", Moment, info=impersonal(Keep.WHILE_RUNNING)),
    Column("restored_from", Moment, info=impersonal(Keep.WHILE_RUNNING)),
)
