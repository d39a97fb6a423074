"""What was last said of a shipment that ended: it is said again only where it differs."""

import sqlalchemy as sa
from alembic import op

revision = "logistics_concluded_as"
down_revision = "logistics_choice"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("shipment") as shipment:
        shipment.add_column(sa.Column("concluded_as", sa.Text(), nullable=True))
