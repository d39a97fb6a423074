"""Buyers: consent and erasure."""

from typing import Annotated

from fastapi import APIRouter, Path

from chassis.caller import Merchant
from chassis.http import Db
from gateway import queries
from gateway.commands import buyers as commands
from gateway.schemas.buyers import ConsentGiven, ConsentOut, ErasureOut

buyers = APIRouter(prefix="/buyers", tags=["buyers"])
consents = APIRouter(prefix="/consents", tags=["consents"])
routers = (buyers, consents)
BuyerId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


@buyers.delete("/{buyer_id}", status_code=202)
async def erase(buyer_id: BuyerId, caller: Merchant, db: Db) -> ErasureOut:
    """Every service forgets its own copy, orders as soon as no open order needs it."""
    return await db.write(commands.erase_buyer, caller.tenant, buyer_id)


@consents.get("/{buyer_id}")
async def show(buyer_id: BuyerId, caller: Merchant, db: Db) -> ConsentOut:
    return await db.read(queries.consent, caller.tenant, buyer_id)


@consents.put("/{buyer_id}")
async def give(buyer_id: BuyerId, given: ConsentGiven, caller: Merchant, db: Db) -> ConsentOut:
    return await db.write(commands.give_consent, caller.tenant, buyer_id, given)
