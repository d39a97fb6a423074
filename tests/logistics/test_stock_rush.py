"""The rush for the last units, on both databases."""

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.db import Database
from chassis.migrate import migrate
from services.logistics.app import SERVICE
from services.logistics.commands import stock
from services.logistics.models.stock import Balance, Location, OrderStock
from services.logistics.schemas.stock import NewMovement
from tests.logistics.test_stock_room import location, placed
from tests.running import MERCHANT, RunningService, caller, settings_in


def three_hundred_want_a_hundred(db: Database) -> None:
    db.submit(_opened).result()
    orders = [placed(("TEA", 1)) for _ in range(300)]

    for answer in [db.submit(stock.reserve, order) for order in orders]:
        answer.result()

    ended = db.look(_statuses).result()
    assert ended == {"reserved": 100, "short": 200}
    (row,) = db.look(lambda session: list(session.scalars(select(Balance)))).result()
    assert (row.on_hand, row.reserved) == (100, 100)


def _opened(session: Session) -> None:
    session.add(Location(tenant=MERCHANT, **location("BRE").model_dump()))
    movement = NewMovement(sku="TEA", location_id="BRE", kind="receive", quantity=100)
    session.flush()
    stock.move(session, caller(), movement)


def _statuses(session: Session) -> dict[str, int]:
    return Counter(session.scalars(select(OrderStock.status)))


def test_three_hundred_orders_at_once_reserve_what_there_is(tmp_path: Path) -> None:
    running = RunningService(SERVICE, tmp_path)

    three_hundred_want_a_hundred(running.db)

    running.close()


@pytest.mark.xdist_group("full")
def test_three_hundred_orders_at_once_reserve_what_there_is_on_postgres(
    tmp_path: Path, postgres_url: str
) -> None:
    migrate("services.logistics", postgres_url)
    db = Database(postgres_url, settings_in(tmp_path))

    try:
        three_hundred_want_a_hundred(db)
    finally:
        db.close()
