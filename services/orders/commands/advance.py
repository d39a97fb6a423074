"""The way of an order: a fact is heard, the table says what follows, and it is done."""

import base64
import json
import logging
from collections.abc import Callable, Mapping

from sqlalchemy import insert
from sqlalchemy.orm import Session

from chassis.crypto import seal, unseal
from chassis.db import now, settings_of, touch
from chassis.outbox import publish
from contracts.logistics import QuoteClaims
from contracts.orders import (
    CancelRequested,
    ClaimOpened,
    Consignee,
    DeclaredLine,
    OrderCancelled,
    OrderCompleted,
    OrderConfirmed,
    OrderPaid,
    PaymentFailed,
)
from contracts.values import Money, new_id
from services.orders import queries
from services.orders.commands import pay, refunding
from services.orders.commands.place import clocks
from services.orders.domain.saga import (
    Do,
    Effect,
    Fact,
    Status,
    Step,
    Units,
    advance,
    deadline_after,
)
from services.orders.models import Claim, Order, OrderEvent

_logger = logging.getLogger(__name__)


def hear(
    session: Session,
    order_id: str,
    fact: Fact,
    *,
    reason: str = "",
    missing: Mapping[str, int] | None = None,
    next_action: str | None = None,
) -> None:
    """Locks the order, advances it, does what follows. A repeated fact changes nothing."""
    row = queries.order_for_update(session, order_id)
    if row is None:
        _logger.warning("%s heard of an order that is not here: %s", fact.heard, order_id)
        return
    before = queries.state_of(row)
    step = advance(before, fact)
    if next_action is not None and step.state.payment != before.payment:
        row.next_action = next_action
    if step.state == before and not step.effects:
        _overdue_again(row, fact)
        return
    if reason and step.state.status != before.status:
        row.reason = reason[:200]
    _move(session, row, step)
    _note(session, row, fact, step)
    for do in step.effects:
        _EFFECTS[do.effect](session, row, do)
    if Effect.SAY_CANCELLED in step.names:
        _say_cancelled(session, row, missing or {})
    touch(session, order_id)


def _overdue_again(row: Order, fact: Fact) -> None:
    """A deadline that changed nothing is not heard again every second."""
    if fact.heard == "deadline":
        row.deadline_at = None


def _move(session: Session, row: Order, step: Step) -> None:
    at, state = now(), step.state
    if state.status != row.status:
        row.deadline_at = deadline_after(state.status, at, clocks(settings_of(session).clocks))
    row.status, row.payment_status = state.status.value, state.payment.value
    if state.payment not in ("challenged",):
        row.next_action = None
    row.saga = queries.saga_json(state)
    row.version += 1
    session.flush()


def _note(session: Session, row: Order, fact: Fact, step: Step) -> None:
    session.execute(
        insert(OrderEvent).values(
            order_id=row.order_id,
            at=now(),
            heard=fact.heard.value,
            about=fact.moved or fact.shipment_id or fact.return_id,
            status=row.status,
            payment_status=row.payment_status,
            effects=json.dumps([do.effect.value for do in step.effects]),
        )
    )


def lines_of(session: Session, order_id: str, units: Mapping[str, int]) -> Units:
    """Units per line of what others count per SKU; lines of one SKU are filled in their order."""
    left, found = dict(units), []
    for line in queries.lines_of(session, order_id):
        taken = min(line.quantity, left.get(line.sku, 0))
        if taken:
            left[line.sku] -= taken
            found.append((line.line_id, taken))
    return tuple(found)


def _say_confirmed(session: Session, row: Order, _: Do) -> None:
    claims = QuoteClaims.model_validate_json(row.quote)
    declared = [
        DeclaredLine.model_validate(line) for line in json.loads(row.ledger).get("declaration", [])
    ]
    publish(
        session,
        OrderConfirmed(
            tenant=row.tenant,
            sequence=row.version,
            order_id=row.order_id,
            destination=claims.destination,
            incoterm=claims.incoterm,
            service=claims.service,
            service_class=claims.service_class,
            provider_id=claims.provider_id,
            promised_on=claims.promised_on,
            freight=claims.totals.shipping,
            declaration=tuple(declared),
            consignee=_sealed_consignee(session, row),
        ),
    )


def _sealed_consignee(session: Session, row: Order) -> str:
    """The one personal thing in the log, under a key that only orders and logistics have."""
    settings = settings_of(session)
    people = json.loads(unseal(row.people or b"", settings.master_keys, row.order_id))
    consignee = Consignee.model_validate(people["ship_to"])
    sealed = seal(consignee.model_dump_json().encode(), settings.consignee_keys, row.order_id)
    return base64.b64encode(sealed).decode()


def _say_paid(session: Session, row: Order, _: Do) -> None:
    total = Money.of(row.due_at_sale_minor, row.currency)
    publish(
        session,
        OrderPaid(tenant=row.tenant, sequence=row.version, order_id=row.order_id, total=total),
    )


def _say_payment_failed(session: Session, row: Order, _: Do) -> None:
    publish(
        session,
        PaymentFailed(
            tenant=row.tenant, sequence=row.version, order_id=row.order_id, reason="declined"
        ),
    )


def _say_cancel_requested(session: Session, row: Order, _: Do) -> None:
    publish(
        session,
        CancelRequested(
            tenant=row.tenant,
            sequence=row.version,
            order_id=row.order_id,
            reason=row.reason or "capture failed",
        ),
    )


def _say_cancelled(session: Session, row: Order, missing: Mapping[str, int]) -> None:
    reason = "stock_short" if row.status == Status.STOCK_SHORT else row.reason or "cancelled"
    publish(
        session,
        OrderCancelled(
            tenant=row.tenant,
            sequence=row.version,
            order_id=row.order_id,
            reason=reason,
            missing=dict(missing),
        ),
    )


def _say_completed(session: Session, row: Order, _: Do) -> None:
    publish(
        session,
        OrderCompleted(tenant=row.tenant, sequence=row.version, order_id=row.order_id),
    )


def _open_claim(session: Session, row: Order, do: Do) -> None:
    claim_id = new_id("clm")
    session.execute(
        insert(Claim).values(
            claim_id=claim_id,
            order_id=row.order_id,
            tenant=row.tenant,
            kind="lost",
            about=do.about,
            amount_minor=row.due_at_sale_minor,
            currency=row.currency,
            status="open",
            created_at=now(),
        )
    )
    publish(
        session,
        ClaimOpened(
            tenant=row.tenant,
            claim_id=claim_id,
            order_id=row.order_id,
            kind="lost",
            amount=Money.of(row.due_at_sale_minor, row.currency),
        ),
    )


def _with_the_others(_: Session, __: Order, ___: Do) -> None:
    """Said once, after every other effect, with what was missing."""


_EFFECTS: Mapping[Effect, Callable[[Session, Order, Do], None]] = {
    Effect.AUTHORISE: pay.authorise,
    Effect.CAPTURE: pay.capture,
    Effect.VOID: pay.void,
    Effect.VOID_STRAY: pay.void_stray,
    Effect.REFUND: refunding.refund_the_rest,
    Effect.REFUND_LOST: refunding.refund_shipment,
    Effect.REFUND_RETURNED: refunding.refund_returned,
    Effect.OPEN_CLAIM: _open_claim,
    Effect.SAY_CONFIRMED: _say_confirmed,
    Effect.SAY_PAID: _say_paid,
    Effect.SAY_PAYMENT_FAILED: _say_payment_failed,
    Effect.SAY_CANCEL_REQUESTED: _say_cancel_requested,
    Effect.SAY_CANCELLED: _with_the_others,
    Effect.SAY_COMPLETED: _say_completed,
}
