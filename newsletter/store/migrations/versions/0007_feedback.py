"""Mail that came back."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "bounce_tally",
        sa.Column("job_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["send_job.id"], name=op.f("fk_bounce_tally_job_id_send_job")),
        sa.PrimaryKeyConstraint("job_id", "kind", name=op.f("pk_bounce_tally")),
    )
    op.create_table(
        "bounce",
        sa.Column("id", ID, nullable=False),
        sa.Column("subscription_id", ID, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["send_job.id"], name=op.f("fk_bounce_job_id_send_job")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_bounce_subscription_id_subscription")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounce")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bounce_job_id_kind", "bounce", ["job_id", "kind"], unique=False)
    op.create_index(op.f("ix_bounce_subscription_id"), "bounce", ["subscription_id"], unique=False)
    op.create_table(
        "feedback_seen",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_feedback_seen")),
    )
    op.create_index(op.f("ix_feedback_seen_at"), "feedback_seen", ["at"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        # ANALYZE copies sample values into its statistics, where an erasure would not reach them (I5).
        op.execute("ALTER TABLE bounce ALTER COLUMN reply SET STATISTICS 0")


def downgrade() -> None:
    op.drop_table("feedback_seen")
    op.drop_table("bounce")
    op.drop_table("bounce_tally")
