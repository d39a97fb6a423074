"""Why a model has the segments it has, or none."""

import sqlalchemy as sa
from alembic import op

revision = "segmentation_0002"
down_revision = "segmentation_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("segment_model") as models:
        models.add_column(sa.Column("selection", sa.JSON(), nullable=True))
