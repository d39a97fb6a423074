"""How well each provider carries, and all that was said of it."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "logistics_ratings_heard"
down_revision = "logistics_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_rating",
        sa.Column("provider_id", sa.String(40), primary_key=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("as_of", Instant(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
    )
    with op.batch_alter_table("known_provider") as table:
        table.add_column(sa.Column("said", sa.Text(), nullable=True))
