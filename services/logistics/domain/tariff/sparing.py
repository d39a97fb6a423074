"""A line whose duty is relieved: spared, a flat duty per item, or one simplified rate."""

from decimal import Decimal

from services.logistics.domain.tariff.duties import Charged, Drawer
from services.logistics.domain.tariff.evaluation import Facts, Missing, evaluate
from services.logistics.domain.tariff.grammar import parse
from services.logistics.domain.tariff.law import Relief
from services.logistics.domain.tariff.lines import LedgerLine, allocate
from services.logistics.domain.tariff.relief import flat_share
from services.logistics.domain.tariff.valuation import Valued

ZERO = Decimal(0)


def relieved(
    at: int, valued: tuple[Valued, ...], relief: Relief, drawer: Drawer, facts: Facts
) -> Charged:
    """No other duty is charged beside it."""
    exact, amount = _amounts(at, valued, relief, drawer, facts)
    line = LedgerLine(
        line_id=drawer.line_id,
        kind="duty",
        measure_kind="relief",
        measure_key=relief.rule_key,
        native_type=relief.kind,
        expression_text=relief.effect,
        base=valued[at].customs_value,
        unrounded=exact,
        amount=amount,
        currency=drawer.rules.currency,
        status="unknown" if amount is None else "applied" if amount else "relieved",
        because=f"{relief.measured_on.replace('_', ' ')} {relief.comparator} {relief.threshold} "
        f"{relief.currency}",
        due_at=drawer.due_at,
        payee="customs",
        cited=relief.cited,
        paid_by=drawer.paid_by,
    )
    return Charged(None, [line], base_duty=exact, duty=exact)


def _amounts(
    at: int, valued: tuple[Valued, ...], relief: Relief, drawer: Drawer, facts: Facts
) -> tuple[Decimal | None, Decimal | None]:
    """Unrounded and rounded. An item's flat duty is rounded as a whole, then shared by value."""
    rules = drawer.rules
    if relief.kind == "flat_per_item":
        _, number, currency = relief.effect.split()
        flat = rules.convert(Decimal(number), currency)
        if flat is None:
            return None, None
        is_low_value = drawer.request.entry_type == "informal"
        exact, weights = flat_share(flat, at, valued, is_low_value=is_low_value)
        parts = allocate(rules.round("duty", flat), weights, rules.currency)
        return exact, parts[drawer.line_id]
    if relief.kind == "simplified_rate":
        expression = parse(relief.effect)
        amount = None if expression is None else evaluate(expression, facts)
        if amount is None or isinstance(amount, Missing):
            return None, None
        return amount, rules.round("duty", amount)
    return ZERO, ZERO
