"""A quote as it is filled in; each blank filled with its provenance."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from chassis.db import now
from chassis.http import FieldError, NotYetKnown, Problem
from contracts.catalog import Variant
from contracts.values import Incoterm, Money, exponent
from services.logistics.commands.offers import Applied, applied
from services.logistics.domain.tariff import Rules
from services.logistics.models.tariff import KnownMarket, KnownVariant
from services.logistics.queries import tariff
from services.logistics.schemas.tariff import NewQuote

LIFE = timedelta(minutes=30)


@dataclass
class Draft:
    """What a quote is worked out from, as it is filled in."""

    tenant: str
    asked: NewQuote
    market: KnownMarket
    known: dict[str, KnownVariant]
    prices: dict[str, int]  # SKU -> minor units each, in the market's currency
    jurisdiction: str
    tax_area: str
    rules: Rules
    incoterm: Incoterm
    at: datetime
    offer: Applied | None = None
    filled: dict[str, str] = field(default_factory=dict)

    def variant(self, sku: str) -> Variant:
        return tariff.variant_of(self.known[sku])

    def discount(self, number: int) -> Money | None:
        """Of a whole line; None without an offer that covers it."""
        if self.offer is None:
            return None
        asked = self.asked.lines[number]
        listed = Money.of(self.prices[asked.sku] * asked.quantity, self.market.currency)
        return self.offer.discount(self.market.code, asked.sku, listed)

    def is_goods(self, number: int) -> bool:
        """Else it is digital or a service: it crosses no border."""
        return self.known[self.asked.lines[number].sku].kind == "goods"

    @property
    def goods_lines(self) -> list[int]:
        return [number for number in range(len(self.asked.lines)) if self.is_goods(number)]

    def goods(self, number: int) -> Money:
        """What the buyer pays for a whole line: duty and tax are on this."""
        asked, off = self.asked.lines[number], self.discount(number)
        listed = self.prices[asked.sku] * asked.quantity
        return Money.of(listed - (off.minor if off else 0), self.market.currency)


def draft_of(session: Session, tenant: str, asked: NewQuote) -> Draft:
    country, at = asked.destination.country, now()
    known_at = tariff.known_at(session)
    if known_at is None:
        raise Problem(503, "no-tariffs", "no tariff is loaded yet", headers={"Retry-After": "5"})
    market = tariff.market_for(session, tenant, country, asked.market)
    if market is None:
        raise NotYetKnown("/destination/country", f"a market that serves {country}")
    place = tariff.territory(session, country, asked.destination.region, known_at, at)
    if place is None:
        raise _refused("/destination/country", "destination-unsupported", f"no rules for {country}")
    jurisdiction, tax_area = place
    rules = tariff.rules_at(session, jurisdiction, at, known_at)
    if market.currency != rules.currency:
        message = (
            f"{market.code} sells in {market.currency}, {jurisdiction} counts in {rules.currency}"
        )
        raise _refused("/market", "currency-unsupported", message)
    draft = Draft(
        tenant=tenant,
        asked=asked,
        market=market,
        known=_variants(session, tenant, asked),
        prices={},
        jurisdiction=jurisdiction,
        tax_area=tax_area,
        rules=rules,
        incoterm=asked.incoterm or Incoterm(market.incoterm),
        at=at,
    )
    draft.prices = _prices(session, draft)
    if asked.offers:
        draft.offer = applied(session, tenant, asked.offers[0], at)
    if asked.incoterm is None:
        draft.filled["/incoterm"] = f"market {market.code}"
    return draft


def _variants(session: Session, tenant: str, asked: NewQuote) -> dict[str, KnownVariant]:
    known = tariff.variants(session, tenant, {line.sku for line in asked.lines})
    for number, line in enumerate(asked.lines):
        if line.sku not in known:
            raise NotYetKnown(f"/lines/{number}/sku", f"the SKU {line.sku}")
        if known[line.sku].status != "published":
            message = f"{line.sku} is {known[line.sku].status}"
            raise _refused(f"/lines/{number}/sku", "not-on-sale", message)
    return known


def _prices(session: Session, draft: Draft) -> dict[str, int]:
    listed = tariff.prices(session, draft.tenant, draft.market.code, draft.known)
    prices = {}
    for number, line in enumerate(draft.asked.lines):
        price = listed.get(line.sku, {}).get(draft.market.currency)
        if price is None:
            what = f"an available listing of {line.sku} in {draft.market.code}"
            raise NotYetKnown(f"/lines/{number}/sku", what)
        prices[line.sku] = int(price)
        draft.filled[f"/lines/{number}/unit_price"] = f"listing in {draft.market.code}"
    return prices


def decimal_of(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))


def money_of(amount: Decimal, currency: str) -> Money:
    return Money.of(int(amount.scaleb(exponent(currency))), currency)


def _refused(pointer: str, code: str, message: str) -> Problem:
    return Problem(422, code, message, [FieldError(pointer=pointer, code=code, message=message)])
