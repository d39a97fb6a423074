"""Offers that a quote may be taken with, and the keys that sign them."""

import sqlalchemy as sa
from alembic import op

revision = "logistics_0006"
down_revision = "logistics_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
