"""A landed-cost quote: filled from what was heard, calculated, kept, and signed where complete."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from chassis import tokens
from chassis.caller import Caller
from chassis.db import now, settings_of
from chassis.http import FieldError, NotYetKnown, Problem
from contracts.catalog import Variant
from contracts.logistics import QuoteClaims, QuotedLine, QuotedTotals
from contracts.orders import DeclaredLine
from contracts.values import Incoterm, Money, canonical, exponent, new_id
from services.logistics.domain.tariff import Ledger, Line, Request, Rules, calculate
from services.logistics.domain.tariff.ledger import as_json, gap_json, rounded
from services.logistics.models.tariff import KnownMarket, KnownVariant, Quote
from services.logistics.queries import options, tariff
from services.logistics.queries.options import Option
from services.logistics.schemas.tariff import GapOut, NewQuote, OptionOut, QuoteOut

LIFE = timedelta(minutes=30)


@dataclass
class _Draft:
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
    filled: dict[str, str] = field(default_factory=dict)

    def variant(self, sku: str) -> Variant:
        return tariff.variant_of(self.known[sku])


def quote(session: Session, caller: Caller, asked: NewQuote) -> QuoteOut:
    """Kept as answered. Only a complete one gets a token."""
    draft = _draft(session, caller.tenant, asked)
    found, chosen, ledger, freight = _calculated(session, draft)
    needs_freight = any(row.kind == "goods" for row in draft.known.values())
    answered = _ledger_json(draft, ledger, freight)
    totals = _totals(draft, ledger, freight)
    gaps = [GapOut.model_validate(gap_json(gap)) for gap in ledger.gaps]
    if needs_freight and chosen is None:
        gaps.append(_no_option(draft))
        totals = None
    out = QuoteOut(
        quote_id=new_id("qte"),
        status="complete" if totals is not None else "incomplete",
        token=None,
        expires_at=draft.at + LIFE,
        market=draft.market.code,
        destination=asked.destination,
        incoterm=draft.incoterm,
        totals=totals,
        shipping_options=[_option_out(draft, each, chosen) for each in found.options],
        excluded=found.excluded,
        gaps=gaps,
        warnings=list(ledger.warnings),
        filled=draft.filled,
        valid_at=draft.at,
        known_at=draft.rules.known_at,
        ledger=answered,
    )
    if totals is not None:
        out.token = _token(session, draft, out, ledger, chosen)
    _keep(session, draft, out)
    return out


def _calculated(
    session: Session, draft: _Draft
) -> tuple[options.Found, Option | None, Ledger, Decimal | None]:
    """Twice: what a carrier advances at the border is known once the charges are, and costs too."""
    advanced = Decimal(0)
    for _ in range(2):
        found = options.options_for(session, draft.tenant, _offers_asked(draft, advanced))
        wish = draft.asked.shipping
        chosen = options.chosen(found.options, wish.service, wish.service_class)
        needs_freight = any(row.kind == "goods" for row in draft.known.values())
        freight = _freight(draft, chosen) if needs_freight else Decimal(0)
        ledger = calculate(_request(draft, found.ship_from, freight), draft.rules)
        advanced = ledger.known_subtotal if draft.incoterm == Incoterm.DDP else Decimal(0)
    return found, chosen, ledger, freight


def _draft(session: Session, tenant: str, asked: NewQuote) -> _Draft:
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
    draft = _Draft(
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


def _prices(session: Session, draft: _Draft) -> dict[str, int]:
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


def _offers_asked(draft: _Draft, advanced: Decimal) -> options.Asked:
    """Values in the market's currency, and in the euros that a card may count in."""
    goods = [line for line in draft.asked.lines if draft.known[line.sku].kind == "goods"]
    worth = sum(draft.prices[line.sku] * line.quantity for line in goods)
    currency = draft.market.currency
    return options.Asked(
        destination=(
            draft.asked.destination.country,
            draft.asked.destination.region,
            draft.asked.destination.postcode,
        ),
        items=[(draft.variant(line.sku), line.quantity) for line in goods],
        value=_in_currencies(draft, _decimal(worth, currency)),
        advanced=_in_currencies(draft, advanced),
        incoterm=draft.incoterm,
        hand_over=draft.at,
        is_residential=draft.asked.buyer == "consumer",
    )


def _in_currencies(draft: _Draft, amount: Decimal) -> dict[str, int]:
    """Minor units in every currency there is a rate for."""
    ours = draft.rules.rates.get(draft.market.currency)
    if ours is None:
        return {draft.market.currency: _money(amount, draft.market.currency).minor}
    return {
        currency: _money(rounded(amount / ours * rate, currency), currency).minor
        for currency, rate in draft.rules.rates.items()
    }


def _freight(draft: _Draft, chosen: Option | None) -> Decimal | None:
    """What the buyer is charged for the way, in the market's currency."""
    if chosen is None:
        return None
    price = Decimal(chosen.price.amount)
    converted = draft.rules.convert(price, chosen.price.currency)
    return None if converted is None else rounded(converted, draft.market.currency)


def _request(draft: _Draft, ship_from: str, freight: Decimal | None) -> Request:
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


def _line(draft: _Draft, line_id: str, number: int) -> Line:
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
        goods=_decimal(draft.prices[asked.sku] * asked.quantity, draft.market.currency),
        quantity=asked.quantity,
        hs_code=code,
        origin=variant.origin,
        gross_weight_g=None if weight is None else weight * asked.quantity,
        net_weight_g=asked.net_weight_g,
        quantities={unit: Decimal(text) for unit, text in asked.quantities.items()},
        description=variant.customs_description or variant.title,
    )


def _ledger_json(draft: _Draft, ledger: Ledger, freight: Decimal | None) -> dict[str, Any]:
    """What the token vouches for: the calculation, and what customs will be told."""
    declared = [_declared(draft, number) for number in range(len(draft.asked.lines))]
    return {
        **as_json(ledger),
        "freight_charged": None if freight is None else str(freight),
        "declaration": [line for line in declared if line is not None],
    }


def _declared(draft: _Draft, number: int) -> dict[str, Any] | None:
    asked = draft.asked.lines[number]
    variant = draft.variant(asked.sku)
    code = variant.hs_extensions.get(draft.jurisdiction, variant.hs_code)
    if draft.known[asked.sku].kind != "goods" or code is None or variant.origin is None:
        return None
    weight = variant.weight_g
    line = DeclaredLine(
        line_id=f"l{number}",
        sku=asked.sku,
        quantity=asked.quantity,
        hs_code=code,
        origin=variant.origin,
        value=Money.of(draft.prices[asked.sku] * asked.quantity, draft.market.currency),
        weight_g=None if weight is None else weight * asked.quantity,
        description=variant.customs_description or variant.title,
    )
    return line.model_dump(mode="json")


def _totals(draft: _Draft, ledger: Ledger, freight: Decimal | None) -> QuotedTotals | None:
    """None where any charge is unknown. Under DDP what is due at sale contains the charges."""
    at_sale, at_import = ledger.due("sale"), ledger.due("import")
    if at_sale is None or at_import is None or freight is None:
        return None
    currency = draft.market.currency
    goods = Money.of(
        sum(draft.prices[line.sku] * line.quantity for line in draft.asked.lines), currency
    )
    shipping = _money(freight, currency)
    kinds = {kind: _sum_money(ledger, kind, currency) for kind in ("duty", "tax", "fee")}
    due_now = goods + shipping + _money(at_sale, currency)
    nothing = Money.of(0, currency)
    return QuotedTotals(
        goods=goods,
        shipping=shipping,
        insurance=nothing,
        duties=kinds["duty"],
        taxes=kinds["tax"],
        fees=kinds["fee"],
        discounts=nothing,
        due_at_sale=due_now,
        due_at_import=_money(at_import, currency),
        grand_total=due_now + _money(at_import, currency),
    )


def _sum_money(ledger: Ledger, kind: str, currency: str) -> Money:
    amounts = [
        line.amount for line in ledger.lines if line.kind == kind and line.amount is not None
    ]
    return _money(sum(amounts, Decimal(0)), currency)


def _token(
    session: Session, draft: _Draft, out: QuoteOut, ledger: Ledger, chosen: Option | None
) -> str:
    key = tokens.signing_key(session, settings_of(session).master_keys, draft.at)
    if key is None:
        raise Problem(503, "no-quote-key", "no key to sign with yet", headers={"Retry-After": "1"})
    assert out.totals is not None  # noqa: S101 - only a complete quote is signed
    currency = draft.market.currency
    claims = QuoteClaims(
        quote_id=out.quote_id,
        tenant=draft.tenant,
        iat=int(draft.at.timestamp()),
        exp=int(out.expires_at.timestamp()),
        market=out.market,
        destination=out.destination.country,
        incoterm=out.incoterm,
        provider_id=chosen.provider_id if chosen else None,
        service=chosen.service if chosen else "",
        service_class=chosen.service_class if chosen else "",
        promised_on=chosen.promised_on if chosen else None,
        lines=tuple(
            QuotedLine(
                line_id=f"l{number}",
                sku=line.sku,
                quantity=line.quantity,
                goods=Money.of(draft.prices[line.sku] * line.quantity, currency),
                duties=_of_line(ledger, "duty", f"l{number}", currency),
                taxes=_of_line(ledger, "tax", f"l{number}", currency),
            )
            for number, line in enumerate(draft.asked.lines)
        ),
        totals=out.totals,
        ledger_sha256=hashlib.sha256(canonical(out.ledger)).hexdigest(),
        valid_at=out.valid_at,
        known_at=out.known_at,
    )
    return tokens.sign(claims.model_dump(mode="json"), key)


def _of_line(ledger: Ledger, kind: str, line_id: str, currency: str) -> Money:
    return _money(ledger.total(kind, line_id) or Decimal(0), currency)


def _keep(session: Session, draft: _Draft, out: QuoteOut) -> None:
    session.execute(
        insert(Quote).values(
            quote_id=out.quote_id,
            tenant=draft.tenant,
            status=out.status,
            asked=draft.asked.model_dump_json(),
            answer=out.model_dump_json(),
            ledger_sha256=hashlib.sha256(canonical(out.ledger)).hexdigest(),
            valid_at=out.valid_at,
            known_at=out.known_at,
            expires_at=out.expires_at,
            created_at=draft.at,
        )
    )


def kept(session: Session, tenant: str, quote_id: str) -> QuoteOut:
    return QuoteOut.model_validate(json.loads(tariff.quote(session, tenant, quote_id).answer))


def _option_out(draft: _Draft, option: Option, chosen: Option | None) -> OptionOut:
    charged = _freight(draft, option)
    price = option.price if charged is None else _money(charged, draft.market.currency)
    return OptionOut(
        provider_id=option.provider_id,
        service=option.service,
        service_class=option.service_class,
        price=price,
        promised_on=option.promised_on,
        chosen=option is chosen,
    )


def _no_option(draft: _Draft) -> GapOut:
    country = draft.asked.destination.country
    return GapOut(
        pointer="/shipping",
        code="no_shipping_option",
        severity="blocks",
        message=f"nobody carries this to {country} under {draft.incoterm}; see `excluded`",
    )


def _decimal(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))


def _money(amount: Decimal, currency: str) -> Money:
    return Money.of(int(amount.scaleb(exponent(currency))), currency)


def _refused(pointer: str, code: str, message: str) -> Problem:
    return Problem(422, code, message, [FieldError(pointer=pointer, code=code, message=message)])
