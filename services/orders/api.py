"""Routes of orders: parse, call one command or query, return."""

import hashlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from chassis import jobs
from chassis.caller import Anyone, Caller, Merchant, Shopper
from chassis.db import Database
from chassis.http import Configured, Db, Page, PageQuery, Prefer, Problem, not_found, once_heard
from chassis.idempotency import Once
from chassis.inbound import Incoming, accept, body_of
from chassis.operations import JobOut, job_out
from chassis.uploads import upload_of
from services.orders import queries
from services.orders.commands import pay, place, returns, webhooks
from services.orders.domain.saga import Payment, Status
from services.orders.schemas import (
    CancelAsked,
    ClaimOut,
    ImportedOrderOut,
    NewOrder,
    NewRefund,
    NewReturn,
    OrderLine,
    OrderOut,
    PaymentTried,
    RefundOut,
    ReturnOut,
    WebhookTaken,
)

router = APIRouter()
orders = APIRouter(prefix="/orders", tags=["orders"])
payments = APIRouter(prefix="/payments", tags=["payments"])
payment_webhooks = APIRouter(prefix="/payment-webhooks", tags=["payment-webhooks"])
refunds = APIRouter(prefix="/refunds", tags=["refunds"])
order_returns = APIRouter(prefix="/returns", tags=["returns"])
claims = APIRouter(prefix="/claims", tags=["claims"])
imports = APIRouter(prefix="/order-imports", tags=["order-imports"])

_CSV: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}
AccessToken = Annotated[str | None, Query(max_length=100)]


@orders.post("", status_code=201)
async def place_order(
    new: NewOrder, caller: Shopper, db: Db, settings: Configured, once: Once, prefer: Prefer
) -> OrderOut:
    """The order in the state it has reached: waits up to 3 s for the verdict on stock and payment.

    `Prefer: respond-async` answers at once, `Prefer: wait=10` waits longer. Short stock or a
    declined card is a 201 with that status; nothing depends on the wait.
    """
    within = settings.verdict_wait.total_seconds() if prefer.wait is None else prefer.wait
    heard_within = settings.heard_wait.total_seconds()
    placed = await once_heard(db, heard_within, lambda: once.write(place.place_order, caller, new))
    order = placed.order if within == 0 else None
    if order is None:
        order = await _verdict(db, caller.tenant, placed.order_id, within)
    return order.model_copy(update={"access_token": placed.access_token})


async def _verdict(db: Database, tenant: str, order_id: str, within: float) -> OrderOut:
    return await db.read_until(
        order_id, within, _is_decided, lambda: db.read(queries.order_out, tenant, order_id)
    )


def _is_decided(order: OrderOut) -> bool:
    if order.status == Status.RESERVED:
        return order.payment.status in (Payment.DECLINED, Payment.CHALLENGED)
    return order.status != Status.PLACED


@orders.get("")
async def list_orders(
    asked: PageQuery, caller: Merchant, db: Db, status: Status | None = None
) -> Page[OrderLine]:
    return await db.read(queries.order_index, caller.tenant, status, asked)


@orders.get("/{order_id}")
async def show(
    order_id: str,
    caller: Anyone,
    db: Db,
    access_token: AccessToken = None,
) -> OrderOut:
    """For the merchant, and for whoever holds the order's access token."""
    return await db.read(_visible_order, caller, order_id, access_token)


def _visible_order(
    session: Session, caller: Caller, order_id: str, access_token: str | None
) -> OrderOut:
    tenant = _tenant_seeing(session, caller, order_id, access_token)
    return queries.order_out(session, tenant, order_id)


@orders.post("/{order_id}/cancel")
async def cancel(
    order_id: str,
    asked: CancelAsked,
    caller: Anyone,
    db: Db,
    access_token: AccessToken = None,
) -> OrderOut:
    """Until it is handed over; 409 names what is still allowed."""
    tenant = await db.read(_tenant_seeing, caller, order_id, access_token)
    await db.write(returns.cancel_order, tenant, order_id, asked)
    return await db.read(queries.order_out, tenant, order_id)


def _tenant_seeing(
    session: Session, caller: Caller, order_id: str, access_token: str | None
) -> str:
    if access_token is not None:
        shown = hashlib.sha256(access_token.encode("utf-8", "replace")).hexdigest()
        if tenant := queries.tenant_by_access(session, order_id, shown):
            return tenant
        raise not_found("order")
    if caller.kind != "merchant":
        raise Problem(401, "not-signed-in", "give the order's access_token, or a secret key")
    return queries.order_row(session, caller.tenant, order_id).tenant


@payments.post("", status_code=201)
async def try_again(
    tried: PaymentTried,
    caller: Anyone,
    db: Db,
    settings: Configured,
    once: Once,
    prefer: Prefer,
    access_token: AccessToken = None,
) -> OrderOut:
    """Another attempt at a declined payment; 402 when it is declined again."""
    tenant = await db.read(_tenant_seeing, caller, tried.order_id, access_token)
    within = settings.verdict_wait.total_seconds() if prefer.wait is None else prefer.wait
    await once.write(pay.try_again, tenant, tried)
    order = await _verdict(db, tenant, tried.order_id, within)
    if order.payment.status == Payment.DECLINED:
        raise Problem(402, "declined", "this card was declined too; try another one")
    return order


@payment_webhooks.post("/{provider}/{token}")
async def take(
    provider: Literal["sandbox"],
    token: str,
    request: Request,
    _: Anyone,
    db: Db,
    settings: Configured,
) -> WebhookTaken:
    """Bytes first, one durable insert, then 200. 404 for any token that is not live."""
    body = await body_of(request)
    connection = await db.read(webhooks.connection_for, token)
    if connection is None:
        raise not_found("webhook address")
    webhooks.check(provider, body, request.headers, connection)
    incoming = Incoming("payment", connection.connection_id, connection.tenant, body)
    delivery_id, status = await accept(db, settings, incoming)
    return WebhookTaken(delivery_id=delivery_id, status=status)


@payment_webhooks.head("/{provider}/{token}", include_in_schema=False)
async def probe(provider: str, token: str, db: Db) -> Response:  # noqa: ARG001
    if await db.read(webhooks.connection_for, token) is None:
        raise not_found("webhook address")
    return Response()


@refunds.post("", status_code=201)
async def refund(new: NewRefund, caller: Merchant, once: Once) -> RefundOut:
    """By line and quantity, at the frozen rates; 409 names the remainder."""
    return await once.write(returns.refund_lines, caller, new)


@refunds.get("")
async def list_refunds(asked: PageQuery, caller: Merchant, db: Db) -> Page[RefundOut]:
    return await db.read(queries.refunds, caller.tenant, asked)


@order_returns.post("", status_code=201)
async def request_return(
    new: NewReturn, caller: Anyone, db: Db, once: Once, access_token: AccessToken = None
) -> ReturnOut:
    tenant = await db.read(_tenant_seeing, caller, new.order_id, access_token)
    return await once.write(returns.request_return, tenant, new)


@order_returns.get("")
async def list_returns(asked: PageQuery, caller: Merchant, db: Db) -> Page[ReturnOut]:
    return await db.read(queries.returns, caller.tenant, asked)


@claims.get("")
async def list_claims(asked: PageQuery, caller: Merchant, db: Db) -> Page[ClaimOut]:
    return await db.read(queries.claims, caller.tenant, asked)


@imports.post("", status_code=202, openapi_extra=_CSV)
async def import_orders(request: Request, caller: Merchant, db: Db) -> JobOut:
    """Orders of the time before Hansa: said with `imported: true`, and nothing is reserved."""
    given = await upload_of(request, "orders.csv")
    job_id = await db.write(jobs.start, "order import", caller.tenant, given)
    return job_out(await db.read(jobs.job_of, caller.tenant, job_id))


@imports.get("")
async def list_imported(asked: PageQuery, caller: Merchant, db: Db) -> Page[ImportedOrderOut]:
    return await db.read(queries.imported_orders, caller.tenant, asked)


for each in (orders, payments, payment_webhooks, refunds, order_returns, claims, imports):
    router.include_router(each)
