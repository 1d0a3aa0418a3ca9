"""Who a job was meant for."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("send_job", sa.Column("audience_where", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("send_job", "audience_where")
