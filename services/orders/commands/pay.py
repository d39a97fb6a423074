"""Asking the payment provider, and taking its answers in: who comes first, call or webhook, is one.

Every call is an outgoing call with a key of its own, so a crash repeats it and never doubles it.
"""

from typing import Any

from sqlalchemy.orm import Session

from chassis.calls import call
from chassis.http import Problem
from services.orders import queries
from services.orders.domain.saga import Do, Fact, Heard, Payment, Status
from services.orders.models import Order
from services.orders.schemas import PaymentTried


def authorise(session: Session, row: Order, _: Do) -> None:
    attempt = queries.state_of(row).attempt
    _ask(session, row, "authorise", f"{row.order_id}:authorise:{attempt}", attempt)


def capture(session: Session, row: Order, _: Do) -> None:
    _ask(session, row, "capture", f"{row.order_id}:capture", queries.state_of(row).attempt)


def void(session: Session, row: Order, _: Do) -> None:
    _ask(session, row, "void", f"{row.order_id}:void", queries.state_of(row).attempt)


def void_stray(session: Session, row: Order, do: Do) -> None:
    """An earlier attempt that was authorised after all."""
    attempt = int(do.about.removeprefix("attempt:"))
    _ask(session, row, "void", f"{row.order_id}:void:{attempt}", attempt)


def refund(session: Session, row: Order, refund_id: str, amount_minor: int) -> None:
    attempt = queries.state_of(row).attempt
    extra = {"amount_minor": amount_minor, "refund_id": refund_id}
    _ask(session, row, "refund", f"{row.order_id}:refund:{refund_id}", attempt, extra)


def _ask(
    session: Session,
    row: Order,
    what: str,
    key: str,
    attempt: int,
    extra: dict[str, Any] | None = None,
) -> None:
    request = {
        "order_id": row.order_id,
        "tenant": row.tenant,
        "provider": row.provider,
        "token": row.payment_token,
        "authorisation": f"{row.order_id}:authorise:{attempt}",
        "attempt": attempt,
        "amount_minor": row.due_at_sale_minor,
        "currency": row.currency,
    }
    call(session, f"payment.{what}", key, request | (extra or {}))


def try_again(session: Session, tenant: str, tried: PaymentTried) -> str:
    """The buyer's further attempt. Returns the order's id."""
    from services.orders.commands.advance import hear  # noqa: PLC0415 - it pays by this room

    row = queries.order_row(session, tenant, tried.order_id)
    declined = row.status == Status.RESERVED and row.payment_status == Payment.DECLINED
    if not declined:
        said = f"the order is {row.status}, its payment {row.payment_status}: nothing to try again"
        raise Problem(409, "not-allowed-now", said)
    row.payment_token = tried.token
    session.flush()
    hear(session, row.order_id, Fact(Heard.TRIED_AGAIN))
    return row.order_id
