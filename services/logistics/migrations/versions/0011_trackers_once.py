"""A parcel is watched once, also where two ask at once; some addresses take what is unsigned."""

import sqlalchemy as sa
from alembic import op

revision = "logistics_trackers_once"
down_revision = "logistics_concluded_as"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("tracker") as tracker:
        tracker.add_column(sa.Column("watched_as", sa.String(150), nullable=True))
        tracker.create_unique_constraint("uq_tracker_watched", ["tenant", "watched_as"])
    with op.batch_alter_table("carrier_connection") as connection:
        connection.add_column(
            sa.Column("accepts_unsigned", sa.Boolean(), nullable=False, server_default=sa.false())
        )
