"""Buyers whose names and addresses are to be forgotten."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "orders_0005"
down_revision = "orders_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erased_buyer",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("buyer_id", sa.String(64), primary_key=True),
        sa.Column("erased_at", Instant(), nullable=False),
    )
