"""Notifications: contacts, templates, the log, whose order it is."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "gateway_0004"
down_revision = "gateway_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("audience", sa.String(12), primary_key=True),
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("opted_out", sa.JSON(), nullable=False),
    )
    op.create_table(
        "notification_template",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("event_type", sa.String(120), primary_key=True),
        sa.Column("audience", sa.String(12), primary_key=True),
        sa.Column("language", sa.String(12), primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )
    op.create_table(
        "notification",
        sa.Column("notification_id", sa.String(40), primary_key=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("audience", sa.String(12), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("event_type", sa.String(120), nullable=False),
        sa.Column("event_key", sa.String(200), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("letter", sa.LargeBinary()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("due_at", Instant()),
        sa.Column("ended_at", Instant()),
    )
    op.create_index("ix_notification_subject", "notification", ["tenant", "audience", "subject"])
    op.create_index("ix_notification_created_at", "notification", ["created_at"])
    op.create_index("ix_notification_due_at", "notification", ["due_at"])
    op.create_table(
        "order_of",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("order_id", sa.String(64), primary_key=True),
        sa.Column("buyer_id", sa.String(64), nullable=False),
        sa.Column("heard_at", Instant(), nullable=False),
    )
    op.create_index("ix_order_of_heard_at", "order_of", ["heard_at"])
