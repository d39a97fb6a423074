"""Reliefs: what a consignment is spared, tested once on its sum, never per line."""

from decimal import Decimal

from services.logistics.domain.tariff.request import Request
from services.logistics.domain.tariff.rules import Relief, Rules
from services.logistics.domain.tariff.valuation import Valued


def relief_for(
    charge: str, request: Request, rules: Rules, valued: tuple[Valued, ...]
) -> Relief | None:
    """Of the rules that relieve this charge (duty, vat, gst), the matching one that comes first."""
    matching = [
        relief
        for relief in rules.reliefs
        if _relieves(relief, charge)
        and _holds(relief, request)
        and _is_within(relief, rules, valued)
    ]
    return max(matching, key=lambda relief: relief.precedence, default=None)


def _relieves(relief: Relief, charge: str) -> bool:
    """`tax` stands for every tax; duty is not one."""
    return charge in relief.relieves or (charge != "duty" and "tax" in relief.relieves)


def _is_within(relief: Relief, rules: Rules, valued: tuple[Valued, ...]) -> bool:
    threshold = rules.convert(relief.threshold, relief.currency)
    if threshold is None:
        return False  # a fact that could only lower the charge is missing: the higher figure stays
    measured = _measured(relief.measured_on, valued)
    return measured < threshold if relief.comparator == "<" else measured <= threshold


def _measured(on: str, valued: tuple[Valued, ...]) -> Decimal:
    """Of the whole consignment; an item's value is the dearest unit's."""
    if on == "customs_value":
        return sum((each.customs_value for each in valued), Decimal(0))
    if on == "item_value":
        return max(each.goods / each.line.quantity for each in valued)
    return sum((each.goods for each in valued), Decimal(0))


def _holds(relief: Relief, request: Request) -> bool:
    facts = {
        "buyer": {request.buyer},
        "mode": {request.mode},
        "channel": {request.channel},
        "ship_from": {request.ship_from},
        "scheme": set(request.schemes),
    }
    return all(
        bool(facts[name] & wanted)
        for name, wanted in relief.conditions.items()
        if name != "goods_not"  # excise goods are refused before: no such line is declarable here
    )
