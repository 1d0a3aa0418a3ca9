"""Requests of subscribers: my data, changes of address, how often they want mail."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("subscription", sa.Column("every_days", sa.Integer()))
    op.create_table(
        "address_change",
        sa.Column("id", ID, nullable=False),
        sa.Column("subscriber_id", ID, nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("new_address", sa.Text(), nullable=False),
        sa.Column("old_ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("new_ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("old_agreed_at", MOMENT),
        sa.Column("new_agreed_at", MOMENT),
        sa.Column("erase_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_address_change_subscriber_id_subscriber")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_change")),
        sa.UniqueConstraint("subscriber_id", name=op.f("uq_address_change_subscriber_id")),
        sa.UniqueConstraint("old_ref", name=op.f("uq_address_change_old_ref")),
        sa.UniqueConstraint("new_ref", name=op.f("uq_address_change_new_ref")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_address_change_erase_at"), "address_change", ["erase_at"])
    if op.get_context().dialect.name == "postgresql":
        # ANALYZE copies sample values into its statistics, where an erasure would not reach them (I5).
        op.execute("ALTER TABLE address_change ALTER COLUMN new_address SET STATISTICS 0")
    op.create_table(
        "data_session",
        sa.Column("id", ID, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subscriber_id", ID, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("erase_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_data_session_subscriber_id_subscriber")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_session")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_data_session_secret_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_data_session_erase_at"), "data_session", ["erase_at"])
    op.create_index(op.f("ix_data_session_subscriber_id"), "data_session", ["subscriber_id"])
    op.create_table(
        "request",
        sa.Column("id", ID, nullable=False),
        sa.Column("subscriber_ref", sa.LargeBinary(length=16)),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT),
        sa.Column("done_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_request_subscriber_ref"), "request", ["subscriber_ref"])
    open_only = sa.text("done_at IS NULL")
    op.create_index("ix_request_due_at", "request", ["due_at"], sqlite_where=open_only, postgresql_where=open_only)


def downgrade() -> None:
    op.drop_table("request")
    op.drop_table("data_session")
    op.drop_table("address_change")
    op.drop_column("subscription", "every_days")
