"""A price with duty and tax in it, taken apart: what of it is the goods, and what the charges.

Charges are piecewise linear and rise with the value, but for the steps where a relief ends. So the
price is cut at those steps; in each stretch value plus charges is continuous and meets the price
at most once, and on a straight piece the secant meets it exactly.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from contracts.values import Incoterm
from services.logistics.domain.tariff.law import Rules
from services.logistics.domain.tariff.ledger import Ledger
from services.logistics.domain.tariff.lines import Gap, sum_of
from services.logistics.domain.tariff.request import Request
from services.logistics.domain.tariff.valuation import value

ZERO, ONE = Decimal(0), Decimal(1)
_BEHIND = Decimal("1e-18")  # just past a step, as a share of the price
_SAME = Decimal("1e-15")  # one solution seen from both sides of a step that is none
_EXACT = Decimal("1e-12")  # far below a minor unit
_TRIES = 200
Calculated = Callable[[Request, Rules], Ledger]


def taken_apart(request: Request, rules: Rules, calculated: Calculated) -> Ledger:
    """Two solutions, where a relief leaves them: the higher value, with a warning."""
    search = _Search(request, rules, calculated)
    whole = search.ledger(ONE)
    if search.price is None or _charges(whole) is None:
        return whole  # what is unknown cannot be taken out; the higher figure stays
    found = search.shares()
    if not found:
        message = "no value of the goods makes this price with its own duty and tax"
        gap = Gap("/lines", "ddp_no_solution", "blocks", message)
        return replace(whole, gaps=(*whole.gaps, gap))
    ledger = search.ledger(max(found))
    if len(found) > 1:
        ledger = replace(ledger, warnings=(*ledger.warnings, "ddp_two_solutions"))
    rest = search.price - ledger.known_subtotal - search.contained
    return replace(ledger, goods=rules.round("value", rest))


def _charges(ledger: Ledger) -> Decimal | None:
    return sum_of([line.unrounded for line in ledger.lines])


class _Search:
    """Shares are of the price: what is left of it without its duty and tax."""

    def __init__(self, request: Request, rules: Rules, calculated: Calculated) -> None:
        self._request = replace(request, price_term=Incoterm.DAP)
        self._rules, self._calculated = rules, calculated
        stated = (request.freight, request.insurance, request.post_border_cost)
        inside = sum((each for each in stated if each is not None), ZERO)
        price = sum((line.goods for line in request.lines), ZERO)
        self.price = rules.convert(price, request.currency)
        self.contained = rules.convert(inside, request.currency) or ZERO

    def ledger(self, share: Decimal) -> Ledger:
        lines = tuple(replace(line, goods=line.goods * share) for line in self._request.lines)
        return self._calculated(replace(self._request, lines=lines), self._rules)

    def _excess(self, share: Decimal) -> Decimal | None:
        """Of value and charges over the price."""
        charges = _charges(self.ledger(share))
        assert self.price is not None  # noqa: S101 - its caller has looked
        return None if charges is None else self.price * share + charges - self.price

    def shares(self) -> list[Decimal]:
        """In every stretch between two steps, where value and charges make the price."""
        steps = [self._least(), *sorted(self._steps()), ONE]
        found: list[Decimal] = []
        for low, high in pairwise(steps):
            share = self._within(low + _BEHIND, high)
            if share is not None and (not found or share - found[-1] > _SAME):
                found.append(share)
        return found

    def _least(self) -> Decimal:
        return self.contained / self.price if self.price else ZERO

    def _steps(self) -> set[Decimal]:
        """The shares at which the consignment, or one piece of it, meets a relief's limit."""
        assert self.price is not None  # noqa: S101
        valued, _ = value(self._request, self._rules)
        steps: set[Decimal] = set()
        for relief in self._rules.reliefs:
            limit = self._rules.convert(relief.threshold, relief.currency)
            if limit is None:
                continue
            goods = sum((each.goods for each in valued), ZERO)
            customs = sum((each.customs_value for each in valued), ZERO)
            steps |= {ONE - (measured - limit) / self.price for measured in (goods, customs)}
            for each in valued:
                own = self._rules.convert(each.line.goods, self._request.currency) or ONE
                steps.add(ONE - (each.goods - limit * each.line.quantity) / own)
        return {step for step in steps if self._least() < step < ONE}

    def _within(self, low: Decimal, high: Decimal) -> Decimal | None:
        under, over = self._excess(low), self._excess(high)
        if under is None or over is None or under > _EXACT or over < -_EXACT:
            return None
        for turn in range(_TRIES):
            if over - under <= _EXACT:
                break
            middle = low - under * (high - low) / (over - under)
            if turn % 3 == 2:  # a bend may hold one end fast: halve now and then
                middle = (low + high) / 2
            excess = self._excess(middle)
            if excess is None:
                return None
            if abs(excess) <= _EXACT:
                return middle
            if excess < 0:
                low, under = middle, excess
            else:
                high, over = middle, excess
        return high if abs(over) <= _EXACT else low if abs(under) <= _EXACT else None
