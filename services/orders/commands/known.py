"""What was heard of others and is kept: merchants, variants, listings, markets, offers, keys."""

import json

from sqlalchemy import delete
from sqlalchemy.orm import Session

from chassis.crypto import seal
from chassis.db import keep_newest, settings_of
from contracts.catalog import ListingChanged, MarketChanged, ProductChanged
from contracts.gateway import MerchantChanged
from contracts.logistics import QuoteKeyChanged
from contracts.segmentation import OfferChanged, OfferKeyChanged
from services.orders import models, queries
from services.orders.adapters.payment import fresh_connection


def keep_merchant(session: Session, event: MerchantChanged) -> None:
    """Its sandbox payment connection exists from the first time it is heard of."""
    keep_newest(
        session,
        models.KnownMerchant,
        {"merchant_id": event.merchant_id},
        {"status": event.status, "sequence": event.sequence},
    )
    if queries.payment_connection(session, event.merchant_id, "sandbox") is None:
        connect_payments(session, event.merchant_id, "sandbox")


def connect_payments(session: Session, tenant: str, provider: str) -> None:
    fresh = fresh_connection()
    masters = settings_of(session).master_keys
    session.add(
        models.PaymentConnection(
            connection_id=fresh.connection_id,
            tenant=tenant,
            provider=provider,
            token_sha256=fresh.token_sha256,
            token=seal(fresh.token.encode(), masters, fresh.connection_id),
            secret=seal(fresh.secret.encode(), masters, fresh.connection_id),
        )
    )
    session.flush()


def keep_product(session: Session, event: ProductChanged) -> None:
    """Variants that this state no longer names are forgotten; a late state changes nothing."""
    if queries.product_sequence(session, event.tenant, event.product_id) >= event.sequence:
        return
    for variant in event.variants:
        keep_newest(
            session,
            models.KnownVariant,
            {"tenant": event.tenant, "sku": variant.sku},
            {
                "product_id": event.product_id,
                "title": variant.title or event.title,
                "kind": event.kind,
                "status": event.status,
                "sequence": event.sequence,
            },
        )
    session.execute(
        delete(models.KnownVariant).where(
            models.KnownVariant.tenant == event.tenant,
            models.KnownVariant.product_id == event.product_id,
            models.KnownVariant.sequence < event.sequence,
        )
    )


def keep_listing(session: Session, event: ListingChanged) -> None:
    prices = {price.currency: price.minor for price in event.prices}
    keep_newest(
        session,
        models.KnownListing,
        {"tenant": event.tenant, "market": event.market, "sku": event.sku},
        {
            "listing_id": event.listing_id,
            "title": event.title,
            "prices": json.dumps(prices),
            "available": event.available,
            "sequence": event.sequence,
        },
    )


def keep_market(session: Session, event: MarketChanged) -> None:
    keep_newest(
        session,
        models.KnownMarket,
        {"tenant": event.tenant, "code": event.code},
        {
            "payment_methods": json.dumps(event.payment_methods),
            "active": event.active,
            "sequence": event.sequence,
        },
    )


def keep_quote_key(session: Session, event: QuoteKeyChanged) -> None:
    keep_newest(
        session,
        models.QuoteKey,
        {"kid": event.kid},
        {
            "public_key": event.public_key,
            "not_before": event.not_before,
            "not_after": event.not_after,
            "sequence": event.sequence,
        },
    )


def keep_offer(session: Session, event: OfferChanged) -> None:
    keep_newest(
        session,
        models.KnownOffer,
        {"offer_id": event.offer_id},
        {"said": event.model_dump_json(), "sequence": event.sequence},
    )


def keep_offer_key(session: Session, event: OfferKeyChanged) -> None:
    keep_newest(
        session,
        models.OfferKey,
        {"kid": event.kid},
        {"public_key": event.public_key, "sequence": event.sequence},
    )
