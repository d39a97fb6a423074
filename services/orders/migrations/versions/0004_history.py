"""Orders of the time before Hansa."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "orders_0004"
down_revision = "orders_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported_order",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("reference", sa.String(64), primary_key=True),
        sa.Column("order_id", sa.String(40), nullable=False, unique=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("buyer_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("placed_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=False),
        sa.Column("market", sa.String(40), nullable=False),
        sa.Column("destination", sa.String(2), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("goods_minor", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", Instant(), nullable=False),
    )
    op.create_index("ix_imported_order_buyer", "imported_order", ["tenant", "buyer_id"])
