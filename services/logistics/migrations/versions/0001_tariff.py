"""Tables of tariff."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "logistics_0001"
down_revision = None
branch_labels = ("logistics",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_listing",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("market", sa.String(length=40), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("prices", sa.Text(), nullable=False),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "market", "sku"),
    )
    op.create_table(
        "known_market",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("countries", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("incoterm", sa.String(length=3), nullable=False),
        sa.Column("price_includes_tax", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "code"),
    )
    op.create_table(
        "known_variant",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("product_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "sku"),
    )
    op.create_index(
        op.f("ix_known_variant_product_id"), "known_variant", ["product_id"], unique=False
    )
    op.create_table(
        "quote",
        sa.Column("quote_id", sa.String(length=40), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("ledger_sha256", sa.String(length=64), nullable=False),
        sa.Column("valid_at", Instant(), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("quote_id"),
    )
    op.create_index("ix_quote_tenant", "quote", ["tenant", "quote_id"], unique=False)
    op.create_table(
        "tariff_batch",
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("known_from", Instant(), nullable=False),
        sa.Column("inserted", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_table(
        "tariff_rule",
        sa.Column("rule_id", sa.String(length=40), nullable=False),
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("table_name", sa.String(length=20), nullable=False),
        sa.Column("jurisdiction", sa.String(length=2), nullable=False),
        sa.Column("rule_key", sa.String(length=300), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("valid_to", Instant(), nullable=True),
        sa.Column("known_from", Instant(), nullable=False),
        sa.Column("known_to", Instant(), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("rule_id"),
    )
    op.create_index(
        "ix_tariff_rule", "tariff_rule", ["jurisdiction", "table_name", "known_to"], unique=False
    )
