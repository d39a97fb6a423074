"""What an order is checked against, as it was last heard."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle
from typing import Any, Literal

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from services.orders.domain.saga import Status
from services.orders.models import (
    KnownListing,
    KnownMerchant,
    KnownOffer,
    KnownVariant,
    OfferKey,
    OfferUse,
    Order,
    PaymentConnection,
    QuoteKey,
)


@dataclass(frozen=True)
class Priced:
    """One SKU in one market: prices in minor units by currency."""

    sku: str
    title: str
    kind: Literal["goods", "digital", "service"]
    prices: dict[str, int]
    on_sale: bool


_LISTED: Any = KnownListing.__table__
_SOLD: Any = KnownVariant.__table__


@lru_cache(maxsize=16)
def _priced(most: int) -> Select[Any]:
    """For at most so many SKUs. An expanding IN is compiled anew each time: a sixth of an order."""
    return (
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
            _LISTED.c.sku.in_([bindparam(f"sku{number}") for number in range(most)]),
        )
    )


def priced(session: Session, tenant: str, market: str, skus: Collection[str]) -> dict[str, Priced]:
    """By SKU; those without listing or product here are absent."""
    most = 1 << (len(skus) - 1).bit_length()
    named = dict(zip((f"sku{at}" for at in range(most)), cycle(sorted(skus)), strict=False))
    wanted = {"tenant": tenant, "market": market, **named}
    return {
        sku: Priced(sku, title, kind, json.loads(prices), available and status == "published")
        for sku, title, kind, prices, available, status in session.execute(_priced(most), wanted)
    }


def product_sequence(session: Session, tenant: str, product_id: str) -> int:
    """Of the newest state heard of a product; 0 for none."""
    found = select(func.max(KnownVariant.sequence)).where(
        KnownVariant.tenant == tenant, KnownVariant.product_id == product_id
    )
    return session.scalar(found) or 0


def public_key(session: Session, kid: str) -> str | None:
    return session.scalars(select(QuoteKey.public_key).where(QuoteKey.kid == kid)).first()


def offer_key(session: Session, kid: str) -> str | None:
    return session.scalars(select(OfferKey.public_key).where(OfferKey.kid == kid)).first()


def known_offer_for_update(session: Session, offer_id: str) -> KnownOffer | None:
    return session.get(KnownOffer, offer_id, with_for_update=True)


def uses_of(session: Session, offer_id: str, buyer_id: str) -> int:
    """By orders that were not given up."""
    found = _used(func.count()).where(OfferUse.offer_id == offer_id, OfferUse.buyer_id == buyer_id)
    return int(session.execute(found).scalar_one())


def discounts_of(session: Session, offer_id: str) -> int:
    """Minor units of the budget's currency: of an offer with a budget all discounts are in it."""
    found = _used(func.coalesce(func.sum(OfferUse.discount_minor), 0))
    return int(session.execute(found.where(OfferUse.offer_id == offer_id)).scalar_one())


def _used(what: Any) -> Select[Any]:
    given_up = (Status.CANCELLED, Status.STOCK_SHORT)
    return (
        select(what)
        .select_from(OfferUse)
        .join(Order, Order.order_id == OfferUse.order_id)
        .where(Order.status.not_in(given_up))
    )


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
