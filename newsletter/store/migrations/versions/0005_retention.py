"""Retention per rule: counts in receipts, a deadline for deliveries, marks of erased addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("scrub", sa.Column("rules", sa.JSON(), server_default=sa.text("'{}'"), nullable=False))
    op.add_column("receipt", sa.Column("rules", sa.JSON(), nullable=True))
    op.add_column("send_job", sa.Column("deliveries_until", MOMENT, nullable=True))
    op.create_table(
        "address_mark",
        sa.Column("id", ID, nullable=False),
        sa.Column("mark", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("erase_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_mark")),
        sa.UniqueConstraint("mark", name=op.f("uq_address_mark_mark")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_address_mark_erase_at"), "address_mark", ["erase_at"], unique=False)
    if op.get_context().dialect.name == "postgresql":
        # ANALYZE copies samples into the statistics, where an erasure would not reach them (I5).
        op.execute("ALTER TABLE address_mark ALTER COLUMN mark SET STATISTICS 0")


def downgrade() -> None:
    op.drop_table("address_mark")
    op.drop_column("send_job", "deliveries_until")
    op.drop_column("receipt", "rules")
    op.drop_column("scrub", "rules")
