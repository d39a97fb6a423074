"""A quote calculated: what was declared and filled in, as the engine is asked."""

from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy.orm import Session

from contracts.values import Incoterm
from services.logistics.commands.drafts import Draft, decimal_of, money_of
from services.logistics.domain.tariff import Ledger, Line, Request, Rules
from services.logistics.domain.tariff.ledger import rounded
from services.logistics.domain.tariff.replay import told
from services.logistics.domain.tariff.request import Claim
from services.logistics.domain.tariff.valuation import WITH_FREIGHT, WITH_INSURANCE
from services.logistics.queries import options
from services.logistics.queries.options import Option
from services.logistics.schemas.declared import DeclaredOfLine

ZERO = Decimal(0)


@dataclass(frozen=True)
class Worked:
    """`freight` is what the buyer is charged for the way; None where nobody goes it."""

    found: options.Found
    chosen: Option | None
    request: Request
    ledger: Ledger
    freight: Decimal | None
    insurance: Decimal


def calculated(session: Session, draft: Draft) -> Worked:
    """Twice: what a carrier advances at the border is known once the charges are, and costs too."""
    advanced = ZERO
    for _ in range(2):
        found = options.options_for(session, draft.tenant, _offers_asked(draft, advanced))
        wish = draft.asked.shipping
        chosen = options.chosen(found.options, wish.service, wish.service_class)
        freight = freight_of(draft, chosen) if draft.goods_lines else ZERO
        request = request_of(draft, found.ship_from, freight)
        ledger = told(request, draft.rules)
        advanced = ledger.known_subtotal if draft.incoterm == Incoterm.DDP else ZERO
    charged = _charged(draft, freight)
    return Worked(found, chosen, request, ledger, charged, _insurance(draft))


def _charged(draft: Draft, freight: Decimal | None) -> Decimal | None:
    """A price that contains the way is not charged for it twice."""
    is_contained = draft.asked.price_term in WITH_FREIGHT
    return ZERO if is_contained and freight is not None else freight


def _insurance(draft: Draft) -> Decimal:
    stated, is_contained = draft.asked.insurance, draft.asked.price_term in WITH_INSURANCE
    if stated is None or is_contained:
        return ZERO
    return rounded(Decimal(stated), draft.market.currency)


def _offers_asked(draft: Draft, advanced: Decimal) -> options.Asked:
    """Values in the market's currency, and in the euros that a card may count in."""
    goods = [draft.asked.lines[number] for number in draft.goods_lines]
    worth = sum(draft.goods(number).minor for number in draft.goods_lines)
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


def request_of(draft: Draft, ship_from: str, freight: Decimal | None) -> Request:
    asked = draft.asked
    is_contained = asked.price_term in WITH_FREIGHT
    costs = None if is_contained else freight  # of what a price contains only the stated counts
    return Request(
        jurisdiction=draft.jurisdiction,
        tax_area=draft.tax_area,
        destination=asked.destination.country,
        ship_from=ship_from,
        from_jurisdiction=_union_of(ship_from, draft.rules),
        currency=draft.market.currency,
        lines=tuple(_line(draft, number) for number in draft.goods_lines),
        freight=costs if asked.freight is None else Decimal(asked.freight),
        insurance=_amount(asked.insurance),
        incoterm=draft.incoterm,
        rate_date=draft.at,
        buyer=asked.buyer,
        mode=asked.mode,
        channel=asked.channel,
        entry_type=asked.entry_type,
        schemes=frozenset(asked.schemes),
        schemes_without_number=frozenset(asked.schemes_without_number),
        price_term=Incoterm(asked.price_term),
        pre_carriage=_amount(asked.pre_carriage),
        post_border_cost=_amount(asked.post_border_cost),
        first_destination_cost=_amount(asked.first_destination_cost),
        buyer_tax_number=asked.buyer_tax_number,
        is_at_risk=asked.is_at_risk,
    )


def _amount(stated: str | None) -> Decimal | None:
    return None if stated is None else Decimal(stated)


def _union_of(country: str, rules: Rules) -> str | None:
    """The destination's own jurisdiction where the country lies inside it."""
    inside = country == rules.jurisdiction or country in rules.areas.get(rules.jurisdiction, ())
    return rules.jurisdiction if inside else None


def _line(draft: Draft, number: int) -> Line:
    """One line, completed by what catalog said; each filled field tells its provenance."""
    asked = draft.asked.lines[number]
    variant = draft.variant(asked.sku)
    code = variant.hs_extensions.get(draft.jurisdiction, variant.hs_code)
    for name, value in (("hs_code", code), ("origin", variant.origin)):
        if value is not None:
            draft.filled[f"/lines/{number}/{name}"] = f"catalog {asked.sku}: {value}"
    weight = asked.gross_weight_g
    if weight is None and variant.weight_g is not None:
        weight = variant.weight_g * asked.quantity
    line = Line(
        line_id=f"l{number}",
        goods=decimal_of(draft.goods(number).minor, draft.market.currency),
        quantity=asked.quantity,
        hs_code=code,
        origin=variant.origin,
        gross_weight_g=weight,
        description=variant.customs_description or variant.title,
    )
    return _declared(line, asked)


def _declared(line: Line, asked: DeclaredOfLine) -> Line:
    return replace(
        line,
        net_weight_g=asked.net_weight_g,
        quantities={unit: Decimal(text) for unit, text in asked.quantities.items()},
        tax_class=asked.tax_class,
        preferential_origin=asked.preferential_origin,
        abv_pct=_amount(asked.abv_pct),
        components={name: Decimal(text) for name, text in asked.components.items()},
        claims=tuple(Claim(each.programme, each.proof, each.order_number) for each in asked.claims),
        documents=frozenset(asked.documents),
        end_uses=frozenset(asked.end_uses),
        additional_code=asked.additional_code,
        is_gift=asked.is_gift,
        additions=Decimal(asked.additions),
        deductions=Decimal(asked.deductions),
    )
