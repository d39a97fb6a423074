"""Facts of orders that were not heard of yet."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "gateway_0006"
down_revision = "gateway_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("order_of") as order_of:
        order_of.alter_column("buyer_id", existing_type=sa.String(64), nullable=True)
    op.create_table(
        "early_fact",
        sa.Column("fact_id", sa.String(40), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("order_id", sa.String(64), nullable=False),
        sa.Column("event_type", sa.String(120), nullable=False),
        sa.Column("event_key", sa.String(200), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("heard_at", Instant(), nullable=False),
    )
    op.create_index("ix_early_fact_order", "early_fact", ["tenant", "order_id"])
    op.create_index("ix_early_fact_heard_at", "early_fact", ["heard_at"])
