"""Providers, what they have shown, surveys, ratings."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "servqual_0001"
down_revision = None
branch_labels = ("servqual",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decision",
        sa.Column("decision_id", sa.String(length=40), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("to", sa.String(length=20), nullable=True),
        sa.Column("gate", sa.String(length=20), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("proposed_by", sa.String(length=64), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=64), nullable=True),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.create_index("ix_decision_provider", "decision", ["provider_id"], unique=False)
    op.create_table(
        "document",
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("scope", sa.String(length=300), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("covers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("reminded_days", sa.Integer(), nullable=True),
        sa.Column("uploaded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("document_id"),
    )
    op.create_index("ix_document_provider", "document", ["provider_id"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("invitation_id", sa.String(length=40), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("shipment_id", sa.String(length=64), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("questionnaire", sa.String(length=10), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("rotation", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("drawn_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("reminded_at", Instant(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("closes_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("invitation_id"),
        sa.UniqueConstraint("tenant", "shipment_id"),
        sa.UniqueConstraint("token_hash"),
    )
    op.create_index("ix_invitation_due", "invitation", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_invitation_person"), "invitation", ["person"], unique=False)
    op.create_index(
        "ix_invitation_provider", "invitation", ["provider_id", "drawn_at"], unique=False
    )
    op.create_table(
        "known_merchant",
        sa.Column("merchant_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("fingerprints", sa.JSON(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id"),
    )
    op.create_table(
        "known_shipment",
        sa.Column("shipment_id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("lane", sa.String(length=5), nullable=False),
        sa.Column("booked_at", Instant(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("heard_at", Instant(), nullable=False),
        sa.Column("reported_by", sa.String(length=10), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("shipment_id"),
    )
    op.create_index(
        "ix_known_shipment_booked", "known_shipment", ["provider_id", "booked_at"], unique=False
    )
    op.create_index(
        op.f("ix_known_shipment_heard_at"), "known_shipment", ["heard_at"], unique=False
    )
    op.create_index(
        "ix_known_shipment_provider", "known_shipment", ["provider_id", "ended_at"], unique=False
    )
    op.create_table(
        "provider",
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("legal_name", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("registration", sa.String(length=100), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("fingerprints", sa.JSON(), nullable=False),
        sa.Column("capabilities", sa.JSON(), nullable=False),
        sa.Column("lanes", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("suspended_from", sa.String(length=20), nullable=True),
        sa.Column("lapsed", sa.Boolean(), nullable=False),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.Column("swept_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id"),
    )
    op.create_index(op.f("ix_provider_status"), "provider", ["status"], unique=False)
    op.create_index(op.f("ix_provider_swept_on"), "provider", ["swept_on"], unique=False)
    op.create_table(
        "provider_check",
        sa.Column("check_id", sa.String(length=40), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("check_id"),
    )
    op.create_index("ix_provider_check_provider", "provider_check", ["provider_id"], unique=False)
    op.create_table(
        "rating",
        sa.Column("rating_id", sa.String(length=40), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("as_of", Instant(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("model", sa.String(length=20), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("said", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rating_id"),
    )
    op.create_index("ix_rating_provider", "rating", ["provider_id", "as_of"], unique=False)
    op.create_table(
        "response",
        sa.Column("response_id", sa.String(length=40), nullable=False),
        sa.Column("invitation_id", sa.String(length=40), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("questionnaire", sa.String(length=10), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("answers_sha256", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("submitted_at", Instant(), nullable=False),
        sa.Column("speaks_at", Instant(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("quality", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("response_id"),
        sa.UniqueConstraint("invitation_id"),
    )
    op.create_index(
        "ix_response_provider", "response", ["provider_id", "submitted_at"], unique=False
    )
    op.create_index(op.f("ix_response_speaks_at"), "response", ["speaks_at"], unique=False)
    op.create_table(
        "tender",
        sa.Column("shipment_id", sa.String(length=64), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("declined", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("shipment_id", "provider_id"),
    )
    op.create_index("ix_tender_provider", "tender", ["provider_id", "at"], unique=False)
    op.create_table(
        "transition",
        sa.Column("transition_id", sa.String(length=40), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("came_from", sa.String(length=20), nullable=True),
        sa.Column("to", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=12), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("second", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("transition_id"),
    )
    op.create_index("ix_transition_provider", "transition", ["provider_id"], unique=False)
