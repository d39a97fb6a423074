"""Booking: who carries an order, asked one after another; voided, refused, followed."""

import json
from typing import Any

from sqlalchemy.orm import Session

from chassis.calls import call
from chassis.db import insert_new, now
from chassis.outbox import publish
from contracts.logistics import (
    CancellationRefused,
    ShipmentBooked,
    ShipmentRefused,
    ShipmentVoided,
)
from contracts.orders import CancelRequested, OrderConfirmed
from contracts.values import Incoterm, Money
from services.logistics.commands import planning
from services.logistics.commands.frozen import consignee_of, reasons_of
from services.logistics.domain.stock import summed
from services.logistics.models.shipping import OrderShipping, Shipment
from services.logistics.models.stock import Reservation
from services.logistics.queries import shipping as queries
from services.logistics.queries import stock as stock_queries

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
        planning.plan(session, event, consignee, places[location_id], part)
    _settle(session, event.order_id)


def _first_word(session: Session, order_id: str, tenant: str, status: str) -> bool:
    return insert_new(
        session, _ORDERS, order_id=order_id, tenant=tenant, status=status, is_paid=False,
        reasons="{}",
    )  # fmt: skip


def record_booking(session: Session, request: dict[str, Any], answer: dict[str, Any]) -> None:
    """Booked, or declined and the next asked, three at most. Late for a cancelled order: void."""
    row, order = _locked(session, request["shipment_id"])
    if row.booking != "asking" or row.asked != request["offer"] + 1:
        return
    if "declined" in answer:
        row.declined = json.dumps(json.loads(row.declined) | {row.provider: answer["declined"]})
        if order.status == "confirmed":
            planning.ask_next(session, row, request["postcode"])
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
