"""Tables of stock."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "logistics_0002"
down_revision = "logistics_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
