"""Balances, reservations, locations."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from chassis.http import FieldError, Page, PageAsked, Problem, not_found, page_of
from services.logistics.models.stock import (
    Balance,
    Inbound,
    Location,
    OrderStock,
    Reservation,
)
from services.logistics.schemas.stock import InboundOut, LevelOut, LocationOut, StockOut


def balances_for_update(session: Session, tenant: str, skus: Iterable[str]) -> list[Balance]:
    """Locked in (SKU, location) order, so two orders for the same goods cannot deadlock."""
    found = (
        select(Balance)
        .where(Balance.tenant == tenant, Balance.sku.in_(sorted(skus)))
        .order_by(Balance.sku, Balance.location_id)
        .with_for_update()
    )
    return list(session.scalars(found.execution_options(populate_existing=True)))


def order_stock(session: Session, order_id: str) -> OrderStock | None:
    found = select(OrderStock).where(OrderStock.order_id == order_id).with_for_update()
    return session.scalars(found).first()


def reservations(session: Session, order_id: str) -> list[Reservation]:
    found = select(Reservation).where(Reservation.order_id == order_id)
    return list(session.scalars(found.order_by(Reservation.sku, Reservation.location_id)))


def claims_on(session: Session, balance: Balance) -> list[tuple[str, int]]:
    """Live reservations of one balance, the oldest order first."""
    found = (
        select(Reservation.order_id, Reservation.quantity)
        .where(
            Reservation.tenant == balance.tenant,
            Reservation.sku == balance.sku,
            Reservation.location_id == balance.location_id,
        )
        .order_by(Reservation.order_id)
    )
    return [(order_id, quantity) for order_id, quantity in session.execute(found)]


def locations(session: Session, tenant: str) -> list[Location]:
    found = select(Location).where(Location.tenant == tenant).order_by(Location.location_id)
    return list(session.scalars(found))


def check_location(session: Session, tenant: str, location_id: str) -> None:
    """422 for a location that does not exist: nothing could ever be sent from it."""
    if all(row.location_id != location_id for row in locations(session, tenant)):
        message = f"there is no location {location_id}"
        error = FieldError(pointer="/location_id", code="unknown", message=message)
        raise Problem(422, "unknown", message, [error])


def unknown_places(session: Session, tenant: str, parsed: dict[str, Any]) -> list[dict[str, Any]]:
    """Errors of an import: counts at locations that neither exist nor come with it."""
    known = {row.location_id for row in locations(session, tenant)}
    known |= {values["location_id"] for values in parsed["locations"]}
    return [
        {
            "file": "stock.csv",
            "row": row,
            "column": "location",
            "code": "unknown",
            "message": f"there is no location {location_id}",
        }
        for _sku, location_id, _quantity, row in parsed["stock"]
        if location_id not in known
    ]


def location_list(session: Session, tenant: str) -> list[LocationOut]:
    return [
        LocationOut.model_validate(row, from_attributes=True) for row in locations(session, tenant)
    ]


def stock_of(session: Session, tenant: str, sku: str, *, whole: bool) -> StockOut:
    """A storefront sees how much is available, capped; the merchant sees where."""
    found = select(Balance).where(Balance.tenant == tenant, Balance.sku == sku)
    rows = list(session.scalars(found.order_by(Balance.location_id)))
    if not rows:
        raise not_found("stock of this SKU")
    available = sum(row.on_hand - row.reserved for row in rows)
    if not whole:
        return StockOut(sku=sku, available="20+" if available > 20 else str(available))
    return StockOut(sku=sku, available=str(available), levels=[_level(row) for row in rows])


def levels(session: Session, tenant: str, asked: PageAsked) -> Page[LevelOut]:
    wanted = select(Balance).where(Balance.tenant == tenant)
    rows, following = page_of(session, wanted, Balance.sku, asked)
    return Page(data=[_level(row) for row in rows], next_cursor=following)


def _level(row: Balance) -> LevelOut:
    return LevelOut(
        sku=row.sku,
        location_id=row.location_id,
        on_hand=row.on_hand,
        available=row.on_hand - row.reserved,
    )


def inbound(session: Session, tenant: str, inbound_id: str) -> Inbound:
    found = select(Inbound).where(Inbound.inbound_id == inbound_id, Inbound.tenant == tenant)
    row = session.scalars(found.with_for_update()).first()
    if row is None:
        raise not_found("inbound")
    return row


def inbounds(session: Session, tenant: str, asked: PageAsked) -> Page[InboundOut]:
    wanted = select(Inbound).where(Inbound.tenant == tenant)
    rows, following = page_of(session, wanted, Inbound.inbound_id, asked)
    return Page(data=[inbound_out(row) for row in rows], next_cursor=following)


def inbound_out(row: Inbound) -> InboundOut:
    return InboundOut(
        inbound_id=row.inbound_id,
        order_id=row.order_id,
        lines=json.loads(row.lines),
        status=row.status,
    )
