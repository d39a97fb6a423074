"""Tables of tracking."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "logistics_0004"
down_revision = "logistics_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
