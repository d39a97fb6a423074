"""Outgoing webhooks: endpoints, deliveries, attempts."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "gateway_0002"
down_revision = "gateway_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("endpoint_id", sa.String(40), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("event_types", sa.JSON(), nullable=False),
        sa.Column("description", sa.String(200), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("failing_since", Instant()),
        sa.Column("exhausted", sa.Integer(), nullable=False),
        sa.Column("held_by", sa.String(40)),
        sa.Column("held_until", Instant()),
        sa.Column("slowness", sa.Integer(), nullable=False),
        sa.Column("slowed_until", Instant()),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("leased_until", Instant()),
    )
    op.create_index("ix_webhook_endpoint_tenant", "webhook_endpoint", ["tenant"])
    op.create_table(
        "webhook_delivery",
        sa.Column("delivery_id", sa.String(40), primary_key=True),
        sa.Column("endpoint_id", sa.String(40), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("event_id", sa.String(40), nullable=False),
        sa.Column("event_type", sa.String(120), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("said_at", Instant(), nullable=False),
        sa.Column("due_at", Instant()),
        sa.Column("ended_at", Instant()),
        sa.UniqueConstraint("endpoint_id", "event_id"),
    )
    op.create_index("ix_webhook_delivery_due", "webhook_delivery", ["endpoint_id", "due_at"])
    op.create_index("ix_webhook_delivery_tenant", "webhook_delivery", ["tenant"])
    op.create_index("ix_webhook_delivery_said_at", "webhook_delivery", ["said_at"])
    op.create_table(
        "webhook_attempt",
        sa.Column("attempt_id", sa.String(40), primary_key=True),
        sa.Column("delivery_id", sa.String(40), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
    )
    op.create_index("ix_webhook_attempt_delivery_id", "webhook_attempt", ["delivery_id"])
