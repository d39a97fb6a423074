"""Duty expressions as structure: terms, seasons, and their JSON, numbers being strings.

{"terms": [{"op": "+", "pct": "10.2"}, {"op": "MIN", "amount": "22.00", "currency": "EUR",
            "per": "1", "units": ["DTN"], "qualifier": "net"}]}
{"seasons": [{"from": "07-01", "to": "01-31", "terms": [...]}]}
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contracts.values import CURRENCIES

OPS = ("+", "-", "MIN", "MAX")
AGRICULTURAL = ("EA", "ADSZ", "ADFM")
VALUE = "customs_value"
ONE = Decimal(1)
_NUMBER = re.compile(r"[0-9]{1,24}(?:\.[0-9]{1,24})?", re.ASCII)
_FRACTION = re.compile(r"([0-9]{1,24})/([1-9][0-9]{0,23})", re.ASCII)
_DAY = re.compile(r"(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:,.+-]{0,80}", re.ASCII)
_FORMS = {  # what a term is -> the fields it may have besides its op
    "pct": {"of"},
    "amount": {"currency", "per", "units", "qualifier"},
    "flat": {"currency"},
    "ref": set(),
    "agri": set(),
}


class NotStructured(ValueError):
    """This JSON is no duty expression."""


@dataclass(frozen=True, slots=True)
class Term:
    """One of a percentage (of `of`), an amount per `per` x units, a flat amount, a reference, or
    an agricultural component. `op` joins it to what stands before: +, -, MIN (not less than) or
    MAX (not more than).
    """

    op: str
    pct: Fraction | None = None
    of: str = VALUE
    amount: Decimal | None = None
    currency: str = ""
    per: Decimal = ONE
    units: tuple[str, ...] = ()
    qualifier: str = ""
    flat: Decimal | None = None
    ref: str = ""
    agri: str = ""


@dataclass(frozen=True, slots=True)
class Season:
    """Both days are inside, as month and day; it may wrap the year."""

    since: str
    until: str
    terms: tuple[Term, ...]

    def holds(self, day: str) -> bool:
        if self.since <= self.until:
            return self.since <= day <= self.until
        return day >= self.since or day <= self.until


@dataclass(frozen=True, slots=True)
class Expression:
    """Terms that always hold, or seasons of them; never both."""

    terms: tuple[Term, ...] = ()
    seasons: tuple[Season, ...] = ()


def as_json(expression: Expression) -> dict[str, Any]:
    if expression.terms:
        return {"terms": [_term_json(term) for term in expression.terms]}
    return {
        "seasons": [
            {"from": one.since, "to": one.until, "terms": [_term_json(term) for term in one.terms]}
            for one in expression.seasons
        ]
    }


def _term_json(term: Term) -> dict[str, Any]:
    if term.pct is not None:
        of = {} if term.of == VALUE else {"of": term.of}
        return {"op": term.op, "pct": fraction_text(term.pct), **of}
    if term.amount is not None:
        qualifier = {"qualifier": term.qualifier} if term.qualifier else {}
        return {
            "op": term.op,
            "amount": f"{term.amount:f}",
            "currency": term.currency,
            "per": f"{term.per:f}",
            "units": list(term.units),
            **qualifier,
        }
    if term.flat is not None:
        return {"op": term.op, "flat": f"{term.flat:f}", "currency": term.currency}
    return {"op": term.op, "ref": term.ref} if term.ref else {"op": term.op, "agri": term.agri}


def fraction_text(value: Fraction) -> str:
    """Decimal where it ends, else as a fraction: 33 1/3 is 100/3."""
    digits = 0
    rest = value.denominator
    for prime in (2, 5):
        times = 0
        while rest % prime == 0:
            rest, times = rest // prime, times + 1
        digits = max(digits, times)
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    whole = str(value.numerator * 10**digits // value.denominator).rjust(digits + 1, "0")
    return f"{whole[:-digits]}.{whole[-digits:]}" if digits else whole


def from_json(given: Any) -> Expression:
    """Raises NotStructured, and nothing else, for what is no expression."""
    if not isinstance(given, Mapping) or len(given) != 1:
        raise NotStructured("an expression has either `terms` or `seasons`")
    if "terms" in given:
        return Expression(terms=_terms(given["terms"]))
    return Expression(seasons=tuple(_season(one) for one in _listed(given.get("seasons"))))


def _listed(given: Any) -> list[Any]:
    if not isinstance(given, list) or not given:
        raise NotStructured("a list that is not empty is wanted")
    return given


def _season(given: Any) -> Season:
    if not isinstance(given, Mapping) or set(given) != {"from", "to", "terms"}:
        raise NotStructured("a season has `from`, `to` and `terms`")
    days = [given["from"], given["to"]]
    if not all(isinstance(day, str) and _DAY.fullmatch(day) for day in days):
        raise NotStructured("a day of a season is written MM-DD")
    return Season(days[0], days[1], _terms(given["terms"]))


def _terms(given: Any) -> tuple[Term, ...]:
    terms = tuple(_term(one) for one in _listed(given))
    if terms[0].op != "+":
        raise NotStructured("the first term is added")
    return terms


def _term(given: Any) -> Term:
    if not isinstance(given, Mapping) or given.get("op") not in OPS:
        raise NotStructured(f"a term begins with one of {', '.join(OPS)}")
    forms = [form for form in _FORMS if form in given]
    if len(forms) != 1 or set(given) - {"op", forms[0]} - _FORMS[forms[0]]:
        raise NotStructured(f"a term has one of {', '.join(_FORMS)}, and what belongs to it")
    form = forms[0]
    if form == "pct":
        of = _word(given.get("of", VALUE), "of")
        return Term(given["op"], pct=fraction_of(given["pct"]), of=of)
    if form == "amount":
        return _specific(given)
    if form == "flat":
        return Term(given["op"], flat=number_of(given["flat"]), currency=_currency(given))
    if form == "agri" and given["agri"] not in AGRICULTURAL:
        raise NotStructured(f"an agricultural component is one of {', '.join(AGRICULTURAL)}")
    return Term(given["op"], **{form: _word(given[form], form)})  # type: ignore[arg-type]


def _specific(given: Mapping[str, Any]) -> Term:
    per = number_of(given.get("per", "1"))
    if not per:
        raise NotStructured("`per` is above zero")
    return Term(
        given["op"],
        amount=number_of(given["amount"]),
        currency=_currency(given),
        per=per,
        units=tuple(_word(unit, "units") for unit in _listed(given.get("units"))),
        qualifier=_word(given["qualifier"], "qualifier") if given.get("qualifier") else "",
    )


def _currency(given: Mapping[str, Any]) -> str:
    code = given.get("currency")
    if not isinstance(code, str) or code not in CURRENCIES:
        raise NotStructured("an amount has a currency of ISO 4217")
    return code


def _word(given: Any, field: str) -> str:
    if not isinstance(given, str) or not _WORD.fullmatch(given):
        raise NotStructured(f"`{field}` is a word")
    return given


def number_of(given: Any) -> Decimal:
    if not isinstance(given, str) or not _NUMBER.fullmatch(given):
        raise NotStructured('a number is a string such as "22.00", never below zero')
    return Decimal(given)


def fraction_of(given: Any) -> Fraction:
    if isinstance(given, str) and (found := _FRACTION.fullmatch(given)):
        return Fraction(int(found[1]), int(found[2]))
    return Fraction(number_of(given))
