"""What an order is checked against, as it was last heard."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.orders.models import (
    KnownListing,
    KnownMerchant,
    KnownVariant,
    PaymentConnection,
    QuoteKey,
)


@dataclass(frozen=True)
class Priced:
    """One SKU in one market: prices in minor units by currency."""

    sku: str
    title: str
    kind: str
    prices: dict[str, int]
    on_sale: bool


def priced(session: Session, tenant: str, market: str, skus: Iterable[str]) -> dict[str, Priced]:
    """By SKU; those without listing or product here are absent."""
    rows = session.execute(
        select(
            KnownListing.sku,
            KnownListing.title,
            KnownVariant.kind,
            KnownListing.prices,
            KnownListing.available,
            KnownVariant.status,
        )
        .join(
            KnownVariant,
            (KnownVariant.tenant == KnownListing.tenant) & (KnownVariant.sku == KnownListing.sku),
        )
        .where(
            KnownListing.tenant == tenant,
            KnownListing.market == market,
            KnownListing.sku.in_(sorted(skus)),
        )
    )
    return {
        sku: Priced(sku, title, kind, json.loads(prices), available and status == "published")
        for sku, title, kind, prices, available, status in rows
    }


def product_sequence(session: Session, tenant: str, product_id: str) -> int:
    """Of the newest state heard of a product; 0 for none."""
    found = select(func.max(KnownVariant.sequence)).where(
        KnownVariant.tenant == tenant, KnownVariant.product_id == product_id
    )
    return session.scalar(found) or 0


def public_key(session: Session, kid: str) -> str | None:
    return session.scalars(select(QuoteKey.public_key).where(QuoteKey.kid == kid)).first()


def merchant_status(session: Session, merchant_id: str) -> str | None:
    found = select(KnownMerchant.status).where(KnownMerchant.merchant_id == merchant_id)
    return session.scalars(found).first()


def payment_connection(session: Session, tenant: str, provider: str) -> PaymentConnection | None:
    return session.scalars(
        select(PaymentConnection).where(
            PaymentConnection.tenant == tenant, PaymentConnection.provider == provider
        )
    ).first()


def connection_by_token(session: Session, token_sha256: str) -> PaymentConnection | None:
    return session.scalars(
        select(PaymentConnection).where(PaymentConnection.token_sha256 == token_sha256)
    ).first()
