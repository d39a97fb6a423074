"""The measures of a reference case as the engine's rules."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contracts.values import CURRENCIES, Incoterm
from services.logistics.domain.tariff.expression import OPS, VALUE, Expression, Term
from services.logistics.domain.tariff.law import (
    Cited,
    Fee,
    Measure,
    Relief,
    Rules,
    Tax,
    TaxRate,
)
from services.logistics.domain.tariff.rates import Rate
from services.logistics.domain.tariff.rules import by_prefix
from services.logistics.domain.tariff.selection import OTHER_SCHEDULE

NONE = "case:none"  # the base duty of a case that has none: free
_FOREVER = datetime(1900, 1, 1, tzinfo=UTC)
_DUTIES = {  # role -> kind, programme, mode
    "base": ("mfn", "", "additive"),
    "additional": ("additional", "", "additive"),
    "excise": ("excise", "", "additive"),
    "excise_inclusive": ("excise", "", "inclusive"),
    "alternative_uk": ("mfn", OTHER_SCHEDULE, "additive"),
    "alternative_eu": ("mfn", "", "additive"),
}
_ROLES = {*_DUTIES, "vat", "fee", "waiver_below"}
_UNITS = {"NO": ("NAR", ""), "JEWEL": ("JWL", ""), "TNEI": ("TNE", "biodiesel")}
_TRANSPORT = ("international_transport", "international_insurance")
_SMALL_DIFFERENCE = Decimal(3)  # per cent of the value: how the format chooses of two schedules


class NotACase(ValueError):
    """What was given has not the form of a reference case."""


def number(given: Any) -> Decimal:
    """JSON numbers are decimals here; a float has lost its digits already."""
    if isinstance(given, bool) or not isinstance(given, int | Decimal | str):
        raise NotACase(f"{given!r} is no decimal number")
    found = Decimal(given)
    if not found.is_finite() or abs(found) > Decimal("1e15"):
        raise NotACase(f"{given!r} is no amount")
    return found


class CaseRules:
    """Nothing is selected by the case's labels: every measure applies."""

    place, code, incoterm = "XX", "0000000000", Incoterm.DAP

    def __init__(self, case: Mapping[str, Any]) -> None:
        self._case = case
        self._currency = _currency(case.get("result_currency") or case["currency"])
        self._day = date.fromisoformat(case["date"])
        self.at = datetime.combine(self._day, time(12), UTC)
        self.quantities, self.components = self._quantities()
        measures = [(str(at), one) for at, one in enumerate(case["measures"])]
        strange = [one["role"] for _, one in measures if one["role"] not in _ROLES]
        if strange:
            raise NotACase(f"no such role: {', '.join(map(str, strange))}")
        self._duties = [self._duty(at, one) for at, one in measures if one["role"] in _DUTIES]
        self._vats = [(at, one) for at, one in measures if one["role"] == "vat"]
        self._fees = [self._fee(at, one) for at, one in measures if one["role"] == "fee"]
        self._reliefs = [relief for at, one in measures for relief in self._reliefs_of(at, one)]
        if not any(each.kind == "mfn" for each in self._duties):
            self._duties.insert(0, self._free())

    def rules(self) -> Rules:
        basis = self._case["valuation_basis"]
        if basis not in ("CIF", "FOB"):
            raise NotACase(f"no such basis of value: {basis}")
        atoms = ("customs_value", "duty", "excise", *(_TRANSPORT if basis == "FOB" else ()))
        return Rules(
            jurisdiction=self.place,
            currency=self._currency,
            valid_at=self.at,
            known_at=self.at,
            commodities={self.code: True},
            by_prefix=by_prefix(self._duties),
            areas={},
            basis=basis,
            taxes=tuple(Tax(f"VAT{at}", atoms, "customs", self._cited(one))
                        for at, one in self._vats),
            tax_rates={
                (f"VAT{at}", self.place, "standard"): TaxRate(
                    f"VAT{at}", "standard", self._vat_rate(one), self._cited(one)
                )
                for at, one in self._vats
            },
            fees=tuple(self._fees),
            reliefs=tuple(self._reliefs),
            relations=(),
            rates=_rates(self._case.get("fx") or {}),
            coverage={},
        )  # fmt: skip

    def _quantities(self) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
        """Quantities by the engine's units; the retail price, which is money, apart."""
        found, parts = {}, {}
        for unit, amount in (self._case.get("quantity") or {}).items():
            if unit == "RET":
                parts["retail_price"] = number(amount)
            else:
                code, qualifier = _UNITS.get(unit, (unit, ""))
                found[f"{code}:{qualifier}" if qualifier else code] = number(amount)
        return found, parts

    def _duty(self, at: str, one: Mapping[str, Any]) -> Measure:
        kind, programme, mode = _DUTIES[one["role"]]
        text = str(one.get("expression") or "")
        expression = self._expression(at, one)
        return Measure(
            measure_key=f"case:{at.rjust(3, '0')}",
            kind=kind,
            native_type=f"{at}: {one.get('type')}",
            prefixes=(self.code,),
            rate=Rate(text, "parsed", expression),
            cited=self._cited(one),
            programme=programme,
            mode=mode,
        )

    def _free(self) -> Measure:
        free = Expression((Term("+", pct=Fraction(0)),))
        cited = self._cited({})
        return Measure(NONE, "mfn", "none", (self.code,), Rate("Free", "parsed", free), cited)

    def _fee(self, at: str, one: Mapping[str, Any]) -> Fee:
        text = str(one.get("expression") or "")
        cited = self._cited(one)
        expression = self._expression(at, one)
        return Fee(f"fee {at}", expression, text, "customs_value", "entry", {}, "", False, cited)

    def _reliefs_of(self, at: str, one: Mapping[str, Any]) -> list[Relief]:
        cited, role = self._cited(one), one["role"]
        if role == "waiver_below":
            limit = number(one["components"][0]["flat"])
            relieves = frozenset({"duty", "tax"})
            return [self._relief("waive_charges", limit, "<", relieves, "waived", cited)]
        if role == "alternative_uk":
            none: frozenset[str] = frozenset()
            return [self._relief("duty_difference", _SMALL_DIFFERENCE, "<=", none, "", cited)]
        if one.get("scale") is None:
            return []
        relieves = frozenset({f"vat{at}" if role == "vat" else "excise"})
        effect = f"x {number(one['scale'])}"
        return [self._relief("scale", Decimal(0), ">=", relieves, effect, cited)]

    def _relief(
        self, kind: str, limit: Decimal, comparator: str, relieves: frozenset[str], effect: str,
        cited: Cited,
    ) -> Relief:  # fmt: skip
        on = {"duty_difference": "duty_difference"}.get(kind, "charges")
        key = f"case:{kind}:{'.'.join(sorted(relieves))}"
        return Relief(
            key, kind, limit, self._currency, comparator, on, {}, relieves, effect, 0, cited
        )

    def _vat_rate(self, one: Mapping[str, Any]) -> Decimal:
        components = one["components"]
        if len(components) != 1 or "pct" not in components[0]:
            raise NotACase("a tax is one percentage")
        return number(components[0]["pct"])

    def _expression(self, at: str, one: Mapping[str, Any]) -> Expression:
        terms = [self._term(part, f"{at}.{index}") for index, part in enumerate(one["components"])]
        if not terms:
            raise NotACase("a measure has components")
        return Expression(tuple(terms))

    def _term(self, part: Mapping[str, Any], name: str) -> Term:
        op = part["op"]
        if op not in OPS:
            raise NotACase(f"no such operator: {op}")
        if "pct" in part:
            return Term(op, pct=Fraction(number(part["pct"])), of=self._of(part, name))
        if "amount" in part:
            units = [_UNITS.get(unit, (unit, "")) for unit in part["units"]]
            return Term(
                op,
                amount=number(part["amount"]),
                currency=_currency(part["currency"]),
                per=number(part.get("per", 1)),
                units=tuple(code for code, _ in units),
                qualifier=units[0][1],
            )
        if "flat" in part:
            currency = _currency(part.get("currency") or self._currency)
            return Term(op, flat=number(part["flat"]), currency=currency)
        return Term(op, ref=str(part["ref"]))

    def _of(self, part: Mapping[str, Any], name: str) -> str:
        """`base_value` is the value of a part of the goods."""
        if "base_value" in part:
            self.components[f"component:{name}"] = number(part["base_value"])
            return f"component:{name}"
        return str(part.get("of") or VALUE)

    def _cited(self, one: Mapping[str, Any]) -> Cited:
        """Both days are inside; a measure that is not in force on the day is refused."""
        begins = _midnight(one.get("start")) or _FOREVER
        last = _midnight(one.get("end"))
        ends = None if last is None else last + timedelta(days=1)
        if not begins <= self.at or (ends is not None and self.at >= ends):
            raise NotACase(f"{one.get('type')} is not in force on {self._day}")
        source = str(self._case.get("source") or "")
        return Cited(source, "", str(self._case.get("confidence") or "medium"), begins, ends)


def _midnight(day: str | None) -> datetime | None:
    return datetime.combine(date.fromisoformat(day), time(), UTC) if day else None


def _currency(code: Any) -> str:
    if code not in CURRENCIES:
        raise NotACase(f"{code!r} is no currency")
    return str(code)


def _rates(pairs: Mapping[str, Any]) -> dict[str, Decimal]:
    """`{"EURGBP": x}`: 1 EUR is x GBP; `1/0.91` is kept as two numbers, so nothing is lost."""
    rates: dict[str, Decimal] = {}
    for pair, rate in pairs.items():
        one, other = _currency(pair[:3]), _currency(pair[3:])
        top, _, bottom = str(rate).partition("/")
        worth, times = number(top), number(bottom or "1")
        if other in rates and one not in rates:
            rates[one] = rates[other] * times / worth
        else:
            rates[one] = rates.get(one, times)
            rates[other] = rates[one] * worth / times
    return rates
