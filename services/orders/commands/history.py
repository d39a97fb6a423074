"""Taking in orders of the time before Hansa: said as they were, and nothing is done for them."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from chassis.db import now
from chassis.outbox import publish
from contracts.event import Event
from contracts.orders import OrderCancelled, OrderCompleted, OrderLine, OrderPaid, OrderPlaced
from contracts.values import Money, canonical, minor_units, new_id
from services.orders import queries
from services.orders.models import ImportedOrder

Report = dict[str, Any]


def record_history(session: Session, job: Any, read: Report) -> Report:
    """All or nothing. The same order again changes nothing; another under its number is refused."""
    if read["errors"]:
        return {"summary": f"{read['wrong']} rows are wrong; nothing was imported", **read}
    known = queries.imported_hashes(session, job.tenant)
    fresh, errors = [], []
    for order in read["orders"]:
        sha256 = _sha256(order)
        if order["order"] not in known:
            fresh.append((order, sha256))
        elif known[order["order"]] != sha256:
            errors.append(_differs(order))
    if errors:
        return {"summary": "an order differs; nothing was imported", "errors": errors}
    for order, sha256 in fresh:
        _take(session, job.tenant, order, sha256)
    same = len(read["orders"]) - len(fresh)
    summary = f"{len(fresh)} past orders imported, {same} unchanged"
    return {"summary": summary, "imported": len(fresh), "unchanged": same, "errors": []}


def _take(session: Session, tenant: str, order: dict[str, Any], sha256: str) -> None:
    order_id = new_id("ord")
    session.add(
        ImportedOrder(
            tenant=tenant,
            reference=order["order"],
            order_id=order_id,
            sha256=sha256,
            buyer_id=order["buyer_id"],
            status=order["status"],
            placed_at=_time(order["placed_at"]),
            ended_at=_time(order["ended_at"]),
            market=order["market"],
            destination=order["destination"],
            currency=order["currency"],
            goods_minor=_goods(order).minor,
            imported_at=now(),
        )
    )
    publish(session, *_said(tenant, order_id, order))


def _said(tenant: str, order_id: str, order: dict[str, Any]) -> list[Event]:
    ended, goods = _time(order["ended_at"]), _goods(order)
    named = {f"l{number}": line for number, line in enumerate(order["lines"])}
    placed = OrderPlaced(
        tenant=tenant,
        sequence=1,
        order_id=order_id,
        buyer_id=order["buyer_id"],
        market=order["market"],
        destination=order["destination"],
        lines=tuple(
            OrderLine(line_id=line_id, sku=line["sku"], quantity=line["quantity"], kind="goods")
            for line_id, line in named.items()
        ),
        goods=goods,
        total=goods,
        quote_id="",
        imported=True,
        at=_time(order["placed_at"]),
        values={line_id: _value(line, order) for line_id, line in named.items()},
    )
    if order["status"] == "cancelled":
        cancelled = OrderCancelled(
            tenant=tenant, sequence=2, order_id=order_id, reason="before Hansa", at=ended
        )
        return [placed, cancelled]
    return [
        placed,
        OrderPaid(
            tenant=tenant, sequence=2, order_id=order_id, total=goods, at=_time(order["placed_at"])
        ),
        OrderCompleted(tenant=tenant, sequence=3, order_id=order_id, at=ended),
    ]


def _goods(order: dict[str, Any]) -> Money:
    nothing = Money.of(0, order["currency"])
    return sum((_value(line, order) for line in order["lines"]), nothing)


def _value(line: dict[str, Any], order: dict[str, Any]) -> Money:
    return Money.of(minor_units(line["value"], order["currency"]), order["currency"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _sha256(order: dict[str, Any]) -> str:
    told = {name: value for name, value in order.items() if name != "row"}
    return hashlib.sha256(canonical(told)).hexdigest()


def _differs(order: dict[str, Any]) -> dict[str, Any]:
    message = f"order {order['order']} was imported before, and differs; history does not change"
    return {"row": order["row"], "column": "order", "code": "immutable", "message": message}
