"""What the toy keeps."""

import sqlalchemy as sa
from alembic import op

revision = "toy_0001"
down_revision = None
branch_labels = ("toy",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept",
        sa.Column("place", sa.Integer(), primary_key=True),
        sa.Column("kept_id", sa.String(40), nullable=False, unique=True),
        sa.Column("number", sa.Integer(), nullable=False),
    )
