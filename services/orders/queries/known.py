"""What an order is checked against, as it was last heard."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select
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


_LISTED: Any = KnownListing.__table__
_SOLD: Any = KnownVariant.__table__
_PRICED = (  # built once: every order is checked by it
    select(
        _LISTED.c.sku,
        _LISTED.c.title,
        _SOLD.c.kind,
        _LISTED.c.prices,
        _LISTED.c.available,
        _SOLD.c.status,
    )
    .join(_SOLD, (_SOLD.c.tenant == _LISTED.c.tenant) & (_SOLD.c.sku == _LISTED.c.sku))
    .where(
        _LISTED.c.tenant == bindparam("tenant"),
        _LISTED.c.market == bindparam("market"),
        _LISTED.c.sku.in_(bindparam("skus", expanding=True)),
    )
)


def priced(session: Session, tenant: str, market: str, skus: Iterable[str]) -> dict[str, Priced]:
    """By SKU; those without listing or product here are absent."""
    wanted = {"tenant": tenant, "market": market, "skus": sorted(skus)}
    return {
        sku: Priced(sku, title, kind, json.loads(prices), available and status == "published")
        for sku, title, kind, prices, available, status in session.execute(_PRICED, wanted)
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
