"""What the engine was asked is kept with the quote: it can be calculated again, at any two times."""

import sqlalchemy as sa
from alembic import op

revision = "logistics_quotes_replayed"
down_revision = "logistics_trackers_once"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("quote") as quote:
        quote.add_column(sa.Column("request", sa.Text(), nullable=True))
