"""Duty expressions: from a rate's text to terms, and from terms to an amount.

    expression = sum { ("MIN" | "MAX") sum }        MIN: not less than; MAX: not more than
    sum        = term { ("+" | "-") term }
    term       = "Free" | number "%" [ "on the" component ] | money ("each" | "/" [number] unit)

Seasons, references and agricultural components are not parsed here: their text stays, unknown.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from services.logistics.domain.tariff.units import Unit, unit_of

SIGNS = {"+": "+", "-": "-", "plus": "+", "less": "-"}


@dataclass(frozen=True)
class Term:
    """One of a percentage (of `of`) or an amount per so many units. `op` is +, -, MIN or MAX."""

    op: str
    pct: Fraction | None = None
    of: str = "customs_value"
    amount: Decimal | None = None
    currency: str = ""
    per: Decimal = Decimal(1)
    unit: Unit | None = None


@dataclass(frozen=True)
class Missing:
    """What an expression needs and the request does not give."""

    code: str
    what: str


Expression = tuple[Term, ...]
Convert = Callable[[Decimal, str], Decimal | None]  # amount, currency -> the ledger's currency
Measured = Callable[[Unit], Decimal | None]

_SPLIT = re.compile(r"\s+(MIN|MAX|but not less than|but not to exceed)\s+", re.IGNORECASE)
_SIGN = re.compile(r"\s*(\+)\s*|\s+(-|plus|less)\s+", re.IGNORECASE)
_PCT = re.compile(
    r"(?P<whole>\d[\d,]*(?:\.\d+)?)(?: (?P<top>\d+)/(?P<bottom>\d+))?\s*(?:%|percent)"
    r"(?:\s+on (?:the )?(?P<on>.+))?$",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"(?:(?P<front>[$€])\s*)?(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<back>¢|€|[A-Z]{3})?"
    r"\s*(?P<per>each|(?:/|\s+per\s+)\s*(?P<count>\d[\d,]*)?\s*(?P<unit>[^+]+))$"
)
_LIMITS = {"MIN": "MIN", "MAX": "MAX", "BUT NOT LESS THAN": "MIN", "BUT NOT TO EXCEED": "MAX"}


@lru_cache(maxsize=50_000)
def parse(text: str) -> Expression | None:
    """The terms in order; None for a text that is not understood as a whole."""
    normal = " ".join(text.replace("\u00a0", " ").split()).removesuffix(".")
    parts = _SPLIT.split(normal)
    ops = ["+", *(_LIMITS[word.upper()] for word in parts[1::2])]
    terms: list[Term] = []
    for op, part in zip(ops, parts[::2], strict=True):
        found = _sum(part, op)
        if found is None:
            return None
        terms += found
    return tuple(terms)


def evaluate(
    expression: Expression, base: Decimal, measured: Measured, convert: Convert
) -> Decimal | Missing:
    """Unrounded, never below zero. Splits at the last MIN or MAX: what follows it is the limit."""
    amounts = []
    for term in expression:
        amount = _amount(term, base, measured, convert)
        if isinstance(amount, Missing):
            return amount
        amounts.append((term.op, amount))
    return max(Decimal(0), _limited(amounts))


def _limited(amounts: list[tuple[str, Decimal]]) -> Decimal:
    last = max((at for at, (op, _) in enumerate(amounts) if op in ("MIN", "MAX")), default=0)
    if last == 0:
        return sum((-amount if op == "-" else amount for op, amount in amounts), Decimal(0))
    before = _limited(amounts[:last])
    op = amounts[last][0]
    limit = _limited([("+", amounts[last][1]), *amounts[last + 1 :]])
    return max(before, limit) if op == "MIN" else min(before, limit)


def _amount(term: Term, base: Decimal, measured: Measured, convert: Convert) -> Decimal | Missing:
    if term.pct is not None:
        if term.of != "customs_value":
            return Missing("component_value_missing", term.of.removeprefix("component:"))
        return base * term.pct.numerator / (term.pct.denominator * 100)
    assert term.amount is not None  # noqa: S101 - a term has one of both
    assert term.unit is not None  # noqa: S101
    quantity = measured(term.unit)
    if quantity is None:
        return Missing(term.unit.gap, term.unit.code)
    money = convert(term.amount, term.currency)
    if money is None:
        return Missing("fx_missing", term.currency)
    return money * quantity / term.per


def _sum(text: str, op: str) -> list[Term] | None:
    pieces = [piece for piece in _SIGN.split(text) if piece is not None]
    signs = [op, *(SIGNS[word.lower()] for word in pieces[1::2])]
    terms = [_term(piece.strip(), sign) for piece, sign in zip(pieces[::2], signs, strict=False)]
    known = [term for term in terms if term is not None]
    return known if len(known) == len(terms) else None


def _term(text: str, op: str) -> Term | None:
    if text.lower() == "free":
        return Term(op, pct=Fraction(0))
    if found := _PCT.fullmatch(text):
        pct = Fraction(found["whole"].replace(",", ""))
        if found["top"]:
            pct += Fraction(int(found["top"]), int(found["bottom"]))
        on = found["on"]
        return Term(op, pct=pct, of=f"component:{on.lower()}" if on else "customs_value")
    if found := _MONEY.fullmatch(text):
        return _specific(found, op)
    return None


def _specific(found: re.Match[str], op: str) -> Term | None:
    sign = found["front"] or found["back"] or ""
    currency = {"$": "USD", "¢": "USD", "€": "EUR"}.get(sign, sign)
    unit = unit_of("item" if found["per"] == "each" else found["unit"])
    if unit is None or not currency:
        return None
    amount = Decimal(found["number"].replace(",", ""))
    return Term(
        op,
        amount=amount / 100 if sign == "¢" else amount,
        currency=currency,
        per=Decimal((found["count"] or "1").replace(",", "")),
        unit=unit,
    )
