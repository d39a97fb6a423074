"""Stock: reserved all or nothing, released, consumed, moved; every change a ledger row."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import insert_new, now
from chassis.http import FieldError, Problem
from chassis.outbox import publish
from contracts.logistics import (
    ReservationBroken,
    ReservedLine,
    ReturnReceived,
    StockLevelChanged,
    StockReserved,
    StockShort,
)
from contracts.orders import OrderPlaced, ReturnRequested
from contracts.values import new_id
from services.logistics.domain import stock
from services.logistics.models.stock import (
    Balance,
    Inbound,
    Location,
    Movement,
    OrderStock,
    Reservation,
)
from services.logistics.queries import stock as queries
from services.logistics.schemas.stock import (
    InboundOut,
    LevelOut,
    LocationOut,
    NewLocation,
    NewMovement,
    Received,
)

_ORDERS: Any = OrderStock.__table__


def reserve(session: Session, order: OrderPlaced) -> None:
    """All or nothing: an order short of any line takes no stock at all. Answered exactly once."""
    goods = [(line.sku, line.quantity) for line in order.lines if line.kind == "goods"]
    wanted = stock.summed(goods)
    balances = queries.balances_for_update(session, order.tenant, wanted) if wanted else []
    available: Counter[str] = Counter()
    for row in balances:
        available[row.sku] += row.on_hand - row.reserved
    short = stock.shortfall(wanted, available)
    if not _first_answer(session, order.order_id, order.tenant, "short" if short else "reserved"):
        return
    if short:
        said = StockShort(tenant=order.tenant, order_id=order.order_id, missing=short)
        publish(session, said)
        return
    found = stock.takes(
        wanted,
        [stock.Balance(row.location_id, row.sku, row.on_hand - row.reserved) for row in balances],
    )
    _claim(session, order, found, {(row.sku, row.location_id): row for row in balances})


def _first_answer(session: Session, order_id: str, tenant: str, status: str) -> bool:
    """False where this order was answered, or cancelled, before."""
    return insert_new(
        session, _ORDERS, order_id=order_id, tenant=tenant, status=status, recorded_at=now()
    )


def _claim(
    session: Session,
    order: OrderPlaced,
    found: tuple[stock.Take, ...],
    rows: Mapping[tuple[str, str], Balance],
) -> None:
    lines = tuple(
        ReservedLine(sku=take.sku, quantity=take.quantity, location_id=take.location_id)
        for take in found
    )
    if found:
        session.execute(
            insert(Reservation),
            [
                {"order_id": order.order_id, "tenant": order.tenant, **line.model_dump()}
                for line in lines
            ],
        )
    for take in found:
        rows[take.sku, take.location_id].reserved += take.quantity
    session.flush()
    reserved = StockReserved(tenant=order.tenant, order_id=order.order_id, lines=lines)
    publish(session, reserved)


def release(session: Session, tenant: str, order_id: str) -> None:
    """An order that was cancelled holds nothing; told twice, or too early, it changes nothing."""
    if _first_answer(session, order_id, tenant, "released"):
        return  # cancelled before it was reserved: its reserve will find this row
    _end(session, order_id, "released", consumed=False)


def consume(session: Session, order_id: str) -> None:
    """The goods have left: what was claimed is gone from the shelf, once."""
    _end(session, order_id, "consumed", consumed=True)


def _end(session: Session, order_id: str, status: str, *, consumed: bool) -> None:
    row = queries.order_stock(session, order_id)
    if row is None or row.status != "reserved":
        return
    row.status = status
    claims = queries.reservations(session, order_id)
    balances = {
        (each.sku, each.location_id): each
        for each in queries.balances_for_update(session, row.tenant, {c.sku for c in claims})
    }
    for claim in claims:
        balance = balances[claim.sku, claim.location_id]
        balance.reserved -= claim.quantity
        if consumed:
            _move(session, balance, -claim.quantity, "shipped", order_id)
    session.execute(delete(Reservation).where(Reservation.order_id == order_id))
    session.flush()


def _move(session: Session, balance: Balance, quantity: int, reason: str, reference: str) -> None:
    balance.on_hand += quantity
    balance.version += 1
    session.flush()
    session.execute(
        insert(Movement).values(
            movement_id=new_id("mov"),
            tenant=balance.tenant,
            sku=balance.sku,
            location_id=balance.location_id,
            quantity=quantity,
            reason=reason,
            reference=reference,
            recorded_at=now(),
        )
    )
    publish(session, level_changed(balance))


def level_changed(row: Balance) -> StockLevelChanged:
    return StockLevelChanged(
        tenant=row.tenant,
        sequence=row.version,
        level_id=f"{row.tenant}/{row.sku}@{row.location_id}",
        sku=row.sku,
        location_id=row.location_id,
        on_hand=row.on_hand,
        available=row.on_hand - row.reserved,
    )


def add_location(session: Session, caller: Caller, new: NewLocation) -> LocationOut:
    if any(row.location_id == new.location_id for row in queries.locations(session, caller.tenant)):
        message = f"the location {new.location_id} exists already"
        error = FieldError(pointer="/location_id", code="exists", message=message)
        raise Problem(409, "exists", message, [error])
    session.add(Location(tenant=caller.tenant, **new.model_dump()))
    session.flush()
    return LocationOut(**new.model_dump())


def move(session: Session, caller: Caller, new: NewMovement) -> LevelOut:
    """The balance stays true: orders that can no longer be filled are told, youngest first."""
    queries.check_location(session, caller.tenant, new.location_id)
    balance = _balance(session, caller.tenant, new.sku, new.location_id)
    change = {
        "receive": new.quantity,
        "damage": -new.quantity,
        "count": new.quantity - balance.on_hand,
    }[new.kind]
    if balance.on_hand + change < 0:
        message = f"only {balance.on_hand} are on hand"
        error = FieldError(pointer="/quantity", code="too-many", message=message)
        raise Problem(409, "too-many", message, [error])
    if change:
        _move(session, balance, change, new.kind, new.reference)
        _say_broken(session, balance)
    return LevelOut(
        sku=new.sku,
        location_id=new.location_id,
        on_hand=balance.on_hand,
        available=balance.on_hand - balance.reserved,
    )


def _balance(session: Session, tenant: str, sku: str, location_id: str) -> Balance:
    table: Any = Balance.__table__
    insert_new(
        session, table, tenant=tenant, sku=sku, location_id=location_id, on_hand=0, reserved=0,
        version=0,
    )  # fmt: skip
    rows = queries.balances_for_update(session, tenant, [sku])
    return next(row for row in rows if row.location_id == location_id)


def _say_broken(session: Session, balance: Balance) -> None:
    """An order that lacks units keeps the rest of its claim: `reserved` never exceeds on hand."""
    short = stock.broken(queries.claims_on(session, balance), balance.on_hand)
    for order_id, units in short.items():
        session.execute(
            update(Reservation)
            .where(
                Reservation.order_id == order_id,
                Reservation.sku == balance.sku,
                Reservation.location_id == balance.location_id,
            )
            .values(quantity=Reservation.quantity - units)
        )
        balance.reserved -= units
        said = ReservationBroken(
            tenant=balance.tenant, order_id=order_id, missing={balance.sku: units}
        )
        publish(session, said)
    session.flush()


def expect_return(session: Session, event: ReturnRequested) -> None:
    table: Any = Inbound.__table__
    insert_new(
        session, table, inbound_id=event.return_id, tenant=event.tenant, order_id=event.order_id,
        lines=json.dumps(event.lines), status="expected",
    )  # fmt: skip


def receive_return(
    session: Session, caller: Caller, inbound_id: str, received: Received
) -> InboundOut:
    """Once; sellable goods go back on hand, and orders hears of it."""
    row = queries.inbound(session, caller.tenant, inbound_id)
    if row.status == "received":
        return queries.inbound_out(row)
    expected = json.loads(row.lines)
    if any(units > expected.get(sku, 0) for sku, units in received.lines.items()):
        message = f"expected were {expected}"
        error = FieldError(pointer="/lines", code="too-many", message=message)
        raise Problem(422, "too-many", message, [error])
    queries.check_location(session, caller.tenant, received.location_id)
    if received.condition == "sellable":
        for sku, units in sorted(received.lines.items()):
            balance = _balance(session, caller.tenant, sku, received.location_id)
            _move(session, balance, units, "returned", inbound_id)
    row.status = "received"
    session.flush()
    publish(
        session,
        ReturnReceived(
            tenant=caller.tenant,
            return_id=inbound_id,
            order_id=row.order_id,
            lines=received.lines,
            condition=received.condition,
            location_id=received.location_id,
        ),
    )
    return queries.inbound_out(row)


def record_stock_import(session: Session, job: Any, parsed: dict[str, Any]) -> dict[str, Any]:
    """Locations and counts, all or nothing; a count that is right already changes nothing."""
    errors = parsed["errors"] or queries.unknown_places(session, job.tenant, parsed)
    if errors:
        summary = f"{len(errors)} rows are wrong; nothing was imported"
        return {"summary": summary, **parsed, "errors": errors}
    known = {row.location_id: row for row in queries.locations(session, job.tenant)}
    for values in parsed["locations"]:
        row = known.get(values["location_id"])
        if row is None:
            session.add(Location(tenant=job.tenant, **values))
    session.flush()
    changed = 0
    for sku, location_id, quantity, _row in parsed["stock"]:
        balance = _balance(session, job.tenant, sku, location_id)
        if balance.on_hand != quantity:
            _move(session, balance, quantity - balance.on_hand, "count", job.id)
            _say_broken(session, balance)
            changed += 1
    same = len(parsed["stock"]) - changed
    summary = f"{len(parsed['locations'])} locations, {changed} counts changed, {same} unchanged"
    return {"summary": summary, "imported": changed, "unchanged": same, "errors": []}
