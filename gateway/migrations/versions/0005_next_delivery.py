"""The next delivery of an endpoint is found in order, however many wait."""

import sqlalchemy as sa
from alembic import op

revision = "gateway_0005"
down_revision = "gateway_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    waiting = sa.text("due_at IS NOT NULL")
    op.drop_index("ix_webhook_delivery_due", "webhook_delivery")
    op.create_index(
        "ix_webhook_delivery_next",
        "webhook_delivery",
        ["endpoint_id", "delivery_id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
