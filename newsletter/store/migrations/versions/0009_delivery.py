"""The delivery engine: planned and halted jobs, pace."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
IS_DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("send_job", sa.Column("starts_at", MOMENT, nullable=True))
    op.add_column("send_job", sa.Column("spread_seconds", sa.Integer(), nullable=True))
    op.add_column("send_job", sa.Column("halted", sa.Text(), nullable=True))
    op.create_table(
        "pace",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pace")),
    )
    op.create_index(
        "ix_delivery_job_id_due_at", "delivery", ["job_id", "due_at"], sqlite_where=IS_DUE, postgresql_where=IS_DUE
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_job_id_due_at", "delivery")
    op.drop_table("pace")
    op.drop_column("send_job", "halted")
    op.drop_column("send_job", "spread_seconds")
    op.drop_column("send_job", "starts_at")
