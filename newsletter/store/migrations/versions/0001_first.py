"""The first schema: people, mailings, erasure."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)

NOT_SAMPLED = {
    "subscriber": ("address_key", "address", "name", "organisation", "attributes"),
    "consent": ("source", "wording"),
    "delivery": ("reply",),
}
"""ANALYZE on PostgreSQL copies sample values into its statistics, where an erasure would not reach them (I5)."""


def upgrade() -> None:
    op.create_table(
        "compiled_issue",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_compiled_issue")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "receipt",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("previous_digest", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("digest", name=op.f("uq_receipt_digest")),
        sa.UniqueConstraint("previous_digest", name=op.f("uq_receipt_previous_digest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "scrub",
        sa.Column("id", ID, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scrub")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "subscriber",
        sa.Column("id", ID, nullable=False),
        sa.Column("ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("organisation", sa.Text(), server_default="", nullable=False),
        sa.Column("attributes", sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriber")),
        sa.UniqueConstraint("address_key", name=op.f("uq_subscriber_address_key")),
        sa.UniqueConstraint("ref", name=op.f("uq_subscriber_ref")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "send_job",
        sa.Column("id", ID, nullable=False),
        sa.Column("ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("audience", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("overrides", sa.JSON(), server_default=sa.text("'[]'"), nullable=False),
        sa.ForeignKeyConstraint(["digest"], ["compiled_issue.digest"], name=op.f("fk_send_job_digest_compiled_issue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_send_job")),
        sa.UniqueConstraint("ref", name=op.f("uq_send_job_ref")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_send_job_digest"), "send_job", ["digest"], unique=False)
    op.create_index("uq_send_job_list_slug", "send_job", ["list", "slug"], unique=True)
    op.create_table(
        "subscription",
        sa.Column("id", ID, nullable=False),
        sa.Column("ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("subscriber_id", ID, nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("erase_at", MOMENT, nullable=True),
        sa.Column("period", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.CheckConstraint("state = 'active' OR erase_at IS NOT NULL", name=op.f("ck_subscription_deadline")),
        sa.CheckConstraint("state IN ('pending', 'active', 'ended')", name=op.f("ck_subscription_state")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_subscription_subscriber_id_subscriber")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("ref", name=op.f("uq_subscription_ref")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_subscription_erase_at",
        "subscription",
        ["erase_at"],
        unique=False,
        sqlite_where=sa.text("erase_at IS NOT NULL"),
        postgresql_where=sa.text("erase_at IS NOT NULL"),
    )
    op.create_index("ix_subscription_list_state_id", "subscription", ["list", "state", "id"], unique=False)
    op.create_index("uq_subscription_subscriber_id_list", "subscription", ["subscriber_id", "list"], unique=True)
    op.create_table(
        "suppression",
        sa.Column("id", ID, nullable=False),
        sa.Column("ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("subscriber_id", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_suppression_subscriber_id_subscriber")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
        sa.UniqueConstraint("ref", name=op.f("uq_suppression_ref")),
        sa.UniqueConstraint("subscriber_id", name=op.f("uq_suppression_subscriber_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "consent",
        sa.Column("id", ID, nullable=False),
        sa.Column("subscription_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("wording_version", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_consent_subscription_id_subscription")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_consent_subscription_id"), "consent", ["subscription_id"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", ID, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("subscription_id", ID, nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("code", sa.SmallInteger(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("updated_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["send_job.id"], name=op.f("fk_delivery_job_id_send_job")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_delivery_subscription_id_subscription")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_delivery_job_id_state_id", "delivery", ["job_id", "state", "id"], unique=False)
    op.create_index(op.f("ix_delivery_subscription_id"), "delivery", ["subscription_id"], unique=False)
    op.create_index("uq_delivery_job_id_subscription_id", "delivery", ["job_id", "subscription_id"], unique=True)
    op.create_table(
        "job_tally",
        sa.Column("job_id", ID, nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["send_job.id"], name=op.f("fk_job_tally_job_id_send_job")),
        sa.PrimaryKeyConstraint("job_id", "state", name=op.f("pk_job_tally")),
    )

    if op.get_bind().dialect.name == "postgresql":
        for table, columns in NOT_SAMPLED.items():
            for column in columns:
                op.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" SET STATISTICS 0')


def downgrade() -> None:
    op.drop_table("job_tally")
    op.drop_index("uq_delivery_job_id_subscription_id", table_name="delivery")
    op.drop_index(op.f("ix_delivery_subscription_id"), table_name="delivery")
    op.drop_index("ix_delivery_job_id_state_id", table_name="delivery")
    op.drop_table("delivery")
    op.drop_index(op.f("ix_consent_subscription_id"), table_name="consent")
    op.drop_table("consent")
    op.drop_table("suppression")
    op.drop_index("uq_subscription_subscriber_id_list", table_name="subscription")
    op.drop_index("ix_subscription_list_state_id", table_name="subscription")
    op.drop_index(
        "ix_subscription_erase_at",
        table_name="subscription",
        sqlite_where=sa.text("erase_at IS NOT NULL"),
        postgresql_where=sa.text("erase_at IS NOT NULL"),
    )
    op.drop_table("subscription")
    op.drop_index("uq_send_job_list_slug", table_name="send_job")
    op.drop_index(op.f("ix_send_job_digest"), table_name="send_job")
    op.drop_table("send_job")
    op.drop_table("subscriber")
    op.drop_table("scrub")
    op.drop_table("receipt")
    op.drop_table("lease")
    op.drop_table("compiled_issue")
