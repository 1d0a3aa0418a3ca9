"""A database knows which installation it belongs to and whether it was restored."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.LargeBinary(length=16), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("turn", sa.LargeBinary(length=16), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("restored_at", MOMENT),
        sa.Column("restored_from", MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )


def downgrade() -> None:
    op.drop_table("installation")
