"""Rules at a moment, and what catalog has said of goods, prices and markets."""

import json
from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from chassis.db import now
from chassis.http import not_found
from contracts.catalog import Variant
from contracts.values import Money, exponent
from services.logistics.domain.tariff.ledger import rounded
from services.logistics.domain.tariff.rules import Cited, Fields, Rules, compile_rules
from services.logistics.models.tariff import (
    KnownListing,
    KnownMarket,
    KnownVariant,
    Quote,
    TariffBatch,
    TariffRule,
)

Dated = tuple[str, Fields, Cited]
_OPEN = datetime(9999, 12, 31, tzinfo=UTC)


def known_at(session: Session) -> datetime | None:
    """When the last accepted batch became known; None before the first."""
    return session.scalar(select(func.max(TariffBatch.known_from)))


def rules_at(session: Session, jurisdiction: str, valid_at: datetime, known: datetime) -> Rules:
    """The law of one jurisdiction at both times, compiled once per stretch without a change."""
    law = _CACHE.get((jurisdiction, known))
    if law is None:
        law = _CACHE[jurisdiction, known] = _Law(_dated(session, jurisdiction, known))
        if len(_CACHE) > 32:
            _CACHE.pop(next(iter(_CACHE)))
    return _compiled(jurisdiction, law.stretch(valid_at), known, law)


class _Law:
    """Rows as known at one time, and the moments at which any of them begins or ends.

    It is compared by identity: to hash all its rows for each question would cost more than these.
    """

    def __init__(self, dated: tuple[Dated, ...]) -> None:
        self.dated = dated
        begins = {cited.valid_from for _, _, cited in dated}
        ends = {cited.valid_to for _, _, cited in dated if cited.valid_to}
        self._changes = sorted(begins | ends)

    def stretch(self, at: datetime) -> datetime:
        """When the law last changed before this moment; the moment itself before all law."""
        before = bisect_right(self._changes, at)
        return self._changes[before - 1] if before else at


_CACHE: dict[tuple[str, datetime], _Law] = {}


@lru_cache(maxsize=32)
def _compiled(jurisdiction: str, valid_at: datetime, known: datetime, law: _Law) -> Rules:
    rows: dict[str, list[tuple[Fields, Cited]]] = {}
    for table, fields, cited in law.dated:
        if cited.valid_from <= valid_at < (cited.valid_to or _OPEN):
            rows.setdefault(table, []).append((fields, cited))
    return compile_rules(jurisdiction, valid_at, known, rows)


def _dated(session: Session, jurisdiction: str, known: datetime) -> tuple[Dated, ...]:
    """All rows of a jurisdiction, and those that belong to none, as they were known then."""
    found = select(TariffRule).where(
        TariffRule.jurisdiction.in_(["", jurisdiction]),
        TariffRule.known_from <= known,
        or_(TariffRule.known_to.is_(None), TariffRule.known_to > known),
    )
    return tuple(_of_row(row) for row in session.scalars(found.order_by(TariffRule.rule_id)))


def _of_row(row: TariffRule) -> Dated:
    fields = json.loads(row.fields)
    cited = Cited(
        fields["source"], fields["legal_ref"], fields["confidence"], row.valid_from, row.valid_to
    )
    return row.table_name, fields, cited


def in_currencies(session: Session, country: str, value: Money) -> dict[str, int]:
    """Minor units in every currency there is a rate for, as the destination's law converts."""
    known, at = known_at(session), now()
    place = territory(session, country, "", known, at) if known else None
    rates = rules_at(session, place[0], at, known).rates if place and known else {}
    ours = rates.get(value.currency)
    if ours is None:
        return {value.currency: value.minor}
    amount = Decimal(value.amount) / ours
    return {
        currency: int(rounded(amount * rate, currency).scaleb(exponent(currency)))
        for currency, rate in rates.items()
    }


def territory(
    session: Session, country: str, region: str, known: datetime, at: datetime
) -> tuple[str, str] | None:
    """Jurisdiction and tax area of a place; a region's own row comes before its country's."""
    rows = session.scalars(
        select(TariffRule).where(
            TariffRule.table_name == "territories",
            TariffRule.rule_key.in_([f"{country}|{region}", f"{country}|"]),
            TariffRule.known_from <= known,
            or_(TariffRule.known_to.is_(None), TariffRule.known_to > known),
            TariffRule.valid_from <= at,
            or_(TariffRule.valid_to.is_(None), TariffRule.valid_to > at),
        )
    )
    found = sorted((json.loads(row.fields) for row in rows), key=lambda each: not each["region"])
    return (found[0]["jurisdiction"], found[0]["tax_area"]) if found else None


def open_rules(session: Session) -> dict[tuple[str, str, str, datetime], TariffRule]:
    """Every row known now, by table, jurisdiction, key and beginning."""
    rows = session.scalars(select(TariffRule).where(TariffRule.known_to.is_(None)))
    return {(row.table_name, row.jurisdiction, row.rule_key, row.valid_from): row for row in rows}


def batch_of(session: Session, sha256: str) -> TariffBatch | None:
    return session.scalars(select(TariffBatch).where(TariffBatch.sha256 == sha256)).first()


def variants(session: Session, tenant: str, skus: Iterable[str]) -> dict[str, KnownVariant]:
    """By SKU; those never heard of are absent."""
    found = select(KnownVariant).where(
        KnownVariant.tenant == tenant, KnownVariant.sku.in_(sorted(skus))
    )
    return {row.sku: row for row in session.scalars(found)}


def variant_of(row: KnownVariant) -> Variant:
    return Variant.model_validate_json(row.variant)


def product_sequence(session: Session, tenant: str, product_id: str) -> int:
    """Of the newest state heard of a product; 0 for none."""
    found = select(func.max(KnownVariant.sequence)).where(
        KnownVariant.tenant == tenant, KnownVariant.product_id == product_id
    )
    return session.scalar(found) or 0


def prices(session: Session, tenant: str, market: str, skus: Iterable[str]) -> dict[str, Any]:
    """SKU -> currency -> minor units, of listings that are available."""
    found = select(KnownListing).where(
        KnownListing.tenant == tenant,
        KnownListing.market == market,
        KnownListing.sku.in_(sorted(skus)),
        KnownListing.available,
    )
    return {row.sku: json.loads(row.prices) for row in session.scalars(found)}


def market_for(session: Session, tenant: str, country: str, code: str | None) -> KnownMarket | None:
    """By its code, else the market that serves the country."""
    found = select(KnownMarket).where(KnownMarket.tenant == tenant, KnownMarket.active)
    rows = session.scalars(found.order_by(KnownMarket.code)).all()
    return next(
        (row for row in rows if country in json.loads(row.countries) and code in (None, row.code)),
        None,
    )


def quote(session: Session, tenant: str, quote_id: str) -> Quote:
    found = select(Quote).where(Quote.quote_id == quote_id, Quote.tenant == tenant)
    row = session.scalars(found).first()
    if row is None:
        raise not_found("quote")
    return row
