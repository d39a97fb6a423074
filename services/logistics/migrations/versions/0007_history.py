"""Shipments of the time before Hansa."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "logistics_0007"
down_revision = "logistics_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported_shipment",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("reference", sa.String(64), primary_key=True),
        sa.Column("shipment_id", sa.String(40), nullable=False, unique=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("imported_at", Instant(), nullable=False),
    )
