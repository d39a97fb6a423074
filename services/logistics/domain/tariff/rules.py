"""The law as dated rows, and an immutable snapshot of it at one moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.logistics.domain.tariff.expression import Expression
from services.logistics.domain.tariff.grammar import parse

Fields = Mapping[str, str]  # a CSV row: what the file says, as text
CURRENCIES = {"US": "USD", "EU": "EUR", "GB": "GBP", "XI": "GBP", "CA": "CAD", "AU": "AUD"}
BASE_KINDS = frozenset({"mfn"})
ADDED_KINDS = frozenset({"additional", "security", "safeguard", "anti_dumping", "countervailing"})
CHARGED = frozenset({"in_force", "challenged"})


@dataclass(frozen=True)
class Cited:
    """Where a rule stands, since when, and how sure we are."""

    source: str
    legal_ref: str
    confidence: str
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True)
class Measure:
    """A duty. `expression` is None where its text is not understood: charged as unknown."""

    measure_key: str
    kind: str
    native_type: str
    prefixes: tuple[str, ...]
    excluded: tuple[str, ...]
    origin_area: str
    origin_exclusions: frozenset[str]
    tags: frozenset[str]
    mode: str
    expression_text: str
    expression: Expression | None
    legal_status: str
    cited: Cited


@dataclass(frozen=True)
class Fee:
    fee: str
    pct: Decimal | None
    least: Decimal | None
    most: Decimal | None
    flat: Decimal | None
    currency: str
    applies: Mapping[str, frozenset[str]]
    payee: str
    cited: Cited


@dataclass(frozen=True)
class Relief:
    rule_key: str
    kind: str
    threshold: Decimal
    currency: str
    comparator: str
    measured_on: str
    conditions: Mapping[str, frozenset[str]]
    relieves: frozenset[str]
    effect: str
    precedence: int
    cited: Cited


@dataclass(frozen=True)
class Tax:
    tax: str
    atoms: tuple[str, ...]
    collected_by: str
    cited: Cited


@dataclass(frozen=True)
class TaxRate:
    tax: str
    rate: Decimal  # per cent
    cited: Cited


@dataclass(frozen=True)
class Rules:
    """One jurisdiction at (valid_at, known_at). Built once, shared, never changed."""

    jurisdiction: str
    currency: str
    valid_at: datetime
    known_at: datetime
    commodities: Mapping[str, bool]  # code -> declarable
    by_prefix: Mapping[str, tuple[Measure, ...]]
    areas: Mapping[str, frozenset[str]]
    basis: str  # CIF, FOB, FOB_DIRECT_SHIPMENT; empty where none is loaded
    taxes: tuple[Tax, ...]
    tax_rates: Mapping[tuple[str, str, str], TaxRate]  # tax, area, class
    fees: tuple[Fee, ...]
    reliefs: tuple[Relief, ...]
    displaces: tuple[tuple[str, str], ...]  # tag -> tag
    rates: Mapping[str, Decimal]  # units of a currency per EUR
    coverage: Mapping[str, tuple[str, str]]  # layer -> state, as_of

    def convert(self, amount: Decimal, currency: str) -> Decimal | None:
        """Into the jurisdiction's currency, unrounded, through the series' base; None: no rate."""
        if currency == self.currency:
            return amount
        ours, theirs = self.rates.get(self.currency), self.rates.get(currency)
        return None if ours is None or theirs is None else amount / theirs * ours

    def measures_for(self, code: str) -> list[Measure]:
        """Every measure whose scope holds the code, the longest prefix first."""
        found = [
            measure
            for length in range(len(code), 1, -1)
            for measure in self.by_prefix.get(code[:length], ())
        ]
        return [one for one in found if not any(code.startswith(out) for out in one.excluded)]

    def holds(self, area: str, country: str) -> bool:
        members = self.areas.get(area, frozenset({area}))
        return "*" in members or country in members


def compile_rules(
    jurisdiction: str,
    valid_at: datetime,
    known_at: datetime,
    rows: Mapping[str, Iterable[tuple[Fields, Cited]]],
) -> Rules:
    """From the rows of one jurisdiction (and of areas and rates, which belong to none) in force."""
    measures = [_measure(fields, cited) for fields, cited in rows.get("measures", ())]
    by_prefix: dict[str, list[Measure]] = {}
    for measure in measures:
        for prefix in measure.prefixes:
            by_prefix.setdefault(prefix, []).append(measure)
    areas: dict[str, set[str]] = {}
    for fields, _ in rows.get("areas", ()):
        areas.setdefault(fields["area"], set()).add(fields["member"])
    return Rules(
        jurisdiction=jurisdiction,
        currency=CURRENCIES.get(jurisdiction, ""),
        valid_at=valid_at,
        known_at=known_at,
        commodities={
            fields["code"]: fields["declarable"] == "true"
            for fields, _ in rows.get("commodities", ())
        },
        by_prefix={prefix: tuple(found) for prefix, found in by_prefix.items()},
        areas={area: frozenset(members) for area, members in areas.items()},
        basis=next((fields["basis"] for fields, _ in rows.get("valuation", ())), ""),
        taxes=tuple(_tax(fields, cited) for fields, cited in rows.get("taxes", ())),
        tax_rates=dict(_tax_rate(fields, cited) for fields, cited in rows.get("tax_rates", ())),
        fees=tuple(_fee(fields, cited) for fields, cited in rows.get("fees", ())),
        reliefs=tuple(_relief(fields, cited) for fields, cited in rows.get("reliefs", ())),
        displaces=tuple(
            (fields["subject"], fields["object"])
            for fields, _ in rows.get("relations", ())
            if fields["relation"] == "displaces"
        ),
        rates={"EUR": Decimal(1)}
        | {fields["quote"]: Decimal(fields["rate"]) for fields, _ in rows.get("fx_rates", ())},
        coverage={
            fields["layer"]: (fields["state"], fields["as_of"])
            for fields, _ in rows.get("coverage", ())
        },
    )


def _measure(fields: Fields, cited: Cited) -> Measure:
    scope = fields["scope"].split(";")
    return Measure(
        measure_key=fields["measure_key"],
        kind=fields["kind"],
        native_type=fields["native_type"],
        prefixes=tuple(part for part in scope if part[0] != "!"),
        excluded=tuple(part[1:] for part in scope if part[0] == "!"),
        origin_area=fields["origin_area"] or "1011",
        origin_exclusions=frozenset(_words(fields["origin_exclusions"])),
        tags=frozenset(_words(fields["tags"])),
        mode=fields["mode"] or "additive",
        expression_text=fields["expression"],
        expression=parse(fields["expression"]),
        legal_status=fields["legal_status"] or "in_force",
        cited=cited,
    )


def _fee(fields: Fields, cited: Cited) -> Fee:
    return Fee(
        fee=fields["fee"],
        pct=_number(fields["pct"]),
        least=_number(fields["min"]),
        most=_number(fields["max"]),
        flat=_number(fields["flat"]),
        currency=fields["currency"],
        applies=_conditions(fields["applies"]),
        payee=fields["payee"],
        cited=cited,
    )


def _relief(fields: Fields, cited: Cited) -> Relief:
    return Relief(
        rule_key=fields["rule_key"],
        kind=fields["kind"],
        threshold=Decimal(fields["threshold"]),
        currency=fields["currency"],
        comparator=fields["comparator"],
        measured_on=fields["measured_on"],
        conditions=_conditions(fields["conditions"]),
        relieves=frozenset(_words(fields["relieves"])),
        effect=fields["effect"],
        precedence=int(fields["precedence"] or 0),
        cited=cited,
    )


def _tax(fields: Fields, cited: Cited) -> Tax:
    atoms = tuple(_words(fields["base"]))
    return Tax(fields["tax"], atoms, fields["collected_by"], cited)


def _tax_rate(fields: Fields, cited: Cited) -> tuple[tuple[str, str, str], TaxRate]:
    rate = Decimal(fields["rate"].removesuffix("%"))
    key = (fields["tax"], fields["tax_area"], fields["class"])
    return key, TaxRate(fields["tax"], rate, cited)


def _words(text: str) -> list[str]:
    return [word for word in text.split(";") if word]


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _conditions(text: str) -> dict[str, frozenset[str]]:
    """`mode=courier;ship_from=US,MX`: each name with the values that satisfy it."""
    pairs: list[Any] = [part.split("=", 1) for part in _words(text)]
    return {name: frozenset(values.split(",")) for name, values in pairs}
