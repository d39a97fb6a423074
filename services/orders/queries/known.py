"""What an order is checked against, as it was last heard."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle
from typing import Any, Literal

from sqlalchemy import Select, bindparam, func, select
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
