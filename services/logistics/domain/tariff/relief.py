"""Reliefs: what a consignment is spared, tested once on its sum, never per line."""

from collections.abc import Callable
from decimal import Decimal

from services.logistics.domain.tariff.law import Relief, Rules
from services.logistics.domain.tariff.request import Line, Request
from services.logistics.domain.tariff.valuation import Valued

SPARING = frozenset({"exempt", "gift", "postal"})
INSTEAD = SPARING | {"flat_per_item", "simplified_rate"}  # in place of a charge as it is worked out
LOW_VALUE_DIGITS = 6  # an item of a low-value declaration is classified by so many


class Reliefs:
    """Those whose conditions and threshold this consignment meets."""

    def __init__(self, request: Request, rules: Rules, valued: tuple[Valued, ...]) -> None:
        self._request, self._rules, self._valued = request, rules, valued
        self._matching = [each for each in rules.reliefs if self._matches(each, request.schemes)]

    def of(self, charge: str, kinds: frozenset[str]) -> Relief | None:
        """Of the rules of these kinds that relieve this charge (duty, excise, vat ...), the first
        by precedence. `tax` stands for every tax; duty is not one.
        """
        matching = [
            relief
            for relief in self._matching
            if relief.kind in kinds
            and (charge in relief.relieves or (charge != "duty" and "tax" in relief.relieves))
        ]
        return max(matching, key=lambda each: (each.precedence, each.rule_key), default=None)

    def lacking_a_number(self, charge: str) -> bool:
        """A scheme would collect this tax at sale, but its registration number was not given."""
        unnumbered = self._request.schemes_without_number
        return bool(unnumbered) and any(
            relief.kind == "scheme"
            and charge in relief.relieves
            and self._matches(relief, unnumbered)
            for relief in self._rules.reliefs
        )

    def _matches(self, relief: Relief, schemes: frozenset[str]) -> bool:
        if relief.kind == "gift" and not all(each.line.is_gift for each in self._valued):
            return False
        return self._holds(relief, schemes) and self._is_within(relief)

    def _holds(self, relief: Relief, schemes: frozenset[str]) -> bool:
        request = self._request
        facts = {
            "buyer": {request.buyer},
            "mode": {request.mode},
            "channel": {request.channel},
            "ship_from": {request.ship_from},
            "scheme": set(schemes),
        }
        for name, wanted in relief.conditions.items():
            if name == "goods_not":
                if any(self._is_listed(each.line, wanted) for each in self._valued):
                    return False
            elif not facts.get(name, set()) & wanted:
                return False
        return True

    def _is_listed(self, line: Line, names: frozenset[str]) -> bool:
        code = line.hs_code or ""
        return any(
            code.startswith(prefix) for name in names for prefix in self._rules.lists.get(name, ())
        )

    def _is_within(self, relief: Relief) -> bool:
        if relief.measured_on in ("charges", "duty_difference"):
            return True  # tested once they are known
        threshold = self._rules.convert(relief.threshold, relief.currency)
        if threshold is None:
            return False  # a fact that could only lower the charge is missing
        return within(relief, _measured(relief.measured_on, self._valued), threshold)


def within(relief: Relief, measured: Decimal, threshold: Decimal) -> bool:
    return measured < threshold if relief.comparator == "<" else measured <= threshold


def _measured(on: str, valued: tuple[Valued, ...]) -> Decimal:
    """Of the whole consignment; an item's value is the dearest unit's."""
    if on == "item_value":
        return max(each.goods / each.line.quantity for each in valued)
    worth = _WORTH.get(on, _goods)
    return sum((worth(each) for each in valued), Decimal(0))


def _goods(each: Valued) -> Decimal:
    return each.goods


def _customs_value(each: Valued) -> Decimal:
    return each.customs_value


def _retail_value(each: Valued) -> Decimal:
    return each.line.components.get("retail_price", each.goods)


_WORTH: dict[str, Callable[[Valued], Decimal]] = {
    "intrinsic_value": _goods,
    "customs_value": _customs_value,
    "fair_retail_value": _retail_value,
}


def flat_share(
    flat: Decimal, at: int, valued: tuple[Valued, ...], *, is_low_value: bool
) -> tuple[Decimal, dict[str, Decimal]]:
    """An item is a declaration line: what shares code, description and origin is one.

    A line's unrounded share of its item's flat duty, by value; and the weights of the item.
    """
    mine = _item(valued[at], is_low_value)
    item = {each.line.line_id: each.goods for each in valued if _item(each, is_low_value) == mine}
    total = sum(item.values(), Decimal(0))
    if not total:
        return flat / len(item), item
    return flat * valued[at].goods / total, item


def _item(each: Valued, is_low_value: bool) -> tuple[str, str, str]:
    line = each.line
    code = line.hs_code or line.line_id
    cut = code[:LOW_VALUE_DIGITS] if is_low_value and line.hs_code else code
    return cut, line.description, line.origin or ""
