"""A reference case, its measures given inline: to the engine's own rules, and the answer back.

The format is that of the public cases: JSON numbers, read with a decimal parser.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from services.logistics.domain.tariff.calculation import calculate
from services.logistics.domain.tariff.case_rules import NONE, CaseRules, NotACase, number
from services.logistics.domain.tariff.law import Rules, rounded
from services.logistics.domain.tariff.ledger import Ledger
from services.logistics.domain.tariff.lines import LedgerLine
from services.logistics.domain.tariff.request import Line, Request
from services.logistics.domain.tariff.selection import OTHER_SCHEDULE

__all__ = ["NotACase", "answer"]

ZERO = Decimal(0)
_LOW_VALUE = Decimal(150)  # the limit that the format's `h7_ioss_eligible` is defined by


def answer(case: Mapping[str, Any]) -> dict[str, Any]:
    """`{"id", "got"}`, with the keys of the case's `expected`. Raises NotACase, nothing else."""
    try:
        told = _Told(case)
        wanted = list(case.get("expected") or _SAYS)
        unknown = [key for key in wanted if key not in _SAYS]
        if unknown:
            raise NotACase(f"a case cannot expect {', '.join(unknown)}")
        return {"id": case["id"], "got": {key: _SAYS[key](told) for key in wanted}}
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as error:
        raise NotACase(f"{type(error).__name__}: {error}") from None


class _Told:
    """What the engine says of one case."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        made = CaseRules(case)
        self.rules: Rules = made.rules()
        self._request = _request(case, made)
        self.ledger: Ledger = calculate(self._request, self.rules)
        self.lines = [
            line
            for line in self.ledger.lines
            if line.measure_key != NONE and line.status != "displaced"
        ]

    def exact(self, *kinds: str) -> Decimal | None:
        """Unrounded sum; each subtotal is rounded from it."""
        found = [line.unrounded for line in self.lines if _role(line) in kinds]
        return None if None in found else sum((each for each in found if each), ZERO)

    def sum(self, *kinds: str) -> Decimal | None:
        exact = self.exact(*kinds)
        return None if exact is None else rounded(exact, self.rules.currency)

    def amounts(self, *kinds: str) -> Decimal | None:
        """Sum of rounded lines."""
        found = [line.amount for line in self.lines if not kinds or _role(line) in kinds]
        return None if None in found else sum((each for each in found if each), ZERO)

    def first(self, role: str) -> LedgerLine | None:
        return next((line for line in self.lines if _role(line) == role), None)

    def unwaived(self) -> Decimal | None:
        """The tax as it would be were the waiver not there."""
        reliefs = tuple(each for each in self.rules.reliefs if each.kind != "waive_charges")
        ledger = calculate(self._request, replace(self.rules, reliefs=reliefs, plans={}))
        found = [line.unrounded for line in ledger.lines if _role(line) == "vat"]
        total = None if None in found else sum((each for each in found if each), ZERO)
        return None if total is None else rounded(total, self.rules.currency)

    def landed(self) -> Decimal | None:
        total = self.amounts()
        goods = self.ledger.goods + self.ledger.freight + self.ledger.insurance
        return None if total is None else rounded(goods + total, self.rules.currency)

    def dutiable_value(self) -> Decimal | None:
        duties = (line.base for line in self.ledger.lines if line.measure_kind == "mfn")
        base = next(duties, None)
        return None if base is None else rounded(base, self.rules.currency)

    def tax_base(self) -> Decimal | None:
        line = self.first("vat")
        found = line.base if line else None
        return None if found is None else rounded(found, self.rules.currency)

    def chosen(self) -> str | None:
        line = self.first("base")
        return None if line is None else "uk" if line.programme == OTHER_SCHEDULE else "xi"


def _role(line: LedgerLine) -> str:
    if line.kind == "fee":
        return "fee"
    if line.kind == "tax":
        return "excise" if line.measure_kind == "excise" else "vat"
    return "base" if line.measure_kind == "mfn" else "additional"


_SAYS: Mapping[str, Callable[[_Told], Any]] = {
    "dutiable_value": _Told.dutiable_value,
    "intrinsic_value": lambda told: told.ledger.goods,
    "duty": lambda told: told.sum("base"),
    "duty_unrounded": lambda told: told.exact("base"),
    "additional_duty": lambda told: told.sum("additional"),
    "excise": lambda told: told.sum("excise"),
    "vat": lambda told: told.sum("vat"),
    "vat_before_waiver": _Told.unwaived,
    "voti": _Told.tax_base,
    "fees": lambda told: told.amounts("fee"),
    "total": lambda told: told.amounts(),
    "landed": _Told.landed,
    "lines": lambda told: [line.amount for line in told.lines],
    "chosen": _Told.chosen,
    "h7_ioss_eligible": lambda told: told.ledger.goods <= _LOW_VALUE,
}


def _request(case: Mapping[str, Any], made: CaseRules) -> Request:
    line = Line(
        line_id="l1",
        goods=number(case["customs_value"]),
        quantity=1,
        hs_code=made.code,
        origin=made.place,
        quantities=made.quantities,
        components=made.components,
        tax_class="standard",
    )
    return Request(
        jurisdiction=made.place,
        tax_area=made.place,
        destination=made.place,
        ship_from=made.place,
        from_jurisdiction=None,
        currency=case["currency"],
        lines=(line,),
        freight=number(case.get("shipping") or 0),
        insurance=number(case.get("insurance") or 0),
        incoterm=made.incoterm,
        rate_date=made.at,
        is_at_risk=False,
    )
