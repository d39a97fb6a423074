"""The chassis's own tables."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "chassis_0001"
down_revision = None
branch_labels = ("chassis",)
depends_on = None

EVENT = [
    ("event_id", sa.String(40)),
    ("type", sa.String(120)),
    ("topic", sa.String(60)),
    ("key", sa.String(200)),
    ("tenant", sa.String(64)),
    ("sequence", sa.BigInteger()),
    ("time", Instant()),
    ("traceparent", sa.String(60)),
    ("body", sa.LargeBinary()),
]


def _event():
    return [sa.Column(name, kind, nullable=False) for name, kind in EVENT]


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        *_event(),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.String(40), primary_key=True),
        sa.Column("handled_at", Instant(), nullable=False),
    )
    op.create_index("ix_inbox_handled_at", "inbox", ["handled_at"])
    op.create_table(
        "consumer_offset",
        sa.Column("topic", sa.String(60), primary_key=True),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "parked",
        sa.Column("id", sa.String(40), primary_key=True),
        *_event(),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("parked_at", Instant(), nullable=False),
    )
    op.create_index("ix_parked_key", "parked", ["key"])
    op.create_table(
        "idempotency",
        sa.Column("scope", sa.String(64), primary_key=True),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("stored_at", Instant(), nullable=False),
    )
    op.create_index("ix_idempotency_stored_at", "idempotency", ["stored_at"])
    op.create_table(
        "data_key",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.String(40), primary_key=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("public", sa.String(100), nullable=False),
        sa.Column("not_before", Instant(), nullable=False),
        sa.Column("not_after", Instant(), nullable=False),
    )
    op.create_table(
        "outgoing_call",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("key", sa.String(200), nullable=False, unique=True),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant()),
        sa.Column("traceparent", sa.String(60), nullable=False),
    )
    op.create_index("ix_outgoing_call_due_at", "outgoing_call", ["due_at"])
    op.create_table(
        "inbound_delivery",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("connection_id", sa.String(40), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("source", sa.String(10), nullable=False),
        sa.Column("pulled", sa.Boolean(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant()),
        sa.UniqueConstraint("connection_id", "pulled", "body_sha256"),
    )
    op.create_index("ix_inbound_delivery_tenant", "inbound_delivery", ["tenant"])
    op.create_index("ix_inbound_delivery_due_at", "inbound_delivery", ["due_at"])
    op.create_table(
        "schedule",
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("due_at", Instant(), nullable=False),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("input", sa.Text(), nullable=False),
        sa.Column("result", sa.Text()),
        sa.Column("problem", sa.Text()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("lease_until", Instant()),
        sa.Column("traceparent", sa.String(60), nullable=False),
    )
    op.create_index("ix_job_tenant", "job", ["tenant"])
    op.create_index("ix_job_lease_until", "job", ["lease_until"])
