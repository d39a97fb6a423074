"""What others have said and is kept: variants, listings, markets, providers, ratings."""

import json

from sqlalchemy import delete
from sqlalchemy.orm import Session

from chassis.db import keep_newest
from contracts.catalog import ListingChanged, MarketChanged, ProductChanged
from contracts.servqual import ProviderChanged, RatingChanged
from services.logistics.models.shipping import KnownProvider, KnownRating
from services.logistics.models.tariff import KnownListing, KnownMarket, KnownVariant
from services.logistics.queries import tariff


def keep_product(session: Session, event: ProductChanged) -> None:
    """Variants that this state no longer names are forgotten; a late state changes nothing."""
    known = tariff.product_sequence(session, event.tenant, event.product_id)
    if known >= event.sequence:
        return
    for variant in event.variants:
        keep_newest(
            session,
            KnownVariant,
            {"tenant": event.tenant, "sku": variant.sku},
            {
                "product_id": event.product_id,
                "kind": event.kind,
                "status": event.status,
                "title": variant.title or event.title,
                "variant": variant.model_dump_json(),
                "sequence": event.sequence,
            },
        )
    session.execute(
        delete(KnownVariant).where(
            KnownVariant.tenant == event.tenant,
            KnownVariant.product_id == event.product_id,
            KnownVariant.sequence < event.sequence,
        )
    )


def keep_listing(session: Session, event: ListingChanged) -> None:
    keep_newest(
        session,
        KnownListing,
        {"tenant": event.tenant, "market": event.market, "sku": event.sku},
        {
            "prices": json.dumps({price.currency: price.minor for price in event.prices}),
            "available": event.available,
            "sequence": event.sequence,
        },
    )


def keep_market(session: Session, event: MarketChanged) -> None:
    keep_newest(
        session,
        KnownMarket,
        {"tenant": event.tenant, "code": event.code},
        {
            "countries": json.dumps(event.countries),
            "currency": event.currency,
            "incoterm": event.incoterm.value,
            "price_includes_tax": event.price_includes_tax,
            "zone": event.zone,
            "active": event.active,
            "sequence": event.sequence,
        },
    )


def keep_provider(session: Session, event: ProviderChanged) -> None:
    keep_newest(
        session,
        KnownProvider,
        {"provider_id": event.provider_id},
        {
            "status": event.status,
            "eligible_until": event.eligible_until,
            "said": event.model_dump_json(),
            "sequence": event.sequence,
        },
    )


def keep_rating(session: Session, event: RatingChanged) -> None:
    keep_newest(
        session,
        KnownRating,
        {"provider_id": event.provider_id},
        {
            "said": event.model_dump_json(),
            "as_of": event.as_of,
            "sequence": event.sequence,
        },
    )
