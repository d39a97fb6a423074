"""What a merchant or a buyer asks after the sale: refunds, returns, a cancellation."""

import json

from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import now
from chassis.http import FieldError, Problem
from chassis.outbox import publish
from contracts.logistics import ReturnReceived
from contracts.orders import ReturnRequested
from contracts.values import new_id
from services.orders import queries
from services.orders.commands import advance, refunding
from services.orders.domain.refund import RefundTooLarge
from services.orders.domain.saga import CANCELLABLE, Fact, Heard, Payment, Status
from services.orders.models import Order, Return
from services.orders.schemas import CancelAsked, NewRefund, NewReturn, RefundOut, ReturnOut

_RETURNABLE = (Status.SHIPPED, Status.DELIVERED, Status.COMPLETED)


def cancel_order(session: Session, tenant: str, order_id: str, asked: CancelAsked) -> None:
    """Until it is handed over. Asked again, nothing changes; later 409 says what is allowed."""
    row = queries.order_row(session, tenant, order_id)
    if row.status in (Status.CANCELLED, Status.CANCELLING):
        return
    if row.status not in CANCELLABLE:
        said = f"the order is {row.status}; what is allowed now is a return"
        raise Problem(409, "not-allowed-now", said)
    advance.hear(session, order_id, Fact(Heard.CANCEL_ASKED), reason=asked.reason)


def refund_lines(session: Session, caller: Caller, new: NewRefund) -> RefundOut:
    """At the frozen rates; never more than was charged, in any order of partial refunds."""
    queries.order_row(session, caller.tenant, new.order_id)
    row = _locked(session, new.order_id)
    if row.payment_status not in (Payment.CAPTURED, Payment.PARTIALLY_REFUNDED):
        said = f"the payment is {row.payment_status}: there is nothing to give back"
        raise Problem(409, "not-allowed-now", said)
    charged = refunding.charged_lines(session, row)
    unknown = sorted(new.lines.keys() - {line.sku for line in charged})
    if unknown:
        raise _unknown(unknown)
    try:
        refund = refunding.give_back(session, row, "merchant", new.lines, charged)
    except RefundTooLarge as error:
        errors = [
            FieldError(pointer=f"/lines/{sku}", code="too-many", message=f"{left} units are left")
            for sku, left in error.left.items()
        ]
        raise Problem(409, "refund-too-large", str(error), errors) from None
    return queries.refund_out(session, refund)


def request_return(session: Session, tenant: str, new: NewReturn) -> ReturnOut:
    row = queries.order_row(session, tenant, new.order_id)
    if row.status not in _RETURNABLE:
        allowed = "cancel it" if row.status in CANCELLABLE else "nothing can be returned"
        raise Problem(409, "not-allowed-now", f"the order is {row.status}: {allowed}")
    ordered = {line.sku: 0 for line in queries.lines_of(session, row.order_id)}
    for line in queries.lines_of(session, row.order_id):
        ordered[line.sku] += line.quantity
    too_many = {sku: ordered.get(sku, 0) for sku, n in new.lines.items() if n > ordered.get(sku, 0)}
    if too_many:
        raise _unknown(sorted(too_many))
    request = Return(
        return_id=new_id("rtn"),
        order_id=row.order_id,
        tenant=tenant,
        lines=json.dumps(new.lines),
        reason=new.reason,
        status="requested",
        created_at=now(),
    )
    session.add(request)
    session.flush()
    publish(
        session,
        ReturnRequested(
            tenant=tenant,
            sequence=row.version,
            return_id=request.return_id,
            order_id=row.order_id,
            lines=new.lines,
            reason=new.reason,
        ),
    )
    return queries.return_out(request)


def take_back(session: Session, event: ReturnReceived) -> None:
    """Logistics has the goods: the order hears of it, and its refund follows."""
    request = queries.return_for_update(session, event.return_id)
    if request is not None:
        request.status = "received"
        session.flush()
    lines = advance.lines_of(session, event.order_id, event.lines)
    fact = Fact(Heard.RETURN_RECEIVED, return_id=event.return_id, lines=lines)
    advance.hear(session, event.order_id, fact)


def _locked(session: Session, order_id: str) -> Order:
    row = queries.order_for_update(session, order_id)
    assert row is not None  # noqa: S101 - read a moment ago, never deleted
    return row


def _unknown(skus: list[str]) -> Problem:
    errors = [
        FieldError(
            pointer=f"/lines/{sku}",
            code="not-ordered",
            message=f"{sku} is not in this order so often",
        )
        for sku in skus
    ]
    return Problem(422, "not-ordered", f"not ordered so often: {', '.join(skus)}", errors)
