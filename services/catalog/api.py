"""Routes of catalog: parse, call one command or query, return."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from chassis import jobs
from chassis.caller import Merchant, Shopper
from chassis.http import Db, IfMatch, Page, PageQuery, etag
from chassis.idempotency import Once
from chassis.operations import JobOut, job_out
from chassis.uploads import upload_of
from contracts.values import Sku
from services.catalog import commands, queries
from services.catalog.queries import Status
from services.catalog.schemas import (
    ListingChange,
    ListingOut,
    MarketCode,
    MarketOut,
    NewListing,
    NewMarket,
    NewProduct,
    ProductChange,
    ProductOut,
    VariantIn,
)

router = APIRouter()
products = APIRouter(prefix="/products", tags=["products"])
markets = APIRouter(prefix="/markets", tags=["markets"])
listings = APIRouter(prefix="/listings", tags=["listings"])
_CSV: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}
OfSku = Annotated[Sku | None, Query()]


@products.post("", status_code=201)
async def create_product(new: NewProduct, caller: Merchant, once: Once) -> ProductOut:
    return await once.write(commands.create_product, caller, new)


@products.get("")
async def list_products(
    asked: PageQuery, caller: Shopper, db: Db, status: Status | None = None, sku: OfSku = None
) -> Page[ProductOut]:
    """A storefront sees what is published."""
    return await db.read(queries.products, caller, status, sku, asked)


@products.get("/{product_id}")
async def show_product(product_id: str, caller: Shopper, db: Db, response: Response) -> ProductOut:
    found = await db.read(queries.show_product, caller, product_id)
    response.headers["ETag"] = etag(found.version)
    return found


@products.patch("/{product_id}")
async def change_product(
    product_id: str, change: ProductChange, caller: Merchant, db: Db, match: IfMatch = None
) -> ProductOut:
    return await db.write(commands.change_product, caller, product_id, change, match)


@products.post("/{product_id}/publish")
async def publish_product(
    product_id: str, caller: Merchant, db: Db, match: IfMatch = None
) -> ProductOut:
    change = ProductChange(status="published")
    return await db.write(commands.change_product, caller, product_id, change, match)


@products.post("/{product_id}/withdraw")
async def withdraw_product(
    product_id: str, caller: Merchant, db: Db, match: IfMatch = None
) -> ProductOut:
    change = ProductChange(status="withdrawn")
    return await db.write(commands.change_product, caller, product_id, change, match)


@products.get("/{product_id}/variants")
async def list_variants(product_id: str, caller: Shopper, db: Db) -> list[VariantIn]:
    return (await db.read(queries.show_product, caller, product_id)).variants


@markets.post("", status_code=201)
async def create_market(new: NewMarket, caller: Merchant, once: Once) -> MarketOut:
    return await once.write(commands.create_market, caller, new)


@markets.get("")
async def list_markets(asked: PageQuery, caller: Shopper, db: Db) -> Page[MarketOut]:
    return await db.read(queries.markets, caller, asked)


@markets.put("/{market_id}")
async def change_market(
    market_id: str, new: NewMarket, caller: Merchant, db: Db, match: IfMatch = None
) -> MarketOut:
    return await db.write(commands.change_market, caller, market_id, new, match)


@listings.post("", status_code=201)
async def create_listing(new: NewListing, caller: Merchant, once: Once) -> ListingOut:
    return await once.write(commands.create_listing, caller, new)


@listings.get("")
async def list_listings(
    asked: PageQuery,
    caller: Shopper,
    db: Db,
    market: MarketCode | None = None,
    sku: OfSku = None,
) -> Page[ListingOut]:
    """A storefront sees what is available of published products."""
    return await db.read(queries.listings, caller, market, sku, asked)


@listings.patch("/{listing_id}")
async def change_listing(
    listing_id: str, change: ListingChange, caller: Merchant, db: Db, match: IfMatch = None
) -> ListingOut:
    return await db.write(commands.change_listing, caller, listing_id, change, match)


def _importer(kind: str) -> APIRouter:
    """`POST /<kind>-imports`: a job; one bad row imports nothing and the report lists all."""
    imports = APIRouter(prefix=f"/{kind}-imports", tags=[f"{kind}-imports"])

    @imports.post("", status_code=202, openapi_extra=_CSV)
    async def import_file(request: Request, caller: Merchant, db: Db) -> JobOut:
        await db.read(commands.check_active, caller.tenant)
        given = await upload_of(request, f"{kind}s.csv") | {"kind": f"{kind}s"}
        job_id = await db.write(jobs.start, f"{kind} import", caller.tenant, given)
        return job_out(await db.read(jobs.job_of, caller.tenant, job_id))

    return imports


for each in (products, markets, listings, *map(_importer, ("product", "market", "listing"))):
    router.include_router(each)
