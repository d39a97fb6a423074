"""Customs value per line: what the price contains, taken out or added as the law's basis asks."""

from dataclasses import dataclass
from decimal import Decimal

from contracts.values import Incoterm
from services.logistics.domain.tariff.law import Rules
from services.logistics.domain.tariff.lines import Gap
from services.logistics.domain.tariff.request import Line, Request

ZERO = Decimal(0)
_TO_THE_DOOR = frozenset({Incoterm.DAP, Incoterm.DPU, Incoterm.DDP})
WITH_INSURANCE = _TO_THE_DOOR | {Incoterm.CIF, Incoterm.CIP}
WITH_FREIGHT = WITH_INSURANCE | {Incoterm.CFR, Incoterm.CPT}
_PAST_THE_BORDER = _TO_THE_DOOR | {Incoterm.CPT, Incoterm.CIP}


@dataclass(frozen=True, slots=True)
class Valued:
    """One line in the jurisdiction's currency, unrounded. `goods` is the intrinsic value: the price
    without what is separately stated of its transport and insurance.
    """

    line: Line
    goods: Decimal
    freight: Decimal
    insurance: Decimal
    first_destination: Decimal
    customs_value: Decimal


def value(request: Request, rules: Rules) -> tuple[tuple[Valued, ...], tuple[Gap, ...]]:
    """Freight by gross weight if every line has one, else by value; insurance by value.

    Missing freight on a CIF basis is a gap or the rule's uplift, never zero; missing insurance is
    none, told as assumed. Only stated amounts are taken out of a price.
    """
    gaps = _gaps(request, rules)
    prices = {line.line_id: rules.convert(line.goods, request.currency) for line in request.lines}
    known = {key: price for key, price in prices.items() if price is not None}
    if len(known) < len(prices):
        message = f"no exchange rate from {request.currency} to {rules.currency}"
        return (), (*gaps, Gap("/currency", "fx_missing", "blocks", message))
    shares = _Shares(request, rules, known)
    return tuple(_valued(line, shares) for line in request.lines), tuple(gaps)


class _Shares:
    """What each line bears of the consignment's amounts: unrounded, for bases never are."""

    def __init__(self, request: Request, rules: Rules, prices: dict[str, Decimal]) -> None:
        self.request, self.rules, self.prices = request, rules, prices
        weights = _weights(request, prices)
        self.freight = self._parts(self._freight(), weights)
        self.insurance = self._parts(self._ours(request.insurance), prices)
        self.pre_carriage = self._parts(self._ours(request.pre_carriage), weights)
        self.post_border = self._parts(self._ours(request.post_border_cost), weights)
        self.first_destination = self._parts(self._ours(request.first_destination_cost), weights)

    def _freight(self) -> Decimal:
        stated, uplift = self.request.freight, self.rules.missing_freight
        contained = self.request.price_term in WITH_FREIGHT
        if stated is not None or contained or not uplift.endswith("%"):
            return self._ours(stated)
        return sum(self.prices.values(), ZERO) * Decimal(uplift.removesuffix("%")) / 100

    def _ours(self, amount: Decimal | None) -> Decimal:
        return self.rules.convert(amount or ZERO, self.request.currency) or ZERO

    def _parts(self, whole: Decimal, weights: dict[str, Decimal]) -> dict[str, Decimal]:
        if not whole:
            return dict.fromkeys(weights, ZERO)
        total = sum(weights.values(), ZERO)
        if total == 0:
            return {key: whole / len(weights) for key in weights}
        return {key: whole * weight / total for key, weight in weights.items()}

    def ours(self, amount: Decimal) -> Decimal:
        return self._ours(amount) if amount else ZERO


def _valued(line: Line, shares: _Shares) -> Valued:
    """Price, less what it contains and states, is the goods; the basis adds what it counts in."""
    key, term, rules = line.line_id, shares.request.price_term, shares.rules
    freight, insurance = shares.freight[key], shares.insurance[key]
    goods = shares.prices[key]
    if term in WITH_FREIGHT:
        goods -= freight
    if term in WITH_INSURANCE:
        goods -= insurance
    if term in _PAST_THE_BORDER:
        goods -= shares.post_border[key]
    amount = goods + shares.ours(line.additions) - shares.ours(line.deductions)
    if term not in WITH_FREIGHT:
        amount += shares.pre_carriage[key]
    if rules.basis == "CIF":
        amount += freight + insurance
    if "value" in rules.roundings:
        amount = rules.round("value", amount)
    return Valued(line, goods, freight, insurance, shares.first_destination[key], amount)


def _gaps(request: Request, rules: Rules) -> list[Gap]:
    gaps: list[Gap] = []
    counts_in = rules.basis == "CIF"
    lacks_freight = request.freight is None and request.price_term not in WITH_FREIGHT
    if lacks_freight and counts_in and not rules.missing_freight.endswith("%"):
        message = "this customs value includes the freight: choose a shipping option"
        gaps.append(Gap("/freight", "freight_missing", "blocks", message))
    elif lacks_freight and counts_in:
        message = f"freight is taken as {rules.missing_freight} of the goods' price"
        gaps.append(Gap("/freight", "freight_missing", "assumed", message))
    if request.insurance is None and counts_in:
        gaps.append(Gap("/insurance", "insurance_missing", "assumed", "no insurance is counted in"))
    if not rules.basis:
        message = f"no rule of customs value is loaded for {rules.jurisdiction}"
        gaps.append(Gap("/destination", "commodity_not_loaded", "blocks", message))
    return gaps


def _weights(request: Request, prices: dict[str, Decimal]) -> dict[str, Decimal]:
    grams = {line.line_id: line.gross_weight_g for line in request.lines}
    if all(grams.values()):
        return {key: Decimal(weight or 0) for key, weight in grams.items()}
    return prices
