"""From an expression to an amount. What a term needs and nobody gave makes the whole unknown."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from services.logistics.domain.tariff.expression import VALUE, Expression, Term

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Missing:
    """What an expression needs and the request does not give: a gap's code, and its subject."""

    code: str
    what: str
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a line is measured by. Amounts are in the ledger's currency, unrounded."""

    value: Decimal
    day: str  # MM-DD, at the customs' place
    quantity: Callable[[str, str], Decimal | None]  # unit, qualifier
    part: Callable[[str], Decimal | None]  # what a percentage is of, besides the value
    convert: Callable[[Decimal, str], Decimal | None]
    refs: dict[str, Decimal] = field(default_factory=dict)  # filled as duties become known


def evaluate(expression: Expression, facts: Facts) -> Decimal | Missing:
    """Unrounded, never below zero. Splits at the last MIN or MAX: what follows it is the limit."""
    terms = expression.terms or _season(expression, facts.day)
    if isinstance(terms, Missing):
        return terms
    if len(terms) == 1:
        return _amount(terms[0], facts)
    amounts = []
    for term in terms:
        amount = _amount(term, facts)
        if isinstance(amount, Missing):
            return amount
        amounts.append((term.op, amount))
    return max(ZERO, _limited(amounts))


def _season(expression: Expression, day: str) -> tuple[Term, ...] | Missing:
    """Of the windows that hold the day; two that disagree say nothing."""
    found = {season.terms for season in expression.seasons if season.holds(day)}
    return found.pop() if len(found) == 1 else Missing("season_uncovered", day)


def _limited(amounts: list[tuple[str, Decimal]]) -> Decimal:
    last = max((at for at, (op, _) in enumerate(amounts) if op in ("MIN", "MAX")), default=0)
    if last == 0:
        return sum((-amount if op == "-" else amount for op, amount in amounts), ZERO)
    before = _limited(amounts[:last])
    op = amounts[last][0]
    limit = _limited([("+", amounts[last][1]), *amounts[last + 1 :]])
    return max(before, limit) if op == "MIN" else min(before, limit)


def _amount(term: Term, facts: Facts) -> Decimal | Missing:
    if term.pct is not None:
        return _percentage(term, facts)
    if term.amount is not None:
        return _specific(term, facts)
    if term.flat is not None:
        return _converted(term.flat, term.currency, facts)
    if term.agri:
        return Missing("meursing_code_missing", term.agri)
    found = facts.refs.get(term.ref)
    return Missing("rate_reference", term.ref) if found is None else found


def _percentage(term: Term, facts: Facts) -> Decimal | Missing:
    assert term.pct is not None  # noqa: S101 - its caller has looked
    if term.pct == 0:
        return ZERO  # Free needs nothing else
    of = facts.value if term.of == VALUE else _part(term.of, facts)
    if isinstance(of, Missing):
        return of
    return of * term.pct.numerator / (term.pct.denominator * 100)


def _part(of: str, facts: Facts) -> Decimal | Missing:
    kind, _, name = of.partition(":")
    code = {
        "component": "component_value_missing",
        "content": "content_missing",
        "retail_price": "retail_price_missing",
    }.get(kind, "component_value_missing")
    if kind != "component":
        found = facts.part(of)
        return Missing(code, of) if found is None else found
    total = ZERO
    for part in name.split("+"):
        found = facts.part(f"component:{part}")
        if found is None:
            return Missing(code, part)
        total += found
    return total


def _specific(term: Term, facts: Facts) -> Decimal | Missing:
    assert term.amount is not None  # noqa: S101
    money = _converted(term.amount, term.currency, facts)
    if isinstance(money, Missing):
        return money
    for unit in term.units:
        quantity = facts.quantity(unit, term.qualifier if unit == term.units[0] else "")
        if quantity is None:
            return Missing(_gap_code(unit, term.qualifier), unit, term.qualifier)
        money *= quantity
    return money / term.per


def _gap_code(unit: str, qualifier: str) -> str:
    if unit in ("ASV", "LPA", "PFL"):
        return "abv_missing"
    is_weight = unit in ("KGM", "DTN", "TNE", "GRM") and qualifier in ("", "net")
    return "net_weight_missing" if is_weight else "quantity_missing"


def _converted(amount: Decimal, currency: str, facts: Facts) -> Decimal | Missing:
    money = facts.convert(amount, currency)
    return Missing("fx_missing", currency) if money is None else money
