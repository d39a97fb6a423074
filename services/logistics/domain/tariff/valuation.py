"""Customs value per line: goods, with freight and insurance where the law counts them in."""

from dataclasses import dataclass
from decimal import Decimal

from services.logistics.domain.tariff.ledger import Gap
from services.logistics.domain.tariff.request import Line, Request
from services.logistics.domain.tariff.rules import Rules


@dataclass(frozen=True)
class Valued:
    """One line in the jurisdiction's currency, unrounded."""

    line: Line
    goods: Decimal
    freight: Decimal
    insurance: Decimal
    customs_value: Decimal


def value(request: Request, rules: Rules) -> tuple[tuple[Valued, ...], tuple[Gap, ...]]:
    """Freight by gross weight if every line has one, else by value; insurance by value.

    A price of ours is FCA the seller's place: it contains neither freight nor insurance. Missing
    freight on a CIF basis is a gap, never zero; missing insurance is none, told as assumed.
    """
    gaps: list[Gap] = []
    if request.freight is None and rules.basis == "CIF":
        message = "this customs value includes the freight: choose a shipping option"
        gaps.append(Gap("/freight", "freight_missing", "blocks", message))
    if request.insurance is None and rules.basis == "CIF":
        gaps.append(Gap("/insurance", "insurance_missing", "assumed", "no insurance is counted in"))
    if not rules.basis:
        message = f"no rule of customs value is loaded for {rules.jurisdiction}"
        gaps.append(Gap("/destination", "commodity_not_loaded", "blocks", message))
    goods = {line.line_id: _ours(line.goods, request, rules) for line in request.lines}
    if any(amount is None for amount in goods.values()):
        message = f"no exchange rate from {request.currency} to {rules.currency}"
        return (), (*gaps, Gap("/currency", "fx_missing", "blocks", message))
    known = {key: amount for key, amount in goods.items() if amount is not None}
    freight = _shares(request.freight, _weights(request, known), request, rules)
    insurance = _shares(request.insurance, known, request, rules)
    counts_in = rules.basis == "CIF"
    valued = [
        Valued(
            line,
            known[line.line_id],
            freight[line.line_id],
            insurance[line.line_id],
            known[line.line_id]
            + (freight[line.line_id] + insurance[line.line_id] if counts_in else Decimal(0)),
        )
        for line in request.lines
    ]
    return tuple(valued), tuple(gaps)


def _weights(request: Request, goods: dict[str, Decimal]) -> dict[str, Decimal]:
    grams = {line.line_id: line.gross_weight_g for line in request.lines}
    if all(grams.values()):
        return {key: Decimal(weight or 0) for key, weight in grams.items()}
    return goods


def _shares(
    whole: Decimal | None, weights: dict[str, Decimal], request: Request, rules: Rules
) -> dict[str, Decimal]:
    """Unrounded: bases never are."""
    total = sum(weights.values(), Decimal(0))
    ours = _ours(whole or Decimal(0), request, rules) or Decimal(0)
    if total == 0:
        return {key: ours / len(weights) for key in weights}
    return {key: ours * weight / total for key, weight in weights.items()}


def _ours(amount: Decimal, request: Request, rules: Rules) -> Decimal | None:
    return rules.convert(amount, request.currency)
