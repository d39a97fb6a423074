"""Who may carry, as servqual says it."""

import sqlalchemy as sa
from alembic import op

revision = "logistics_0005"
down_revision = "logistics_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_provider",
        sa.Column("provider_id", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("eligible_until", sa.Date(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id"),
    )
