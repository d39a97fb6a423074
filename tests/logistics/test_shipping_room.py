"""Booking as scripts: a confirmed order is carried, declined, cancelled, labelled."""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chassis.crypto import seal
from chassis.http import Problem
from contracts.event import Event
from contracts.logistics import (
    CancellationRefused,
    ShipmentBooked,
    ShipmentMoved,
    ShipmentRefused,
    ShipmentVoided,
)
from contracts.orders import (
    CancelRequested,
    Consignee,
    OrderPaid,
)
from contracts.values import Money
from services.logistics.commands import moves
from services.logistics.commands.labels import label
from services.logistics.domain.tracking.moved import Moved
from services.logistics.models.stock import Balance
from services.logistics.queries import shipping as queries
from tests.logistics.carrying import booked, carrying, choice, confirmed, reserved, told
from tests.running import KEYS, MERCHANT, OTHER_MERCHANT, RunningService


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = carrying(tmp_path)
    yield running
    running.close()


def cancel(order_id: str) -> CancelRequested:
    return CancelRequested(tenant=MERCHANT, order_id=order_id, reason="no need")


def picked_up(service: RunningService, shipment_id: str) -> None:
    at = datetime(2026, 11, 27, tzinfo=UTC)
    now_is = Moved("picked_up", None, "outbound", (), at, {})
    service.does(moves.shipment_moved, shipment_id, now_is)


def test_a_confirmed_order_is_booked_with_the_cheapest_and_tells_why(
    service: RunningService,
) -> None:
    said = booked(service)

    assert (said.lines, said.origin, said.destination) == ({"TEA": 1}, "DE", "US")
    assert (len(said.tracking_numbers), said.declined_by) == (1, {})
    why = choice(service, said.shipment_id)
    assert len(why.offers) >= 2
    assert [offer.chosen for offer in why.offers].index(True) == 0
    assert why.offers[0].price.minor == min(offer.price.minor for offer in why.offers)
    assert (why.offers[0].provider_id, why.offers[0].price) == (said.provider_id, said.price)
    assert "cheapest" in why.offers[0].because
    assert all("dearer" in offer.because for offer in why.offers[1:])
    assert why.excluded
    assert all(each.reasons for each in why.excluded)
    seen = {(each.provider_id, each.service) for each in (*why.offers, *why.excluded)}
    assert len(seen) == 5


def test_what_keeps_the_promise_comes_before_what_is_cheaper(service: RunningService) -> None:
    cheap = booked(service)
    offers = choice(service, cheap.shipment_id).offers
    soonest = min(offer.promised_on for offer in offers)
    assert soonest < offers[0].promised_on
    order_id = reserved(service)

    service.hears(confirmed(order_id, promised_on=soonest))
    service.makes_calls()

    (said,) = service.said()
    assert isinstance(said, ShipmentBooked)
    why = choice(service, said.shipment_id).offers
    assert why[0].chosen
    assert why[0].promised_on == soonest
    assert "later than promised" in why[-1].because


def test_goods_of_two_locations_are_two_shipments(service: RunningService) -> None:
    order_id = reserved(service, 7)
    service.hears(confirmed(order_id, declared=7))

    assert service.makes_calls() == ["booking.book", "booking.book"]

    said = [event for event in service.said() if isinstance(event, ShipmentBooked)]
    assert sorted(event.lines["TEA"] for event in said) == [2, 5]
    assert len({event.shipment_id for event in said}) == 2


def test_a_declined_booking_goes_to_the_next_and_says_so(service: RunningService) -> None:
    order_id = reserved(service)
    service.hears(confirmed(order_id, "99990"))

    assert service.makes_calls() == ["booking.book", "booking.book"]

    (said,) = service.said()
    assert isinstance(said, ShipmentBooked)
    why = choice(service, said.shipment_id)
    assert [offer.chosen for offer in why.offers[:2]] == [False, True]
    assert said.declined_by == {why.offers[0].provider_id: "no capacity today"}
    assert said.provider_id == why.offers[1].provider_id


def test_an_order_everybody_declines_is_refused_with_each_reason(service: RunningService) -> None:
    order_id = reserved(service)
    service.hears(confirmed(order_id, "99991"))

    asked = service.makes_calls()

    (said,) = service.said()
    assert isinstance(said, ShipmentRefused)
    assert said.order_id == order_id
    declined = [why for why in said.reasons.values() if "no capacity on this lane" in why]
    assert 1 <= len(declined) == len(asked) <= 3
    assert any("incoterm" in why.lower() for why in said.reasons.values())


def test_a_destination_without_rates_is_refused_without_asking(service: RunningService) -> None:
    order_id = reserved(service)
    consignee = Consignee(name="A", street="S", city="C", country="BR", postal_code="1")
    sealed = seal(consignee.model_dump_json().encode(), KEYS, about=order_id)

    (said,) = service.hears(
        confirmed(order_id, destination="BR", consignee=base64.b64encode(sealed).decode())
    )

    assert isinstance(said, ShipmentRefused)
    assert said.reasons
    assert service.makes_calls() == []


def test_a_booking_that_times_out_is_asked_again_and_booked_once(service: RunningService) -> None:
    said = booked(service, "99992")

    assert said.declined_by == {}
    assert service.makes_calls() == []
    assert service.said() == []


def test_a_declaration_that_differs_from_the_reservation_is_never_sent(
    service: RunningService,
) -> None:
    order_id = reserved(service, 2)

    (said,) = service.hears(confirmed(order_id, declared=3))

    assert isinstance(said, ShipmentRefused)
    assert list(said.reasons) == ["declaration"]
    assert service.makes_calls() == []


def test_an_all_digital_order_needs_no_shipment(service: RunningService) -> None:
    order_id = reserved(service, kind="digital")

    assert service.hears(confirmed(order_id, declared=0)) == []
    assert service.makes_calls() == []


def test_every_fact_twice_changes_nothing(service: RunningService) -> None:
    order_id = reserved(service)
    facts: list[Callable[[], Event]] = [
        lambda: confirmed(order_id),
        lambda: OrderPaid(tenant=MERCHANT, order_id=order_id, total=Money.of(1, "EUR")),
    ]
    said: list[Event] = []
    for fact in facts:
        event = fact()
        said += service.hears(event, event)
        said += service.hears(event.model_copy())
        service.makes_calls()
        said += service.said()
    (only,) = said
    assert isinstance(only, ShipmentBooked)

    for _ in range(2):
        picked_up(service, only.shipment_id)

    assert [type(event) for event in told(service.said())] == [ShipmentMoved]
    assert service.makes_calls() == []
    levels = service.reads(lambda session: session.query(Balance).all())
    assert sum(row.on_hand for row in levels) == 7
    assert sum(row.reserved for row in levels) == 0


def test_an_order_cancelled_before_it_was_confirmed_is_never_booked(
    service: RunningService,
) -> None:
    order_id = reserved(service)
    gone = cancel(order_id)

    said = service.hears(gone, gone)
    said += service.hears(confirmed(order_id))

    assert [type(event) for event in said] == [ShipmentVoided]
    assert service.makes_calls() == []


@pytest.mark.parametrize("postcode", ["02108", "99990", "99991", "99992"])
def test_an_order_cancelled_while_it_is_being_booked_is_voided_once(
    service: RunningService, postcode: str
) -> None:
    order_id = reserved(service)
    service.hears(confirmed(order_id, postcode))
    gone = cancel(order_id)

    assert service.hears(gone, gone) == []
    made = service.makes_calls()

    said = [type(event) for event in service.said() if not isinstance(event, ShipmentBooked)]
    assert said == [ShipmentVoided]
    is_carried = postcode in ("02108", "99992")
    assert made == ["booking.book", "booking.void"][: 2 if is_carried else 1]


def test_an_order_cancelled_after_booking_is_voided_once(service: RunningService) -> None:
    shipment = booked(service)
    gone = cancel(shipment.order_id)

    assert service.hears(gone, gone) == []
    assert service.makes_calls() == ["booking.void"]

    assert [type(event) for event in service.said()] == [ShipmentVoided]
    shown = service.reads(queries.show_shipment, MERCHANT, shipment.shipment_id)
    assert (shown.booking, shown.status) == ("voided", "cancelled")


def test_what_is_picked_up_while_it_is_being_voided_goes_on(service: RunningService) -> None:
    shipment = booked(service)
    service.hears(cancel(shipment.order_id))
    picked_up(service, shipment.shipment_id)
    service.said()

    assert service.makes_calls() == ["booking.void"]

    assert [type(event) for event in service.said()] == [CancellationRefused]
    shown = service.reads(queries.show_shipment, MERCHANT, shipment.shipment_id)
    assert (shown.booking, shown.status) == ("booked", "picked_up")


def test_what_was_handed_over_cannot_be_cancelled(service: RunningService) -> None:
    shipment = booked(service)
    picked_up(service, shipment.shipment_id)
    service.said()
    gone = cancel(shipment.order_id)

    said = service.hears(gone, gone)

    assert [type(event) for event in said] == [CancellationRefused]
    assert service.makes_calls() == []


def test_a_label_is_released_once_the_order_is_paid_and_to_its_merchant_only(
    service: RunningService,
) -> None:
    shipment = booked(service)
    with pytest.raises(Problem) as refusal:
        service.reads(label, MERCHANT, shipment.shipment_id)
    assert (refusal.value.status, refusal.value.code) == (409, "payment-pending")

    paid = OrderPaid(tenant=MERCHANT, order_id=shipment.order_id, total=Money.of(1, "EUR"))
    service.hears(paid, paid)

    text = service.reads(label, MERCHANT, shipment.shipment_id)
    assert shipment.tracking_numbers[0] in text
    assert "Boston" in text
    with pytest.raises(Problem) as refusal:
        service.reads(label, OTHER_MERCHANT, shipment.shipment_id)
    assert refusal.value.status == 404


def test_there_is_no_label_for_what_was_voided(service: RunningService) -> None:
    shipment = booked(service)
    paid = OrderPaid(tenant=MERCHANT, order_id=shipment.order_id, total=Money.of(1, "EUR"))
    service.hears(paid, cancel(shipment.order_id))
    service.makes_calls()

    with pytest.raises(Problem, match="there is no label"):
        service.reads(label, MERCHANT, shipment.shipment_id)
