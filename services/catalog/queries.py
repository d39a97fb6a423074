"""Every SELECT of catalog. The tenant is in every WHERE."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.http import Page, PageAsked, not_found, page_of
from contracts.catalog import ListingChanged, MarketChanged, ProductChanged
from contracts.catalog import Variant as SaidVariant
from contracts.event import Event
from contracts.values import Money
from services.catalog.models import KnownMerchant, Listing, Market, Product, Variant
from services.catalog.schemas import ListingOut, MarketOut, ProductOut, VariantIn

T = TypeVar("T")
Status = Literal["draft", "published", "withdrawn"]


def merchant_status(session: Session, merchant_id: str) -> str | None:
    found = select(KnownMerchant.status).where(KnownMerchant.merchant_id == merchant_id)
    return session.scalars(found).first()


def product(session: Session, tenant: str, product_id: str, *, lock: bool = False) -> Product:
    found = select(Product).where(Product.product_id == product_id, Product.tenant == tenant)
    return _one(session, found.with_for_update() if lock else found, "product")


def market(session: Session, tenant: str, market_id: str, *, lock: bool = False) -> Market:
    found = select(Market).where(Market.market_id == market_id, Market.tenant == tenant)
    return _one(session, found.with_for_update() if lock else found, "market")


def listing(session: Session, tenant: str, listing_id: str, *, lock: bool = False) -> Listing:
    found = select(Listing).where(Listing.listing_id == listing_id, Listing.tenant == tenant)
    return _one(session, found.with_for_update() if lock else found, "listing")


def _one(session: Session, found: Select[T], what: str) -> T:
    row = session.scalars(found).first()
    if row is None:
        raise not_found(what)
    return row


def variants_of(session: Session, product_id: str) -> list[Variant]:
    found = select(Variant).where(Variant.product_id == product_id).order_by(Variant.sku)
    return list(session.scalars(found))


def variants_by_sku(session: Session, tenant: str, skus: Iterable[str]) -> dict[str, Variant]:
    found = select(Variant).where(Variant.tenant == tenant, Variant.sku.in_(sorted(skus)))
    return {row.sku: row for row in session.scalars(found)}


def products_by_handle(session: Session, tenant: str) -> dict[str, Product]:
    found = select(Product).where(Product.tenant == tenant)
    return {row.handle: row for row in session.scalars(found)}


def markets_by_code(session: Session, tenant: str) -> dict[str, Market]:
    found = select(Market).where(Market.tenant == tenant)
    return {row.code: row for row in session.scalars(found)}


def listings_by_place(session: Session, tenant: str) -> dict[tuple[str, str], Listing]:
    found = select(Listing).where(Listing.tenant == tenant)
    return {(row.market, row.sku): row for row in session.scalars(found)}


def show_product(session: Session, caller: Caller, product_id: str) -> ProductOut:
    """A storefront sees what is published; for it the rest does not exist."""
    row = product(session, caller.tenant, product_id)
    if caller.kind == "storefront" and row.status != "published":
        raise not_found("product")
    return product_out(session, row)


def products(
    session: Session, caller: Caller, status: Status | None, sku: str | None, asked: PageAsked
) -> Page[ProductOut]:
    wanted = select(Product).where(Product.tenant == caller.tenant)
    shown = "published" if caller.kind == "storefront" else status
    if shown is not None:
        wanted = wanted.where(Product.status == shown)
    if sku is not None:
        holds = select(Variant.product_id).where(
            Variant.tenant == caller.tenant, Variant.sku == sku
        )
        wanted = wanted.where(Product.product_id.in_(holds))
    rows, following = page_of(session, wanted, Product.product_id, asked)
    return Page(data=[product_out(session, row) for row in rows], next_cursor=following)


def markets(session: Session, caller: Caller, asked: PageAsked) -> Page[MarketOut]:
    wanted = select(Market).where(Market.tenant == caller.tenant)
    if caller.kind == "storefront":
        wanted = wanted.where(Market.active)
    rows, following = page_of(session, wanted, Market.market_id, asked)
    return Page(data=[market_out(row) for row in rows], next_cursor=following)


def listings(
    session: Session, caller: Caller, market_code: str | None, sku: str | None, asked: PageAsked
) -> Page[ListingOut]:
    wanted = select(Listing).where(Listing.tenant == caller.tenant)
    if market_code is not None:
        wanted = wanted.where(Listing.market == market_code)
    if sku is not None:
        wanted = wanted.where(Listing.sku == sku)
    if caller.kind == "storefront":
        published = select(Product.product_id).where(
            Product.tenant == caller.tenant, Product.status == "published"
        )
        wanted = wanted.where(Listing.available, Listing.product_id.in_(published))
    rows, following = page_of(session, wanted, Listing.listing_id, asked)
    return Page(data=[listing_out(row) for row in rows], next_cursor=following)


def product_out(session: Session, row: Product) -> ProductOut:
    variants = variants_of(session, row.product_id)
    return ProductOut(
        product_id=row.product_id,
        handle=row.handle,
        title=row.title,
        kind=row.kind,
        status=row.status,
        version=row.version,
        variants=[VariantIn.model_validate(_fields(each, VariantIn)) for each in variants],
    )


def market_out(row: Market) -> MarketOut:
    return MarketOut.model_validate(_fields(row, MarketOut))


def listing_out(row: Listing) -> ListingOut:
    return ListingOut.model_validate(_fields(row, ListingOut) | {"prices": _prices(row)})


def _fields(row: object, model: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in model.model_fields}


def _prices(row: Listing) -> list[dict[str, str]]:
    return [{"amount": amount, "currency": code} for code, amount in sorted(row.prices.items())]


def states(session: Session) -> Iterator[Event]:
    """Every present state, for hearers that start late."""
    for product_row in session.scalars(select(Product).order_by(Product.product_id)):
        yield product_changed(session, product_row)
    for market_row in session.scalars(select(Market).order_by(Market.market_id)):
        yield market_changed(market_row)
    for listing_row in session.scalars(select(Listing).order_by(Listing.listing_id)):
        yield listing_changed(listing_row)


def product_changed(session: Session, row: Product) -> ProductChanged:
    variants = variants_of(session, row.product_id)
    return ProductChanged(
        tenant=row.tenant,
        sequence=row.version,
        product_id=row.product_id,
        kind=row.kind,
        title=row.title,
        status=row.status,
        variants=tuple(SaidVariant.model_validate(_fields(each, SaidVariant)) for each in variants),
    )


def market_changed(row: Market) -> MarketChanged:
    said = {name: getattr(row, name) for name in MarketChanged.model_fields if name != "sequence"}
    return MarketChanged.model_validate(said | {"sequence": row.version})


def listing_changed(row: Listing) -> ListingChanged:
    return ListingChanged(
        tenant=row.tenant,
        sequence=row.version,
        listing_id=row.listing_id,
        product_id=row.product_id,
        sku=row.sku,
        market=row.market,
        title=row.title,
        prices=tuple(Money.model_validate(price) for price in _prices(row)),
        available=row.available,
    )
