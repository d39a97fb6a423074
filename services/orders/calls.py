"""Outgoing calls of orders: the payment provider, and the sandbox's own webhooks."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import update
from sqlalchemy.orm import Session

from chassis.calls import Call, Calls, call
from chassis.db import now
from services.orders import queries
from services.orders.adapters.payment import PaymentProvider, Unreachable, sandbox
from services.orders.commands import answers, refunding, webhooks
from services.orders.models import Refund

PROVIDERS: dict[str, PaymentProvider] = {"sandbox": sandbox.Sandbox()}


async def authorise(request: dict[str, Any], key: str) -> dict[str, Any]:
    return asdict(await PROVIDERS[request["provider"]].authorise(request, key))


async def capture(request: dict[str, Any], key: str) -> dict[str, Any]:
    return asdict(await PROVIDERS[request["provider"]].capture(request, key))


async def void(request: dict[str, Any], key: str) -> dict[str, Any]:
    return asdict(await PROVIDERS[request["provider"]].void(request, key))


async def refund(request: dict[str, Any], key: str) -> dict[str, Any]:
    return asdict(await PROVIDERS[request["provider"]].refund(request, key))


async def send_webhook(request: dict[str, Any], key: str) -> dict[str, Any]:  # noqa: ARG001
    """The sandbox plays the outside: its webhook takes the real way in."""
    body = request["body"].encode()
    signature = sandbox.sign(body, request["secret"], int(now().timestamp()))
    headers = {sandbox.HEADER: signature, "Content-Type": "application/json"}
    async with httpx.AsyncClient(timeout=5) as client:
        answer = await client.post(request["url"], content=body, headers=headers)
    if answer.is_error:
        raise Unreachable(f"{answer.status_code}")
    return {"status": answer.status_code}


def record_payment(session: Session, request: dict[str, Any], answer: dict[str, Any]) -> None:
    _expect_webhooks(session, request, answer)
    answers.take(
        session,
        request["order_id"],
        request["attempt"],
        answer["verdict"],
        reason=answer["reason"],
        next_action=answer["next_action"],
    )


def record_void(session: Session, request: dict[str, Any], answer: dict[str, Any]) -> None:
    """An earlier attempt's void says nothing of the order's own payment."""
    row = queries.order_for_update(session, request["order_id"])
    if row is not None and queries.state_of(row).attempt == request["attempt"]:
        record_payment(session, request, answer)


def record_refund(session: Session, request: dict[str, Any], answer: dict[str, Any]) -> None:
    """Paid: said to everybody; the payment is refunded once nothing of the charge is left."""
    row = queries.order_for_update(session, request["order_id"])
    if row is None:
        return
    session.execute(
        update(Refund).where(Refund.refund_id == request["refund_id"]).values(status="paid")
    )
    rows = queries.refund_rows(session, row.order_id)
    paid = sum(refunding.total_of(each) for each in rows if each.status == "paid")
    verdict = "refunded" if paid >= row.due_at_sale_minor else "partly_refunded"
    record_payment(session, request, answer | {"verdict": verdict})
    refund = next(each for each in rows if each.refund_id == request["refund_id"])
    refunding.say_issued(session, row, refund)


def _expect_webhooks(session: Session, request: dict[str, Any], answer: dict[str, Any]) -> None:
    address = webhooks.address_of(session, request["tenant"], request["provider"])
    for number, webhook in enumerate(answer["webhooks"]):
        if address is not None:
            url, secret = address
            key = f"{request['authorisation']}:{answer['verdict']}:webhook:{number}"
            told = {"url": url, "secret": secret, "body": webhook["body"]}
            call(session, "payment.webhook", key, told, timedelta(seconds=webhook["after_s"]))


def record_nothing(_: Session, __: dict[str, Any], ___: dict[str, Any]) -> None:
    """Its receiver has recorded it."""


CALLS: Calls = {
    "payment.authorise": Call(authorise, record_payment),
    "payment.capture": Call(capture, record_payment),
    "payment.void": Call(void, record_void),
    "payment.refund": Call(refund, record_refund),
    "payment.webhook": Call(send_webhook, record_nothing),
}
