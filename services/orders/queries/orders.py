"""Orders and what belongs to them. The tenant is in every WHERE."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import RowMapping, bindparam, select
from sqlalchemy.orm import Session

from chassis.http import Page, PageAsked, not_found, page_of
from contracts.logistics import QuoteClaims, QuotedLine
from contracts.values import Money
from services.orders.domain import lines as frozen
from services.orders.domain.saga import OrderState
from services.orders.models import Claim, Order, OrderEvent, Refund, Return
from services.orders.schemas import (
    ClaimOut,
    EventOut,
    LineOut,
    OrderLine,
    OrderOut,
    PaymentOut,
    RefundOut,
    ReturnOut,
    ShipmentOut,
)

_STATE = TypeAdapter(OrderState)
_ORDERS: Any = Order.__table__
_SHOWN = select(_ORDERS).where(  # Core, built once: every order placed is answered by it
    _ORDERS.c.order_id == bindparam("order_id"), _ORDERS.c.tenant == bindparam("tenant")
)


def order_row(session: Session, tenant: str, order_id: str) -> Order:
    """404 also for what belongs to another tenant."""
    found = select(Order).where(Order.order_id == order_id, Order.tenant == tenant)
    row = session.scalars(found).first()
    if row is None:
        raise not_found("order")
    return row


def order_for_update(session: Session, order_id: str) -> Order | None:
    """Locked before anything is said of it: its events leave in the order of its commits."""
    found = select(Order).where(Order.order_id == order_id).with_for_update()
    return session.scalars(found.execution_options(populate_existing=True)).first()


def state_of(row: Order) -> OrderState:
    return _STATE.validate_json(row.saga)


def saga_json(state: OrderState) -> str:
    return _STATE.dump_json(state).decode()


def tenant_by_access(session: Session, order_id: str, access_sha256: str) -> str | None:
    """Whose order this is, for whoever holds its access token."""
    found = select(Order.tenant).where(
        Order.order_id == order_id, Order.access_sha256 == access_sha256
    )
    return session.scalars(found).first()


def lines_of(session: Session, order_id: str) -> list[frozen.Line]:
    found = select(Order.lines).where(Order.order_id == order_id)
    return frozen.read(session.scalars(found).one())


def due(session: Session, at: datetime, most: int) -> list[tuple[str, str]]:
    """Orders whose deadline has passed and where they waited, the longest overdue first."""
    found = (
        select(Order.order_id, Order.status)
        .where(Order.deadline_at <= at)
        .order_by(Order.deadline_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [(order_id, status) for order_id, status in session.execute(found)]


def order_out(session: Session, tenant: str, order_id: str) -> OrderOut:
    """404 also for what belongs to another tenant."""
    asked = {"order_id": order_id, "tenant": tenant}
    row = session.execute(_SHOWN, asked).mappings().first()
    if row is None:
        raise not_found("order")
    claims = QuoteClaims.model_validate_json(row["quote"])
    if row["version"] == 1:
        return shown(row, claims)
    happened = select(OrderEvent).where(OrderEvent.order_id == order_id).order_by(OrderEvent.id)
    return shown(row, claims, list(session.scalars(happened)))


def shown(
    row: RowMapping | dict[str, Any], claims: QuoteClaims, happened: Sequence[OrderEvent] = ()
) -> OrderOut:
    """An order as it is told, of its columns and what was quoted for it."""
    quoted = {line.line_id: line for line in claims.lines}
    state = _STATE.validate_json(row["saga"])
    action = json.loads(row["next_action"]) if row["next_action"] else None
    payment = PaymentOut(status=row["payment_status"], provider=row["provider"], next_action=action)
    return OrderOut(
        order_id=row["order_id"],
        status=row["status"],
        payment=payment,
        reason=row["reason"],
        flags=sorted(state.flags),
        market=row["market"],
        destination=row["destination"],
        incoterm=claims.incoterm,
        service=claims.service,
        promised_on=claims.promised_on,
        placed_at=row["placed_at"],
        lines=[_line_out(line, quoted[line.line_id]) for line in frozen.read(row["lines"])],
        totals=claims.totals,
        shipments=[
            ShipmentOut(shipment_id=one.shipment_id, progress=one.progress)
            for one in state.shipments
        ],
        history=[_event_out(event) for event in happened],
        quote_id=claims.quote_id,
    )


def order_index(
    session: Session, tenant: str, status: str | None, asked: PageAsked
) -> Page[OrderLine]:
    wanted = select(Order).where(Order.tenant == tenant)
    if status is not None:
        wanted = wanted.where(Order.status == status)
    rows, following = page_of(session, wanted, Order.order_id, asked)
    return Page(data=[_index_line(row) for row in rows], next_cursor=following)


def refund_rows(session: Session, order_id: str) -> list[Refund]:
    found = select(Refund).where(Refund.order_id == order_id).order_by(Refund.refund_id)
    return list(session.scalars(found))


def refunds(session: Session, tenant: str, asked: PageAsked) -> Page[RefundOut]:
    wanted = select(Refund).join(Order).where(Order.tenant == tenant)
    rows, following = page_of(session, wanted, Refund.refund_id, asked)
    return Page(data=[refund_out(session, row) for row in rows], next_cursor=following)


def refund_out(session: Session, row: Refund) -> RefundOut:
    currency = session.scalars(select(Order.currency).where(Order.order_id == row.order_id)).one()
    total = row.goods_minor + row.duties_minor + row.taxes_minor + row.other_minor
    return RefundOut(
        refund_id=row.refund_id,
        order_id=row.order_id,
        lines=json.loads(row.lines),
        goods=Money.of(row.goods_minor, currency),
        duties=Money.of(row.duties_minor, currency),
        taxes=Money.of(row.taxes_minor, currency),
        total=Money.of(total, currency),
        status=row.status,
    )


def returns(session: Session, tenant: str, asked: PageAsked) -> Page[ReturnOut]:
    wanted = select(Return).where(Return.tenant == tenant)
    rows, following = page_of(session, wanted, Return.return_id, asked)
    return Page(data=[return_out(row) for row in rows], next_cursor=following)


def return_for_update(session: Session, return_id: str) -> Return | None:
    return session.scalars(
        select(Return).where(Return.return_id == return_id).with_for_update()
    ).first()


def return_out(row: Return) -> ReturnOut:
    return ReturnOut(
        return_id=row.return_id,
        order_id=row.order_id,
        lines=json.loads(row.lines),
        reason=row.reason,
        status=row.status,
    )


def claims(session: Session, tenant: str, asked: PageAsked) -> Page[ClaimOut]:
    wanted = select(Claim).where(Claim.tenant == tenant)
    rows, following = page_of(session, wanted, Claim.claim_id, asked)
    return Page(data=[_claim_out(row) for row in rows], next_cursor=following)


def _claim_out(row: Claim) -> ClaimOut:
    return ClaimOut(
        claim_id=row.claim_id,
        order_id=row.order_id,
        kind=row.kind,
        amount=Money.of(row.amount_minor, row.currency),
        status=row.status,
    )


def _line_out(line: frozen.Line, quoted: QuotedLine) -> LineOut:
    return LineOut(
        line_id=line.line_id,
        sku=line.sku,
        title=line.title,
        kind=line.kind,
        quantity=line.quantity,
        goods=quoted.goods,
        duties=quoted.duties,
        taxes=quoted.taxes,
    )


def _event_out(event: OrderEvent) -> EventOut:
    effects: list[Any] = json.loads(event.effects)
    return EventOut(
        at=event.at,
        heard=event.heard,
        about=event.about,
        status=event.status,
        payment_status=event.payment_status,
        effects=effects,
    )


def _index_line(row: Order) -> OrderLine:
    return OrderLine(
        order_id=row.order_id,
        status=row.status,
        payment_status=row.payment_status,
        destination=row.destination,
        due_at_sale=Money.of(row.due_at_sale_minor, row.currency),
        placed_at=row.placed_at,
    )
