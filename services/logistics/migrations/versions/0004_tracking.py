"""Tables of tracking."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "logistics_0004"
down_revision = "logistics_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "carrier_connection",
        sa.Column("connection_id", sa.String(length=40), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("connection_id"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_index(
        op.f("ix_carrier_connection_tenant"), "carrier_connection", ["tenant"], unique=False
    )
    op.create_table(
        "tracker",
        sa.Column("tracker_id", sa.String(length=40), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("carrier", sa.String(length=60), nullable=True),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("shipment_id", sa.String(length=40), nullable=True),
        sa.Column("booked_on", sa.Date(), nullable=True),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("folded", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tracker_id"),
    )
    op.create_index("ix_tracker_number", "tracker", ["tenant", "number"], unique=False)
    op.create_index(op.f("ix_tracker_shipment_id"), "tracker", ["shipment_id"], unique=False)
    op.create_table(
        "scan",
        sa.Column("tracker_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("scan", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tracker_id"],
            ["tracker.tracker_id"],
        ),
        sa.PrimaryKeyConstraint("tracker_id", "key"),
    )
    op.create_table(
        "scan_retraction",
        sa.Column("tracker_id", sa.String(length=40), nullable=False),
        sa.Column("connection_id", sa.String(length=40), nullable=False),
        sa.Column("scan_id", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["tracker_id"],
            ["tracker.tracker_id"],
        ),
        sa.PrimaryKeyConstraint("tracker_id", "connection_id", "scan_id"),
    )
