"""Offers: for the merchant that makes them, and for the buyer they are made to."""

from typing import Annotated

from fastapi import APIRouter, Query

from chassis.caller import Merchant, Shopper
from chassis.http import Db, Page, PageQuery, Problem
from chassis.idempotency import Once
from services.segmentation.commands import offers as commands
from services.segmentation.queries import calculations, offers, results
from services.segmentation.queries.apart import apart
from services.segmentation.schemas.models import Subject
from services.segmentation.schemas.offers import (
    Market,
    NewOffer,
    OfferOut,
    PreviewOut,
    ResultOut,
    SignedOffers,
)

router = APIRouter(prefix="/offers", tags=["offers"])
OfBuyer = Annotated[Subject | None, Query()]
InMarket = Annotated[Market | None, Query()]


@router.post("", status_code=201)
async def create_offer(new: NewOffer, caller: Merchant, once: Once) -> OfferOut:
    return await once.write(commands.create_offer, caller, new)


@router.get("")
async def list_offers(
    asked: PageQuery, caller: Shopper, db: Db, buyer: OfBuyer = None, market: InMarket = None
) -> SignedOffers | Page[OfferOut]:
    """With `buyer` and `market`: signed words for the order. Without: the merchant's own list."""
    if buyer is not None and market is not None:
        return await db.read(offers.signed_offers, caller.tenant, buyer, market)
    if buyer is not None or market is not None or caller.kind != "merchant":
        raise Problem(422, "invalid", "give both buyer and market")
    return await db.read(offers.offers, caller.tenant, asked)


@router.get("/{offer_id}")
async def show_offer(offer_id: str, caller: Merchant, db: Db) -> OfferOut:
    return await db.read(offers.show_offer, caller.tenant, offer_id)


@router.get("/{offer_id}/preview")
async def preview_offer(offer_id: str, caller: Merchant, db: Db) -> PreviewOut:
    """Counts, the depths they get, the margin that is left."""
    return await db.read(offers.preview, caller.tenant, offer_id)


@router.post("/{offer_id}/publish")
async def publish_offer(offer_id: str, caller: Merchant, db: Db) -> OfferOut:
    return await db.write(commands.publish_offer, caller, offer_id)


@router.post("/{offer_id}/withdraw")
async def withdraw_offer(offer_id: str, caller: Merchant, db: Db) -> OfferOut:
    return await db.write(commands.withdraw_offer, caller, offer_id)


@router.get("/{offer_id}/result")
async def show_result(offer_id: str, caller: Merchant, db: Db) -> ResultOut:
    """`running` until the end that was fixed before it began."""
    found = await db.read(results.outcomes, caller.tenant, offer_id)
    return await apart(calculations.result, found)
