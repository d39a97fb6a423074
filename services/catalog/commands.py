"""Writes of catalog. What changes nothing says nothing."""

from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from chassis.caller import Caller
from chassis.db import keep_newest
from chassis.http import FieldError, Problem, check_match
from chassis.outbox import publish
from contracts.gateway import MerchantChanged
from contracts.values import new_id
from services.catalog import queries
from services.catalog.models import KnownMerchant, Listing, Market, Product, Variant
from services.catalog.schemas import (
    ListingChange,
    ListingOut,
    MarketOut,
    NewListing,
    NewMarket,
    NewProduct,
    ProductChange,
    ProductOut,
    VariantIn,
)


def keep_merchant(session: Session, event: MerchantChanged) -> None:
    keep_newest(
        session,
        KnownMerchant,
        {"merchant_id": event.merchant_id},
        {"status": event.status, "sequence": event.sequence},
    )


def create_product(session: Session, caller: Caller, new: NewProduct) -> ProductOut:
    check_active(session, caller.tenant)
    if new.handle in queries.products_by_handle(session, caller.tenant):
        raise _taken("/handle", f"the handle {new.handle}")
    row = add_product(session, caller.tenant, new)
    return queries.product_out(session, row)


def add_product(session: Session, tenant: str, new: NewProduct) -> Product:
    """Raises a Problem for an SKU that another product has."""
    row = Product(
        product_id=new_id("prd"),
        tenant=tenant,
        handle=new.handle,
        kind=new.kind,
        title=new.title,
        status=new.status,
        version=1,
    )
    session.add(row)
    _replace_variants(session, row, new.variants)
    publish(session, queries.product_changed(session, row))
    return row


def change_product(
    session: Session, caller: Caller, product_id: str, change: ProductChange, match: str | None
) -> ProductOut:
    check_active(session, caller.tenant)
    row = queries.product(session, caller.tenant, product_id, lock=True)
    check_match(match, row.version)
    apply_product(session, row, change)
    return queries.product_out(session, row)


def apply_product(session: Session, row: Product, change: ProductChange) -> bool:
    """False, and nothing said, where everything is as it was."""
    before = queries.product_out(session, row).model_dump()
    for name in ("title", "status"):
        if (value := getattr(change, name)) is not None:
            setattr(row, name, value)
    if change.variants is not None:
        _replace_variants(session, row, change.variants)
    session.flush()
    if queries.product_out(session, row).model_dump() == before:
        return False
    row.version += 1
    session.flush()
    publish(session, queries.product_changed(session, row))
    return True


def _replace_variants(session: Session, row: Product, variants: list[VariantIn]) -> None:
    skus = [variant.sku for variant in variants]
    if len(set(skus)) < len(skus):
        raise _taken("/variants", "one of these SKUs twice in this product; it")
    known = queries.variants_by_sku(session, row.tenant, skus)
    for number, sku in enumerate(skus):
        if sku in known and known[sku].product_id != row.product_id:
            raise _taken(f"/variants/{number}/sku", f"the SKU {sku}")
    session.execute(
        delete(Variant).where(Variant.product_id == row.product_id, Variant.tenant == row.tenant)
    )
    session.expire_all()
    session.add_all(
        Variant(tenant=row.tenant, product_id=row.product_id, **variant.model_dump())
        for variant in variants
    )
    session.flush()


def create_market(session: Session, caller: Caller, new: NewMarket) -> MarketOut:
    check_active(session, caller.tenant)
    if new.code in queries.markets_by_code(session, caller.tenant):
        raise _taken("/code", f"the market {new.code}")
    return queries.market_out(add_market(session, caller.tenant, new))


def add_market(session: Session, tenant: str, new: NewMarket) -> Market:
    row = Market(market_id=new_id("mkt"), tenant=tenant, version=1, **new.model_dump())
    session.add(row)
    session.flush()
    publish(session, queries.market_changed(row))
    return row


def change_market(
    session: Session, caller: Caller, market_id: str, new: NewMarket, match: str | None
) -> MarketOut:
    """All of a market is given again; its code stays."""
    check_active(session, caller.tenant)
    row = queries.market(session, caller.tenant, market_id, lock=True)
    check_match(match, row.version)
    if new.code != row.code:
        raise _taken("/code", f"a market's code stays; this one is {row.code}, another code")
    apply_fields(session, row, new.model_dump(), queries.market_changed)
    return queries.market_out(row)


def apply_fields(session: Session, row: Any, values: dict[str, Any], said: Any) -> bool:
    """False, and nothing said, where everything is as it was."""
    if all(getattr(row, name) == value for name, value in values.items()):
        return False
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    session.flush()
    publish(session, said(row))
    return True


def create_listing(session: Session, caller: Caller, new: NewListing) -> ListingOut:
    check_active(session, caller.tenant)
    tenant = caller.tenant
    if (new.market, new.sku) in queries.listings_by_place(session, tenant):
        raise _taken("/sku", f"a listing of {new.sku} in {new.market}")
    if new.market not in queries.markets_by_code(session, tenant):
        raise _unknown("/market", f"there is no market {new.market}")
    variant = queries.variants_by_sku(session, tenant, [new.sku]).get(new.sku)
    if variant is None:
        raise _unknown("/sku", f"there is no SKU {new.sku}")
    return queries.listing_out(add_listing(session, tenant, new, variant.product_id))


def add_listing(session: Session, tenant: str, new: NewListing, product_id: str) -> Listing:
    row = Listing(
        listing_id=new_id("lst"),
        tenant=tenant,
        product_id=product_id,
        version=1,
        **listing_values(new),
    )
    session.add(row)
    session.flush()
    publish(session, queries.listing_changed(row))
    return row


def listing_values(new: NewListing) -> dict[str, Any]:
    prices = {price.currency: price.amount for price in new.prices}
    return new.model_dump(exclude={"prices"}) | {"prices": prices}


def change_listing(
    session: Session, caller: Caller, listing_id: str, change: ListingChange, match: str | None
) -> ListingOut:
    check_active(session, caller.tenant)
    row = queries.listing(session, caller.tenant, listing_id, lock=True)
    check_match(match, row.version)
    values = change.model_dump(exclude_none=True, exclude={"prices"})
    if change.prices is not None:
        values["prices"] = {price.currency: price.amount for price in change.prices}
    apply_fields(session, row, values, queries.listing_changed)
    return queries.listing_out(row)


def check_active(session: Session, tenant: str) -> None:
    if queries.merchant_status(session, tenant) == "suspended":
        raise Problem(403, "suspended", "this merchant is suspended; its catalogue cannot change")


def _taken(pointer: str, what: str) -> Problem:
    message = f"{what} exists already; change it, or choose another name"
    return Problem(
        409, "exists", message, [FieldError(pointer=pointer, code="exists", message=message)]
    )


def _unknown(pointer: str, message: str) -> Problem:
    return Problem(
        422, "unknown", message, [FieldError(pointer=pointer, code="unknown", message=message)]
    )
