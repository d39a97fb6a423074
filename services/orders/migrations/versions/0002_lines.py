"""An order's lines are frozen with it: one column, where a table was."""

import json

import sqlalchemy as sa
from alembic import op

revision = "orders_0002"
down_revision = "orders_0001"
branch_labels = None
depends_on = None

_WORDS = "line_id, sku, title, kind, quantity, goods_minor, duties_minor, taxes_minor"


def upgrade() -> None:
    with op.batch_alter_table("orders") as orders:
        orders.add_column(sa.Column("lines", sa.Text(), nullable=False, server_default="[]"))
    connection = op.get_bind()
    kept: dict[str, list[list[object]]] = {}
    found = sa.text(f"SELECT order_id, {_WORDS} FROM order_line ORDER BY order_id, line_id")
    for order_id, *line in connection.execute(found):
        kept.setdefault(order_id, []).append(line)
    write = sa.text("UPDATE orders SET lines = :lines WHERE order_id = :order_id")
    for order_id, lines in kept.items():
        connection.execute(write, {"order_id": order_id, "lines": json.dumps(lines)})
    with op.batch_alter_table("orders") as orders:
        orders.alter_column("lines", server_default=None)
    op.drop_table("order_line")
