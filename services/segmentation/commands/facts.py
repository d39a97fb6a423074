"""What was heard of orders, kept as it was heard: added once, never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from chassis.db import insert_new, now
from contracts.logistics import ShipmentMoved
from contracts.orders import (
    OrderCancelled,
    OrderCompleted,
    OrderPaid,
    OrderPlaced,
    RefundIssued,
)
from contracts.values import Money
from services.segmentation.domain.facts import Kind, late_days
from services.segmentation.models import OrderFact, OrderMark
from services.segmentation.queries import known


def keep_order(session: Session, event: OrderPlaced) -> None:
    """Nothing is kept of a buyer who was erased."""
    if known.is_erased(session, event.tenant, event.buyer_id):
        return
    at = now()
    for line in event.lines:
        value = _value_of(event, line.line_id)
        insert_new(
            session,
            OrderFact.__table__,  # type: ignore[arg-type]
            tenant=event.tenant,
            order_id=event.order_id,
            line_id=line.line_id,
            buyer_id=event.buyer_id,
            market=event.market,
            destination=event.destination,
            sku=line.sku,
            quantity=line.quantity,
            value_minor=None if value is None else value.minor,
            currency=event.goods.currency,
            offer_id=event.offer_id,
            arm=event.arm,
            occurred_at=event.at or at,
            recorded_at=at,
        )


def _value_of(event: OrderPlaced, line_id: str) -> Money | None:
    """An older order says its goods only as a whole: enough where there is one line."""
    if line_id in event.values:
        return event.values[line_id]
    return event.goods if len(event.lines) == 1 and not event.values else None


def mark_order(
    session: Session,
    event: OrderPaid | OrderCompleted | OrderCancelled,
    kind: Kind,
    at: datetime | None,
) -> None:
    _mark(session, event.tenant, event.order_id, kind, at)


def mark_refund(session: Session, event: RefundIssued) -> None:
    _mark(
        session, event.tenant, event.order_id, "refunded", event.at,
        ref=event.refund_id, revision=event.revision,
        amount_minor=event.goods.minor, lines=event.lines,
    )  # fmt: skip


def mark_delivery(session: Session, event: ShipmentMoved) -> None:
    """A parcel on its way back delivers nothing to the buyer."""
    if event.status != "delivered" or event.leg != "outbound":
        return
    promised = None if event.promised_on is None else event.promised_on.isoformat()
    _mark(
        session, event.tenant, event.order_id, "delivered", event.at,
        ref=event.shipment_id, revision=event.sequence,
        late_days=late_days(event.at, promised),
    )  # fmt: skip


def _mark(  # noqa: PLR0913 - the columns that most marks leave empty
    session: Session,
    tenant: str,
    order_id: str,
    kind: Kind,
    at: datetime | None,
    *,
    ref: str = "",
    revision: int = 0,
    amount_minor: int = 0,
    lines: dict[str, int] | None = None,
    late_days: int | None = None,
) -> None:
    heard_at = now()
    values: dict[str, Any] = {
        "tenant": tenant, "order_id": order_id, "kind": kind, "ref": ref, "revision": revision,
        "amount_minor": amount_minor, "lines": lines or {}, "late_days": late_days,
        "occurred_at": at or heard_at, "recorded_at": heard_at,
    }  # fmt: skip
    insert_new(session, OrderMark.__table__, **values)  # type: ignore[arg-type]
