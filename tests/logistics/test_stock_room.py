"""Stock under orders that come twice, too late, or three hundred at once."""

import base64
import itertools
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.http import Problem
from contracts.event import Event
from contracts.logistics import ReservationBroken, StockLevelChanged, StockReserved, StockShort
from contracts.orders import OrderCancelled, OrderLine, OrderPlaced, ReturnRequested
from contracts.values import Money
from services.logistics.app import SERVICE
from services.logistics.commands import stock
from services.logistics.jobs.stock import parse_stock
from services.logistics.models.stock import Balance, Movement, Reservation
from services.logistics.schemas.stock import NewLocation, NewMovement, Received
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, caller

PLACES = ("BRE", "HAM")
JOB = SimpleNamespace(tenant=MERCHANT, id="job_1")
_numbers = itertools.count()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    for place in PLACES:
        running.does(stock.add_location, caller(), location(place))
    yield running
    running.close()


def location(place: str) -> NewLocation:
    return NewLocation(location_id=place, name=place, country="DE")


def moved(
    service: RunningService,
    kind: Literal["receive", "damage", "count"],
    sku: str,
    quantity: int,
    place: str = "BRE",
) -> None:
    movement = NewMovement(sku=sku, location_id=place, kind=kind, quantity=quantity)
    service.does(stock.move, caller(), movement)


def placed(
    *lines: tuple[str, int], kind: Any = "goods", tenant: str = MERCHANT, **changed: Any
) -> OrderPlaced:
    """Each order is younger than the one before."""
    return OrderPlaced(
        tenant=tenant, order_id=f"ord_{next(_numbers):032x}", buyer_id="buy_1", market="DE",
        destination="DE", goods=Money.of(1, "EUR"), total=Money.of(1, "EUR"), quote_id="qte_1",
        lines=tuple(
            OrderLine(line_id=f"l{number}", sku=sku, quantity=quantity, kind=kind)
            for number, (sku, quantity) in enumerate(lines)
        ),
        **changed,
    )  # fmt: skip


def cancelled(order: OrderPlaced) -> OrderCancelled:
    return OrderCancelled(tenant=order.tenant, order_id=order.order_id, reason="no need")


def levels(service: RunningService) -> dict[tuple[str, str], tuple[int, int]]:
    """On hand and reserved."""
    rows = service.reads(lambda session: list(session.scalars(select(Balance))))
    return {(row.sku, row.location_id): (row.on_hand, row.reserved) for row in rows}


def answers(said: list[Event]) -> list[Event]:
    return [event for event in said if not isinstance(event, StockLevelChanged)]


def test_an_order_short_of_one_line_takes_no_stock_at_all(service: RunningService) -> None:
    moved(service, "receive", "TEA", 5)
    moved(service, "receive", "CUP", 1)
    service.said()
    order = placed(("TEA", 2), ("CUP", 3))

    (said,) = service.hears(order)

    assert isinstance(said, StockShort)
    assert (said.order_id, said.missing) == (order.order_id, {"CUP": 2})
    assert levels(service) == {("TEA", "BRE"): (5, 0), ("CUP", "BRE"): (1, 0)}


def test_two_lines_of_one_product_are_one_demand(service: RunningService) -> None:
    moved(service, "receive", "TEA", 5)
    service.said()

    (short,) = service.hears(placed(("TEA", 3), ("TEA", 3)))
    (said,) = service.hears(placed(("TEA", 2), ("TEA", 3)))

    assert isinstance(short, StockShort)
    assert short.missing == {"TEA": 1}
    assert isinstance(said, StockReserved)
    assert [(line.sku, line.quantity, line.location_id) for line in said.lines] == [
        ("TEA", 5, "BRE")
    ]
    assert levels(service) == {("TEA", "BRE"): (5, 5)}


def test_an_order_no_location_fills_alone_is_gathered_from_several(
    service: RunningService,
) -> None:
    moved(service, "receive", "TEA", 2, "BRE")
    moved(service, "receive", "TEA", 3, "HAM")
    service.said()

    (said,) = service.hears(placed(("TEA", 4)))

    assert isinstance(said, StockReserved)
    assert {line.location_id: line.quantity for line in said.lines} == {"HAM": 3, "BRE": 1}


def test_an_order_delivered_twice_is_answered_and_takes_stock_once(
    service: RunningService,
) -> None:
    moved(service, "receive", "TEA", 3)
    service.said()
    filled, short = placed(("TEA", 2)), placed(("TEA", 2))

    said = service.hears(filled, filled, short, short)
    said += service.hears(filled.model_copy(), short.model_copy())

    assert [type(event) for event in said] == [StockReserved, StockShort]
    assert levels(service) == {("TEA", "BRE"): (3, 2)}


def test_stock_of_another_merchant_fills_nothing(service: RunningService) -> None:
    moved(service, "receive", "TEA", 3)
    service.said()

    (said,) = service.hears(placed(("TEA", 1), tenant=OTHER_MERCHANT))

    assert isinstance(said, StockShort)
    assert levels(service) == {("TEA", "BRE"): (3, 0)}


def test_history_from_elsewhere_reserves_nothing(service: RunningService) -> None:
    moved(service, "receive", "TEA", 3)
    service.said()

    assert service.hears(placed(("TEA", 1), imported=True)) == []
    assert levels(service) == {("TEA", "BRE"): (3, 0)}


def test_a_digital_order_is_reserved_without_lines(service: RunningService) -> None:
    (said,) = service.hears(placed(("BOOK", 1), kind="digital"))

    assert isinstance(said, StockReserved)
    assert said.lines == ()
    assert levels(service) == {}


def test_a_cancelled_order_gives_its_stock_back_once(service: RunningService) -> None:
    moved(service, "receive", "TEA", 5)
    order, other = placed(("TEA", 2)), placed(("TEA", 1))
    service.hears(order, other)

    gone = cancelled(order)
    assert service.hears(gone, gone, gone.model_copy()) == []

    assert levels(service) == {("TEA", "BRE"): (5, 1)}
    assert service.hears(order.model_copy()) == []
    assert levels(service) == {("TEA", "BRE"): (5, 1)}


def test_an_order_cancelled_before_it_was_heard_of_takes_nothing(service: RunningService) -> None:
    moved(service, "receive", "TEA", 5)
    service.said()
    order = placed(("TEA", 2))

    assert service.hears(cancelled(order), order) == []
    assert levels(service) == {("TEA", "BRE"): (5, 0)}


@pytest.mark.parametrize(("kind", "quantity"), [("damage", 3), ("count", 2)])
def test_goods_that_are_gone_break_the_youngest_reservation(
    service: RunningService, kind: Any, quantity: int
) -> None:
    moved(service, "receive", "TEA", 5)
    old, young = placed(("TEA", 2)), placed(("TEA", 3))
    service.hears(young, old)  # the age is the order's, not the message's

    moved(service, kind, "TEA", quantity)

    (said,) = answers(service.said())
    assert isinstance(said, ReservationBroken)
    assert (said.order_id, said.missing) == (young.order_id, {"TEA": 3})
    assert levels(service) == {("TEA", "BRE"): (2, 2)}
    service.hears(cancelled(young))
    assert levels(service) == {("TEA", "BRE"): (2, 2)}


def test_goods_that_leave_are_taken_from_the_shelf_once(service: RunningService) -> None:
    moved(service, "receive", "TEA", 5)
    order = placed(("TEA", 2))
    service.hears(order)

    service.does(stock.consume, order.order_id)
    service.does(stock.consume, order.order_id)
    service.hears(cancelled(order))

    assert levels(service) == {("TEA", "BRE"): (3, 0)}


def test_a_return_goes_back_on_hand_and_is_said_once(service: RunningService) -> None:
    service.hears(
        ReturnRequested(
            tenant=MERCHANT, return_id="ret_1", order_id="ord_1", lines={"TEA": 2}, reason="x"
        )
    )
    arrived = Received(lines={"TEA": 2}, condition="sellable", location_id="HAM")
    too_many = Received(lines={"TEA": 3}, condition="sellable", location_id="HAM")

    with pytest.raises(Problem, match="expected were"):
        service.does(stock.receive_return, caller(), "ret_1", too_many)
    with pytest.raises(Problem):
        service.does(stock.receive_return, caller(tenant=OTHER_MERCHANT), "ret_1", arrived)
    for _ in range(2):
        service.does(stock.receive_return, caller(), "ret_1", arrived)

    (said,) = answers(service.said())
    told = said.model_dump()
    assert (told["return_id"], told["lines"]) == ("ret_1", {"TEA": 2})
    assert levels(service) == {("TEA", "HAM"): (2, 0)}


def test_a_damaged_return_is_said_and_not_put_on_sale(service: RunningService) -> None:
    service.hears(
        ReturnRequested(
            tenant=MERCHANT, return_id="ret_1", order_id="ord_1", lines={"TEA": 2}, reason="x"
        )
    )
    arrived = Received(lines={"TEA": 1}, condition="damaged", location_id="HAM")

    service.does(stock.receive_return, caller(), "ret_1", arrived)

    assert [event.model_dump()["condition"] for event in service.said()] == ["damaged"]
    assert levels(service) == {}


def test_a_return_is_received_only_at_a_location_that_exists(service: RunningService) -> None:
    service.hears(
        ReturnRequested(
            tenant=MERCHANT, return_id="ret_1", order_id="ord_1", lines={"TEA": 2}, reason="x"
        )
    )
    arrived = Received(lines={"TEA": 1}, condition="sellable", location_id="NOWHERE")

    with pytest.raises(Problem, match="no location NOWHERE"):
        service.does(stock.receive_return, caller(), "ret_1", arrived)


def imported(service: RunningService, counts: str) -> dict[str, Any]:
    content = base64.b64encode(counts.encode()).decode()
    given = {"name": "stock.csv", "zipped": False, "content": content}
    parsed = parse_stock(given, lambda _: None)
    report: dict[str, Any] = service.does(stock.record_stock_import, JOB, parsed)
    return report


def test_a_stock_import_repeated_changes_nothing(service: RunningService) -> None:
    counts = "sku,location,quantity\nTEA,BRE,7\nCUP,HAM,2\n"

    assert imported(service, counts)["imported"] == 2
    service.said()
    again = imported(service, counts)

    assert (again["imported"], again["unchanged"]) == (0, 2)
    assert service.said() == []
    assert levels(service) == {("TEA", "BRE"): (7, 0), ("CUP", "HAM"): (2, 0)}


@pytest.mark.parametrize(
    ("row", "column"),
    [("CUP,BRE,-1", "quantity"), ("CUP,BRE,many", "quantity"), ("CUP,NOWHERE,2", "location")],
)
def test_a_stock_import_with_one_bad_row_imports_nothing(
    service: RunningService, row: str, column: str
) -> None:
    report = imported(service, f"sku,location,quantity\nTEA,BRE,7\n{row}\n")

    assert [(error["row"], error["column"]) for error in report["errors"]] == [(3, column)]
    assert levels(service) == {}
    assert service.said() == []


steps = st.lists(
    st.one_of(
        st.tuples(st.just("place"), st.integers(1, 6), st.sampled_from(PLACES)),
        st.tuples(st.sampled_from(["cancel", "ship"]), st.integers(0, 5), st.just("BRE")),
        st.tuples(
            st.sampled_from(["receive", "damage", "count"]),
            st.integers(0, 9),
            st.sampled_from(PLACES),
        ),
    ),
    max_size=25,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_whatever_happens_claims_are_covered_and_the_ledger_adds_up(
    service: RunningService, steps: list[tuple[Any, int, str]]
) -> None:
    sku, orders = f"SKU-{next(_numbers)}", list[OrderPlaced]()
    for kind, number, place in steps:
        if kind == "place":
            orders.append(placed((sku, number)))
            service.hears(orders[-1])
        elif kind in ("cancel", "ship"):
            for order in orders[number : number + 1]:
                _ended(service, kind, order)
        else:
            _tried(service, kind, sku, number, place)
        service.reads(_holds, sku)


def _ended(service: RunningService, kind: str, order: OrderPlaced) -> None:
    if kind == "ship":
        service.does(stock.consume, order.order_id)
    else:
        service.hears(cancelled(order))


def _tried(service: RunningService, kind: Any, sku: str, quantity: int, place: str) -> None:
    on_hand = levels(service).get((sku, place), (0, 0))[0]
    if kind == "damage" and quantity > on_hand:
        with pytest.raises(Problem, match="on hand"):
            moved(service, kind, sku, quantity, place)
    else:
        moved(service, kind, sku, quantity, place)


def _holds(session: Session, sku: str) -> None:
    for row in session.scalars(select(Balance).where(Balance.sku == sku)):
        assert 0 <= row.reserved <= row.on_hand
        here = (row.tenant, sku, row.location_id)
        assert _total(session, Movement, here) == row.on_hand
        assert _total(session, Reservation, here) == row.reserved


def _total(session: Session, model: Any, where: tuple[str, str, str]) -> int:
    found = select(func.coalesce(func.sum(model.quantity), 0)).where(
        model.tenant == where[0], model.sku == where[1], model.location_id == where[2]
    )
    return int(session.execute(found).scalar_one())
