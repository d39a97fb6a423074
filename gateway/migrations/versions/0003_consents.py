"""What buyers agree to."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "gateway_0003"
down_revision = "gateway_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("buyer_id", sa.String(64), primary_key=True),
        sa.Column("purposes", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
    )
