"""Booking: who carries an order, asked one after another; voided, refused, followed."""

import json
from functools import reduce
from typing import Any

from sqlalchemy.orm import Session

from chassis.calls import call
from chassis.crypto import seal
from chassis.db import insert_new, now, settings_of
from chassis.outbox import publish
from contracts.catalog import Variant
from contracts.logistics import (
    CancellationRefused,
    ShipmentBooked,
    ShipmentRefused,
    ShipmentVoided,
)
from contracts.orders import CancelRequested, Consignee, OrderConfirmed
from contracts.values import Incoterm, Money, new_id
from services.logistics.commands.frozen import consignee_of, kept_offers, reasons_of
from services.logistics.domain.shipping.choice import MOST_ASKED, Wanted, ranked
from services.logistics.domain.shipping.places import Place
from services.logistics.domain.shipping.rates import Rates
from services.logistics.domain.stock import summed
from services.logistics.models.shipping import OrderShipping, Shipment
from services.logistics.models.stock import Location, Reservation
from services.logistics.queries import shipping as queries
from services.logistics.queries import stock as stock_queries
from services.logistics.queries import tariff

_ORDERS: Any = OrderShipping.__table__


def confirm(session: Session, event: OrderConfirmed) -> None:
    """Every confirmed order is answered: booked per shipment, or refused with each reason."""
    if not _first_word(session, event.order_id, event.tenant, "confirmed"):
        return
    claims = stock_queries.reservations(session, event.order_id)
    if not event.declaration and not claims:
        return  # all digital: nothing is sent
    declared = summed([(line.sku, line.quantity) for line in event.declaration])
    reserved = summed([(claim.sku, claim.quantity) for claim in claims])
    if declared != reserved:
        reason = f"declared are {declared}, reserved are {reserved}: the papers would be wrong"
        _refuse(session, event.order_id, event.tenant, {"declaration": reason})
        return
    consignee = consignee_of(session, event)
    places = {row.location_id: row for row in stock_queries.locations(session, event.tenant)}
    by_place: dict[str, list[Reservation]] = {}
    for claim in claims:
        by_place.setdefault(claim.location_id, []).append(claim)
    for location_id, part in sorted(by_place.items()):
        _plan(session, event, consignee, places[location_id], part)
    _settle(session, event.order_id)


def _first_word(session: Session, order_id: str, tenant: str, status: str) -> bool:
    return insert_new(
        session, _ORDERS, order_id=order_id, tenant=tenant, status=status, is_paid=False,
        reasons="{}",
    )  # fmt: skip


def _plan(
    session: Session,
    event: OrderConfirmed,
    consignee: Consignee,
    location: Location,
    part: list[Reservation],
) -> None:
    """One shipment from one location: its offers in order, and the first of them asked."""
    known = tariff.variants(session, event.tenant, [claim.sku for claim in part])
    items: list[tuple[Variant, int]] = [
        (tariff.variant_of(known[claim.sku]), claim.quantity) for claim in part
    ]
    parcels = queries.parcels_of(items)
    to = Place(consignee.country, consignee.region, consignee.postal_code or None, True)
    worth = reduce(Money.__add__, [line.value for line in event.declaration])
    value = tariff.in_currencies(session, event.destination, worth)
    terms = (event.incoterm, now(), value, {"EUR": 0})
    found = (
        queries.offers(session, event.tenant, (location, to), parcels, terms)
        if parcels
        else Rates((), ())
    )
    wanted = Wanted(event.provider_id, event.service, event.promised_on)
    order = ranked(found.offers, wanted)
    shipment_id = new_id("shp")
    row = Shipment(
        shipment_id=shipment_id,
        tenant=event.tenant,
        order_id=event.order_id,
        location_id=location.location_id,
        booking="asking" if order else "refused",
        offers=json.dumps(kept_offers(order, found)),
        asked=0,
        declined="{}",
        provider="",
        service="",
        price_minor=0,
        currency="EUR",
        promised_on=event.promised_on,
        origin=location.country,
        destination=event.destination,
        incoterm=event.incoterm.value,
        lines=json.dumps({claim.sku: claim.quantity for claim in part}),
        parcels=len(parcels),
        tracking_numbers="[]",
        consignee=seal(
            consignee.model_dump_json().encode(), settings_of(session).master_keys, shipment_id
        ),
        status="awaiting_data",
        reason=None,
        leg="outbound",
        flags="[]",
        handed_over=False,
        concluded=0,
        version=0,
        created_at=now(),
    )
    session.add(row)
    session.flush()
    if order:
        _ask_next(session, row, consignee.postal_code)


def _ask_next(session: Session, row: Shipment, postcode: str) -> None:
    """By an outgoing call whose key names the shipment and the offer."""
    offer = json.loads(row.offers)["offers"][row.asked]
    price = Money.model_validate(offer["price"])
    row.provider, row.service = offer["provider_id"], offer["service"]
    row.price_minor, row.currency = price.minor, price.currency
    request = {
        "shipment_id": row.shipment_id,
        "offer": row.asked,
        "provider": row.provider,
        "service": row.service,
        "incoterm": row.incoterm,
        "postcode": postcode,
        "country": row.destination,
        "parcels": row.parcels,
    }
    call(session, "booking.book", f"{row.shipment_id}:book:{row.asked}", request)
    row.asked += 1
    session.flush()


def record_booking(session: Session, request: dict[str, Any], answer: dict[str, Any]) -> None:
    """Booked, or declined and the next asked, three at most. Late for a cancelled order: void."""
    row, order = _locked(session, request["shipment_id"])
    if row.booking != "asking" or row.asked != request["offer"] + 1:
        return
    if "declined" in answer:
        row.declined = json.dumps(json.loads(row.declined) | {row.provider: answer["declined"]})
        more = row.asked < min(MOST_ASKED, len(json.loads(row.offers)["offers"]))
        if more and order.status == "confirmed":
            _ask_next(session, row, request["postcode"])
        else:
            row.booking = "refused"
    else:
        _book(session, row, answer["tracking_numbers"])
        if order.status in ("cancelling", "refusing"):
            _void(session, row)
    session.flush()
    _settle(session, row.order_id)


def _book(session: Session, row: Shipment, numbers: list[str]) -> None:
    from services.logistics.commands.tracking import register_tracker  # noqa: PLC0415 - a cycle

    row.booking, row.tracking_numbers = "booked", json.dumps(numbers)
    row.version += 1
    session.flush()
    for number in numbers:
        dates = (now().date(), row.promised_on)
        register_tracker(session, row.tenant, row.provider, number, row.shipment_id, dates)
    publish(
        session,
        ShipmentBooked(
            tenant=row.tenant,
            sequence=row.version,
            shipment_id=row.shipment_id,
            order_id=row.order_id,
            provider_id=row.provider,
            service=row.service,
            lines=json.loads(row.lines),
            tracking_numbers=tuple(numbers),
            origin=row.origin,
            destination=row.destination,
            incoterm=Incoterm(row.incoterm),
            price=Money.of(row.price_minor, row.currency),
            promised_on=row.promised_on,
            declined_by=json.loads(row.declined),
        ),
    )


def _void(session: Session, row: Shipment) -> None:
    row.booking = "voiding"
    request = {"shipment_id": row.shipment_id, "provider": row.provider}
    call(session, "booking.void", f"{row.shipment_id}:void", request)
    session.flush()


def record_void(session: Session, request: dict[str, Any], _: dict[str, Any]) -> None:
    row, _order = _locked(session, request["shipment_id"])
    if row.booking == "voiding":
        if row.handed_over:  # picked up meanwhile: the goods are on their way
            row.booking = "booked"
        else:
            row.booking, row.status = "voided", "cancelled"
        row.version += 1
        session.flush()
        _settle(session, row.order_id)


def request_cancellation(session: Session, event: CancelRequested) -> None:
    """Always answered, by one of the two: voided (also when nothing was booked), or refused."""
    if _first_word(session, event.order_id, event.tenant, "voided"):
        publish(session, ShipmentVoided(tenant=event.tenant, order_id=event.order_id))
        return
    order = queries.order_shipping(session, event.order_id)
    assert order is not None  # noqa: S101 - its row was there a moment ago
    rows = queries.shipments_of(session, event.order_id)
    if any(row.handed_over for row in rows):
        _refuse_cancellation(session, event.tenant, event.order_id)
        return
    order.status = "cancelling"
    for row in rows:
        if row.booking == "booked":
            _void(session, row)
    session.flush()
    _settle(session, event.order_id)


def _refuse_cancellation(session: Session, tenant: str, order_id: str) -> None:
    reason = "it has been handed over; what is left is a return"
    refused = CancellationRefused(tenant=tenant, order_id=order_id, reason=reason)
    publish(session, refused)


def _settle(session: Session, order_id: str) -> None:
    """Says what is true once no shipment of an order is under way any more."""
    order = queries.order_shipping(session, order_id)
    if order is None:
        return
    rows = queries.shipments_of(session, order_id)
    if order.status == "confirmed" and any(row.booking == "refused" for row in rows):
        order.status = "refusing"
        for row in rows:
            if row.booking == "booked":
                _void(session, row)
    session.flush()
    if not any(row.booking in ("asking", "voiding") for row in rows):
        _answer(session, order, rows)


def _answer(session: Session, order: OrderShipping, rows: list[Shipment]) -> None:
    """To a cancellation or a confirmation, now that nothing is under way."""
    order_id = order.order_id
    if order.status == "cancelling" and any(row.handed_over for row in rows):
        order.status = "confirmed"
        _refuse_cancellation(session, order.tenant, order_id)
    elif order.status == "cancelling":
        order.status = "voided"
        publish(session, ShipmentVoided(tenant=order.tenant, order_id=order_id))
    elif order.status == "refusing":
        _refuse(session, order_id, order.tenant, reasons_of(rows))


def _refuse(session: Session, order_id: str, tenant: str, reasons: dict[str, str]) -> None:
    order = queries.order_shipping(session, order_id)
    if order is not None:
        order.status, order.reasons = "refused", json.dumps(reasons)
    publish(session, ShipmentRefused(tenant=tenant, order_id=order_id, reasons=reasons))


def pay(session: Session, order_id: str) -> None:
    """The label may be released."""
    order = queries.order_shipping(session, order_id)
    if order is not None:
        order.is_paid = True
        session.flush()


def _locked(session: Session, shipment_id: str) -> tuple[Shipment, OrderShipping]:
    """The order's row first, then its shipment: always in this order."""
    order = queries.order_shipping(session, queries.order_of(session, shipment_id))
    row = queries.shipment_for_update(session, shipment_id)
    assert row is not None  # noqa: S101 - a call names a shipment that was stored with it
    assert order is not None  # noqa: S101
    return row, order
