"""Tables of tariff."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Instant

revision = "logistics_0001"
down_revision = None
branch_labels = ("logistics",)
depends_on = None


def upgrade() -> None:
    pass
