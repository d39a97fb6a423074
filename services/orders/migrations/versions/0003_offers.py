"""Offers that orders has heard of, the keys that sign them, and which order used which."""

import sqlalchemy as sa
from alembic import op

revision = "orders_0003"
down_revision = "orders_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "offer_use",
        sa.Column("order_id", sa.String(40), sa.ForeignKey("orders.order_id"), primary_key=True),
        sa.Column("offer_id", sa.String(40), nullable=False),
        sa.Column("buyer_id", sa.String(64), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_offer_use", "offer_use", ["offer_id", "buyer_id"])
    op.create_table(
        "known_offer",
        sa.Column("offer_id", sa.String(40), primary_key=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "offer_key",
        sa.Column("kid", sa.String(40), primary_key=True),
        sa.Column("public_key", sa.String(100), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
    )
