"""A quote as it is filled in and calculated; each blank filled with its provenance."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from chassis.db import now
from chassis.http import FieldError, NotYetKnown, Problem
from contracts.catalog import Variant
from contracts.values import Incoterm, Money, exponent
from services.logistics.commands.offers import Applied, applied
from services.logistics.domain.tariff import Ledger, Line, Request, Rules, calculate
from services.logistics.domain.tariff.ledger import rounded
from services.logistics.models.tariff import KnownMarket, KnownVariant
from services.logistics.queries import options, tariff
from services.logistics.queries.options import Option
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


def calculated(
    session: Session, draft: Draft
) -> tuple[options.Found, Option | None, Ledger, Decimal | None]:
    """Twice: what a carrier advances at the border is known once the charges are, and costs too."""
    advanced = Decimal(0)
    for _ in range(2):
        found = options.options_for(session, draft.tenant, _offers_asked(draft, advanced))
        wish = draft.asked.shipping
        chosen = options.chosen(found.options, wish.service, wish.service_class)
        needs_freight = any(row.kind == "goods" for row in draft.known.values())
        freight = freight_of(draft, chosen) if needs_freight else Decimal(0)
        ledger = calculate(_request(draft, found.ship_from, freight), draft.rules)
        advanced = ledger.known_subtotal if draft.incoterm == Incoterm.DDP else Decimal(0)
    return found, chosen, ledger, freight


def _offers_asked(draft: Draft, advanced: Decimal) -> options.Asked:
    """Values in the market's currency, and in the euros that a card may count in."""
    numbers = [
        number
        for number, line in enumerate(draft.asked.lines)
        if draft.known[line.sku].kind == "goods"
    ]
    goods = [draft.asked.lines[number] for number in numbers]
    worth = sum(draft.goods(number).minor for number in numbers)
    currency = draft.market.currency
    return options.Asked(
        destination=(
            draft.asked.destination.country,
            draft.asked.destination.region,
            draft.asked.destination.postcode,
        ),
        items=[(draft.variant(line.sku), line.quantity) for line in goods],
        value=_in_currencies(draft, decimal_of(worth, currency)),
        advanced=_in_currencies(draft, advanced),
        incoterm=draft.incoterm,
        hand_over=draft.at,
        is_residential=draft.asked.buyer == "consumer",
    )


def _in_currencies(draft: Draft, amount: Decimal) -> dict[str, int]:
    """Minor units in every currency there is a rate for."""
    ours = draft.rules.rates.get(draft.market.currency)
    if ours is None:
        return {draft.market.currency: money_of(amount, draft.market.currency).minor}
    return {
        currency: money_of(rounded(amount / ours * rate, currency), currency).minor
        for currency, rate in draft.rules.rates.items()
    }


def freight_of(draft: Draft, chosen: Option | None) -> Decimal | None:
    """What the buyer is charged for the way, in the market's currency."""
    if chosen is None:
        return None
    price = Decimal(chosen.price.amount)
    converted = draft.rules.convert(price, chosen.price.currency)
    return None if converted is None else rounded(converted, draft.market.currency)


def _request(draft: Draft, ship_from: str, freight: Decimal | None) -> Request:
    lines = [
        _line(draft, f"l{number}", number)
        for number, line in enumerate(draft.asked.lines)
        if draft.known[line.sku].kind == "goods"
    ]
    return Request(
        jurisdiction=draft.jurisdiction,
        tax_area=draft.tax_area,
        destination=draft.asked.destination.country,
        ship_from=ship_from,
        from_jurisdiction=_union_of(ship_from, draft.rules),
        currency=draft.market.currency,
        lines=tuple(lines),
        freight=freight,
        insurance=None,
        incoterm=draft.incoterm,
        rate_date=draft.at,
        buyer=draft.asked.buyer,
        schemes=frozenset(draft.asked.schemes),
    )


def _union_of(country: str, rules: Rules) -> str | None:
    """The destination's own jurisdiction where the country lies inside it."""
    inside = country == rules.jurisdiction or country in rules.areas.get(rules.jurisdiction, ())
    return rules.jurisdiction if inside else None


def _line(draft: Draft, line_id: str, number: int) -> Line:
    """One line, completed by what catalog said; each filled field tells its provenance."""
    asked = draft.asked.lines[number]
    variant = draft.variant(asked.sku)
    code = variant.hs_extensions.get(draft.jurisdiction, variant.hs_code)
    for name, value in (("hs_code", code), ("origin", variant.origin)):
        if value is not None:
            draft.filled[f"/lines/{number}/{name}"] = f"catalog {asked.sku}: {value}"
    weight = variant.weight_g
    return Line(
        line_id=line_id,
        goods=decimal_of(draft.goods(number).minor, draft.market.currency),
        quantity=asked.quantity,
        hs_code=code,
        origin=variant.origin,
        gross_weight_g=None if weight is None else weight * asked.quantity,
        net_weight_g=asked.net_weight_g,
        quantities={unit: Decimal(text) for unit, text in asked.quantities.items()},
        description=variant.customs_description or variant.title,
    )


def decimal_of(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))


def money_of(amount: Decimal, currency: str) -> Money:
    return Money.of(int(amount.scaleb(exponent(currency))), currency)


def _refused(pointer: str, code: str, message: str) -> Problem:
    return Problem(422, code, message, [FieldError(pointer=pointer, code=code, message=message)])
