"""How merchants want carriers chosen; what each provider was booked for, found by its name."""

import sqlalchemy as sa
from alembic import op

revision = "logistics_choice"
down_revision = "logistics_ratings_heard"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shipping_policy",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("market", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("provider", sa.String(40), nullable=True),
        sa.Column("explores", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_shipment_provider", "shipment", ["provider", "created_at"])
