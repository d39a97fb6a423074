"""The way of an order as scripts: hear this, expect that said, that called, that reached."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from sqlalchemy import select

from chassis.http import NotYetKnown, Problem
from contracts.event import Event
from contracts.logistics import (
    CancellationRefused,
    ReturnReceived,
    ShipmentBooked,
    ShipmentMoved,
    ShipmentRefused,
    ShipmentVoided,
    StockReserved,
    StockShort,
)
from contracts.values import Money
from services.orders import queries
from services.orders.app import SERVICE
from services.orders.commands import advance, answers, pay, place, returns
from services.orders.domain.saga import Fact, Heard
from services.orders.models import Order, Refund
from services.orders.schemas import CancelAsked, NewRefund, NewReturn, PaymentTried
from tests.orders import world
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, caller


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    running.hears(*world.heard())
    yield running
    running.close()


def placed(service: RunningService, lines: dict[str, int], token: str = "tok_success") -> str:
    order_id: str = service.does(place.place_order, caller(), world.order(lines, token)).order_id
    service.said()
    return order_id


def reserved(order_id: str) -> StockReserved:
    return StockReserved(tenant=MERCHANT, order_id=order_id)


def booked(order_id: str, lines: dict[str, int], shipment_id: str = "shp_1") -> ShipmentBooked:
    return ShipmentBooked(
        tenant=MERCHANT, shipment_id=shipment_id, order_id=order_id, provider_id="prv_1",
        service="standard", lines=lines, tracking_numbers=("T1",), origin="DE", destination="DE",
        incoterm="DDP", price=Money.of(500, "EUR"), promised_on=None,
    )  # fmt: skip


def moved(order_id: str, status: Any, shipment_id: str = "shp_1") -> ShipmentMoved:
    return ShipmentMoved(tenant=MERCHANT, shipment_id=shipment_id, order_id=order_id, status=status)


def names(said: list[Event]) -> list[str]:
    return [event.name.split(".")[1] for event in said]


def status(service: RunningService, order_id: str) -> tuple[str, str]:
    order = service.reads(queries.order_out, MERCHANT, order_id)
    return order.status, order.payment.status


def test_an_order_goes_from_placed_to_delivered(service: RunningService) -> None:
    order_id = placed(service, {"TEA": 2})

    assert service.hears(reserved(order_id)) == []
    assert service.makes_calls() == ["payment.authorise"]
    assert names(service.said()) == ["order-confirmed"]
    assert service.hears(booked(order_id, {"TEA": 2})) == []
    assert service.makes_calls() == ["payment.capture"]
    assert names(service.said()) == ["order-paid"]
    assert status(service, order_id) == ("booked", "captured")
    service.hears(moved(order_id, "picked_up"))
    service.hears(moved(order_id, "delivered"))

    assert status(service, order_id) == ("delivered", "captured")


def test_a_placed_order_says_what_was_ordered(service: RunningService) -> None:
    service.does(place.place_order, caller(), world.order({"TEA": 2, "BOOK": 1}))

    (said,) = service.said()
    told = said.model_dump()
    assert [(line["sku"], line["quantity"], line["kind"]) for line in told["lines"]] == [
        ("TEA", 2, "goods"),
        ("BOOK", 1, "digital"),
    ]
    assert told["tenant"] == MERCHANT


def test_the_first_answer_is_what_the_order_reads_afterwards(service: RunningService) -> None:
    """It is told from what was written, without reading it back."""
    answer = service.does(place.place_order, caller(), world.order({"TEA": 2, "BOOK": 1, "CUP": 1}))

    assert answer.order == service.reads(queries.order_out, MERCHANT, answer.order_id)
    assert "order" not in answer.model_dump()  # the stored answer stays small


def test_the_same_facts_twice_change_nothing(service: RunningService) -> None:
    order_id = placed(service, {"TEA": 2})
    said: list[Event] = []
    for event in (reserved(order_id), booked(order_id, {"TEA": 2}), moved(order_id, "delivered")):
        said += service.hears(event, event)
        said += service.hears(event.model_copy())
        service.makes_calls()
        said += service.said()

    assert names(said) == ["order-confirmed", "order-paid"]
    assert status(service, order_id) == ("delivered", "captured")
    assert service.makes_calls() == []


def test_short_stock_ends_an_order_without_any_payment(service: RunningService) -> None:
    order_id = placed(service, {"TEA": 2})

    said = service.hears(StockShort(tenant=MERCHANT, order_id=order_id, missing={"TEA": 1}))

    assert names(said) == ["order-cancelled"]
    assert said[0].model_dump()["missing"] == {"TEA": 1}
    assert said[0].model_dump()["reason"] == "stock_short"
    assert service.makes_calls() == []
    assert status(service, order_id) == ("stock_short", "none")


def test_a_declined_card_may_be_tried_again_until_it_is_paid(service: RunningService) -> None:
    order_id = placed(service, {"TEA": 1}, "tok_decline")
    service.hears(reserved(order_id))
    service.makes_calls()
    assert names(service.said()) == ["payment-failed"]
    assert status(service, order_id) == ("reserved", "declined")

    service.does(pay.try_again, MERCHANT, PaymentTried(order_id=order_id, token="tok_success"))
    service.makes_calls()

    assert names(service.said()) == ["order-confirmed"]
    assert status(service, order_id) == ("confirmed", "authorised")
    with pytest.raises(Problem, match="nothing to try again"):
        service.does(pay.try_again, MERCHANT, PaymentTried(order_id=order_id, token="tok_success"))


def test_a_challenge_gives_the_buyer_the_next_action(service: RunningService) -> None:
    order_id = placed(service, {"TEA": 1}, "tok_challenge_abandoned")
    service.hears(reserved(order_id))
    service.makes_calls()

    order = service.reads(queries.order_out, MERCHANT, order_id)
    assert order.payment.status == "challenged"
    assert order.payment.next_action["type"] == "redirect"

    service.does(answers.take, order_id, 1, "authorised")
    assert names(service.said()) == ["order-confirmed"]
    assert service.reads(queries.order_out, MERCHANT, order_id).payment.next_action is None


def test_a_provider_that_times_out_once_is_asked_again_with_the_same_key(
    service: RunningService,
) -> None:
    order_id = placed(service, {"TEA": 1}, "tok_timeout")
    service.hears(reserved(order_id))

    assert service.makes_calls() == ["payment.authorise"]
    assert names(service.said()) == ["order-confirmed"]


def test_an_order_nobody_carries_gives_the_money_back(service: RunningService) -> None:
    order_id = placed(service, {"TEA": 1})
    service.hears(reserved(order_id))
    service.makes_calls()
    service.said()

    refused = ShipmentRefused(tenant=MERCHANT, order_id=order_id, reasons={"a": "full"})
    assert names(service.hears(refused)) == ["order-cancelled"]
    assert service.makes_calls() == ["payment.void"]
    assert status(service, order_id) == ("cancelled", "voided")


def test_a_cancelled_booked_order_is_voided_by_logistics_and_refunded(
    service: RunningService,
) -> None:
    order_id = placed(service, {"TEA": 1})
    for event in (reserved(order_id), booked(order_id, {"TEA": 1})):
        service.hears(event)
        service.makes_calls()
    service.said()

    service.does(returns.cancel_order, MERCHANT, order_id, CancelAsked(reason="no need"))
    assert names(service.said()) == ["cancel-requested"]
    said = service.hears(ShipmentVoided(tenant=MERCHANT, order_id=order_id))
    assert names(said) == ["order-cancelled"]
    assert service.makes_calls() == ["payment.refund"]

    assert status(service, order_id) == ("cancelled", "refunded")
    assert names(service.said()) == ["refund-issued"]


def test_a_refused_cancellation_lets_the_order_go_on(service: RunningService) -> None:
    order_id = placed(service, {"TEA": 1})
    for event in (reserved(order_id), booked(order_id, {"TEA": 1})):
        service.hears(event)
        service.makes_calls()
    service.does(returns.cancel_order, MERCHANT, order_id, CancelAsked())
    service.hears(moved(order_id, "picked_up"))

    service.hears(CancellationRefused(tenant=MERCHANT, order_id=order_id, reason="handed over"))

    assert status(service, order_id) == ("shipped", "captured")
    with pytest.raises(Problem, match="a return"):
        service.does(returns.cancel_order, MERCHANT, order_id, CancelAsked())


def test_money_captured_for_a_cancelled_order_goes_back_by_itself(service: RunningService) -> None:
    order_id = placed(service, {"TEA": 1}, "tok_late_webhook")
    service.hears(reserved(order_id))
    service.does(returns.cancel_order, MERCHANT, order_id, CancelAsked())
    assert status(service, order_id)[0] == "cancelled"

    service.does(answers.take, order_id, 1, "captured")

    row = service.reads(lambda session: session.scalars(select(Refund)).one())
    assert row.goods_minor + row.duties_minor + row.taxes_minor + row.other_minor == 2125


def test_a_return_is_refunded_at_the_frozen_rates_and_never_beyond(service: RunningService) -> None:
    order_id = placed(service, {"TEA": 3})
    for event in (reserved(order_id), booked(order_id, {"TEA": 3}), moved(order_id, "delivered")):
        service.hears(event)
        service.makes_calls()
    service.said()
    wanted = NewReturn(order_id=order_id, lines={"TEA": 1}, reason="broken")
    request = service.does(returns.request_return, MERCHANT, wanted)
    service.said()

    service.hears(
        ReturnReceived(
            tenant=MERCHANT, return_id=request.return_id, order_id=order_id, lines={"TEA": 1},
            condition="damaged", location_id="loc_1",
        )
    )  # fmt: skip
    service.makes_calls()

    (issued,) = service.said()
    told = issued.model_dump()
    assert (told["lines"], told["goods"]["amount"], told["duties"]["amount"]) == (
        {"TEA": 1}, "12.50", "1.25",
    )  # fmt: skip
    assert status(service, order_id) == ("delivered", "partially_refunded")
    with pytest.raises(Problem, match="at most"):
        service.does(returns.refund_lines, caller(), NewRefund(order_id=order_id, lines={"TEA": 3}))
    refund = service.does(
        returns.refund_lines, caller(), NewRefund(order_id=order_id, lines={"TEA": 2})
    )
    assert refund.total.amount == "32.50"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"exp": 1}, "quote-expired"),
        ({"tenant": OTHER_MERCHANT}, "quote-invalid"),
        ({"destination": "FR"}, "quote-invalid"),
        ({"ledger_sha256": "0" * 64}, "quote-invalid"),
    ],
)
def test_a_quote_that_does_not_hold_is_refused(
    service: RunningService, change: dict[str, Any], code: str
) -> None:
    quote = world.signed(world.claims({"TEA": 1}, **change))

    with pytest.raises(Problem) as refusal:
        service.does(place.place_order, caller(), world.order({"TEA": 1}, quote=quote))

    assert refusal.value.code == code
    assert refusal.value.errors[0].pointer.startswith("/")
    assert service.said() == []
    assert service.reads(lambda session: session.scalars(select(Order)).all()) == []


def test_a_forged_quote_is_refused_and_one_of_an_unheard_key_is_waited_for(
    service: RunningService,
) -> None:
    other = OKPKey.generate_key("Ed25519")
    forged = world.signed(world.claims({"TEA": 1}), key=other)
    unheard = world.signed(world.claims({"TEA": 1}), kid="key_" + "0" * 32, key=other)

    with pytest.raises(Problem) as refusal:
        service.does(place.place_order, caller(), world.order({"TEA": 1}, quote=forged))
    assert refusal.value.code == "quote-invalid"
    with pytest.raises(NotYetKnown):
        service.does(place.place_order, caller(), world.order({"TEA": 1}, quote=unheard))


def test_a_price_that_changed_since_the_quote_is_told_with_both(service: RunningService) -> None:
    lines = world.claims({"TEA": 2})
    lines["lines"][0]["goods"] = world.euro(2000)

    order = world.order({"TEA": 2}, quote=world.signed(lines))
    with pytest.raises(Problem) as refusal:
        service.does(place.place_order, caller(), order)

    assert refusal.value.code == "price-changed"
    assert "20.00" in refusal.value.errors[0].message
    assert "12.50" in refusal.value.errors[0].message


def test_a_digital_order_is_paid_and_delivered_without_a_shipment(service: RunningService) -> None:
    order_id = placed(service, {"BOOK": 1})
    service.hears(reserved(order_id))
    service.makes_calls()

    assert names(service.said()) == ["order-confirmed", "order-paid"]
    assert status(service, order_id) == ("delivered", "captured")


def test_a_deadline_cancels_what_stalls(service: RunningService) -> None:
    order_id = placed(service, {"TEA": 1}, "tok_decline")
    service.hears(reserved(order_id))
    service.makes_calls()
    service.said()

    service.does(advance.hear, order_id, Fact(Heard.DEADLINE))

    assert names(service.said()) == ["order-cancelled"]
    assert status(service, order_id)[0] == "cancelled"
