"""Routes of rates and shipments."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse

from chassis import jobs
from chassis.caller import Merchant, Shopper
from chassis.http import Db, Page, PageQuery
from chassis.operations import JobOut, job_out
from chassis.uploads import upload_of
from services.logistics.commands import policies
from services.logistics.commands.labels import label
from services.logistics.queries import choice
from services.logistics.queries import shipping as queries
from services.logistics.schemas.shipping import (
    CardList,
    ChoiceOut,
    PolicyIn,
    PolicyList,
    PolicyOut,
    RatesAsked,
    RatesOut,
    ShipmentOut,
)

router = APIRouter()
shipping_rates = APIRouter(prefix="/shipping-rates", tags=["shipping-rates"])
rate_cards = APIRouter(prefix="/rate-cards", tags=["rate-cards"])
shipments = APIRouter(prefix="/shipments", tags=["shipments"])
shipping_policies = APIRouter(prefix="/shipping-policies", tags=["shipping-policies"])
imports = APIRouter(prefix="/rate-card-imports", tags=["rate-card-imports"])
_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}}
            for media in ("application/zip", "text/csv")
        },
    }
}


@shipping_rates.post("")
async def rate(asked: RatesAsked, caller: Shopper, db: Db) -> RatesOut:
    """Every service in the order of the choice, or excluded with each reason."""
    whole = caller.kind == "merchant"
    return await db.read(choice.rates_out, caller.tenant, asked, whole=whole)


@rate_cards.get("")
async def list_cards(caller: Merchant, db: Db) -> CardList:
    return await db.read(queries.card_list, caller.tenant)


@shipments.get("")
async def list_shipments(
    asked: PageQuery,
    caller: Merchant,
    db: Db,
    order_id: Annotated[str | None, Query(max_length=40)] = None,
) -> Page[ShipmentOut]:
    return await db.read(queries.shipments, caller.tenant, order_id, asked)


@shipments.get("/{shipment_id}")
async def show_shipment(shipment_id: str, caller: Merchant, db: Db) -> ShipmentOut:
    return await db.read(queries.show_shipment, caller.tenant, shipment_id)


@shipments.get("/{shipment_id}/choice")
async def show_choice(shipment_id: str, caller: Merchant, db: Db) -> ChoiceOut:
    """Every offer with its score and the reason of its place; who was asked, who was not, why."""
    return await db.read(choice.choice, caller.tenant, shipment_id)


@shipments.get("/{shipment_id}/label", response_class=PlainTextResponse)
async def show_label(shipment_id: str, caller: Merchant, db: Db) -> PlainTextResponse:
    """ZPL. 409 `payment-pending` until the money is captured."""
    return PlainTextResponse(await db.read(label, caller.tenant, shipment_id))


@shipping_policies.get("")
async def list_policies(caller: Merchant, db: Db) -> PolicyList:
    return await db.read(choice.policies, caller.tenant)


@shipping_policies.put("/{market}")
async def set_policy(market: str, new: PolicyIn, caller: Merchant, db: Db) -> PolicyOut:
    """The best (default), the cheapest that keeps the promise, the earliest, or one of your own."""
    return await db.write(policies.set_policy, caller, market, new)


@imports.post("", status_code=202, openapi_extra=_UPLOAD)
async def import_cards(request: Request, caller: Merchant, db: Db) -> JobOut:
    """A zip of rate card CSVs, or one of them."""
    given = await upload_of(request, "rates.csv")
    job_id = await db.write(jobs.start, "rate card import", caller.tenant, given)
    return job_out(await db.read(jobs.job_of, caller.tenant, job_id))


for each in (shipping_rates, rate_cards, shipments, shipping_policies, imports):
    router.include_router(each)
