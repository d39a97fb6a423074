"""Routes of stock, locations and inbound returns."""

from typing import Any

from fastapi import APIRouter, Request

from chassis import jobs
from chassis.caller import Merchant, Shopper
from chassis.http import Db, Page, PageQuery
from chassis.idempotency import Once
from chassis.operations import JobOut, job_out
from chassis.uploads import upload_of
from services.logistics.commands import stock as commands
from services.logistics.queries import stock as queries
from services.logistics.schemas.stock import (
    InboundOut,
    LevelOut,
    LocationOut,
    NewLocation,
    NewMovement,
    Received,
    StockOut,
)

router = APIRouter()
locations = APIRouter(prefix="/locations", tags=["locations"])
stock = APIRouter(prefix="/stock", tags=["stock"])
inbounds = APIRouter(prefix="/inbounds", tags=["inbounds"])
imports = APIRouter(prefix="/stock-imports", tags=["stock-imports"])
_UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            media: {"schema": {"type": "string", "format": "binary"}}
            for media in ("application/zip", "text/csv")
        },
    }
}


@locations.post("", status_code=201)
async def create_location(new: NewLocation, caller: Merchant, once: Once) -> LocationOut:
    return await once.write(commands.add_location, caller, new)


@locations.get("")
async def list_locations(caller: Merchant, db: Db) -> list[LocationOut]:
    return await db.read(queries.location_list, caller.tenant)


@stock.get("")
async def list_levels(asked: PageQuery, caller: Merchant, db: Db) -> Page[LevelOut]:
    return await db.read(queries.levels, caller.tenant, asked)


@stock.post("/movements", status_code=201)
async def move(new: NewMovement, caller: Merchant, once: Once) -> LevelOut:
    """Receive, damage or count; orders that can no longer be filled are told."""
    return await once.write(commands.move, caller, new)


@stock.get("/{sku:path}")
async def show_stock(sku: str, caller: Shopper, db: Db) -> StockOut:
    whole = caller.kind == "merchant"
    return await db.read(queries.stock_of, caller.tenant, sku, whole=whole)


@inbounds.get("")
async def list_inbounds(asked: PageQuery, caller: Merchant, db: Db) -> Page[InboundOut]:
    return await db.read(queries.inbounds, caller.tenant, asked)


@inbounds.post("/{inbound_id}/receive")
async def receive(inbound_id: str, received: Received, caller: Merchant, db: Db) -> InboundOut:
    """What of a return has arrived. Received twice, the first time stands."""
    return await db.write(commands.receive_return, caller, inbound_id, received)


@imports.post("", status_code=202, openapi_extra=_UPLOAD)
async def import_stock(request: Request, caller: Merchant, db: Db) -> JobOut:
    """A zip with locations.csv and stock.csv, or stock.csv alone."""
    given = await upload_of(request, "stock.csv")
    job_id = await db.write(jobs.start, "stock import", caller.tenant, given)
    return job_out(await db.read(jobs.job_of, caller.tenant, job_id))


for each in (locations, stock, inbounds, imports):
    router.include_router(each)
