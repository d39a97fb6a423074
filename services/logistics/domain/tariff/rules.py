"""From rows, as a file or the database holds them, to a snapshot: `compile_rules`."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from services.logistics.domain.tariff.expression import Expression, Term
from services.logistics.domain.tariff.grammar import parse
from services.logistics.domain.tariff.law import (
    CURRENCIES,
    EVERYONE,
    Cited,
    Condition,
    Fee,
    Measure,
    Quota,
    Relation,
    Relief,
    Rounding,
    Rules,
    Tax,
    TaxRate,
)
from services.logistics.domain.tariff.rates import read

Fields = Mapping[str, str]  # a CSV row: what the file says, as text
Rows = Mapping[str, Iterable[tuple[Fields, Cited]]]

__all__ = ["CURRENCIES", "Cited", "Fields", "Measure", "Rules", "compile_rules"]


def compile_rules(jurisdiction: str, valid_at: datetime, known_at: datetime, rows: Rows) -> Rules:
    """From the rows of one jurisdiction (and of areas and rates, which belong to none).

    A row not in force at `valid_at` is left out: an interval holds its beginning, not its end.
    """
    found = {table: _in_force(each, valid_at) for table, each in rows.items()}
    lists = _lists(found.get("lists", []))
    areas: dict[str, set[str]] = {}
    for fields, _ in found.get("areas", []):
        areas.setdefault(fields["area"], set()).add(fields["member"])
    valuation = next((fields for fields, _ in found.get("valuation", [])), {})
    rates, is_fallback = _rates(found)
    return Rules(
        jurisdiction=jurisdiction,
        currency=CURRENCIES.get(jurisdiction, ""),
        valid_at=valid_at,
        known_at=known_at,
        commodities={
            fields["code"]: fields["declarable"] == "true"
            for fields, _ in found.get("commodities", [])
        },
        by_prefix=by_prefix(_measures(found, lists)),
        areas={area: frozenset(members) for area, members in areas.items()},
        basis=valuation.get("basis", ""),
        missing_freight=valuation.get("missing_freight") or "gap",
        taxes=_by_name(_tax(fields, cited) for fields, cited in found.get("taxes", [])),
        tax_rates=dict(_tax_rate(fields, cited) for fields, cited in found.get("tax_rates", [])),
        fees=_by_name(_fee(fields, cited) for fields, cited in found.get("fees", [])),
        reliefs=tuple(_relief(fields, cited) for fields, cited in found.get("reliefs", [])),
        relations=tuple(sorted(_relation(fields) for fields, _ in found.get("relations", []))),
        rates=rates,
        uses_fallback=is_fallback,
        coverage={
            fields["layer"]: (fields["state"], fields["as_of"])
            for fields, _ in found.get("coverage", [])
        },
        lists={name: include for name, (include, _, _) in lists.items()},
        quotas={
            fields["order_number"]: _quota(fields, cited)
            for fields, cited in sorted(found.get("quotas", []), key=_since)
        },
        roundings={
            fields["kind"]: Rounding(Decimal(fields["increment"]), fields["mode"])
            for fields, _ in found.get("rounding", [])
        },
    )


def _since(row: tuple[Fields, Cited]) -> datetime:
    return row[1].valid_from


T = TypeVar("T", Tax, Fee)


def _by_name(rows: Iterable[T]) -> tuple[T, ...]:
    """The order of a file's rows changes nothing."""
    return tuple(sorted(rows, key=lambda row: row.tax if isinstance(row, Tax) else row.fee))


def _in_force(rows: Iterable[tuple[Fields, Cited]], at: datetime) -> list[tuple[Fields, Cited]]:
    return [
        (fields, cited)
        for fields, cited in rows
        if cited.valid_from <= at and (cited.valid_to is None or at < cited.valid_to)
    ]


Listed = tuple[tuple[str, ...], tuple[str, ...], str]  # included, excluded, family


def _lists(rows: list[tuple[Fields, Cited]]) -> dict[str, Listed]:
    found: dict[str, tuple[list[str], list[str], str]] = {}
    for fields, _ in rows:
        one = found.setdefault(fields["list"], ([], [], fields["family"]))
        one[fields["include"] == "false"].append(fields["code"])  # type: ignore[union-attr]
    return {name: (tuple(a), tuple(b), family) for name, (a, b, family) in found.items()}


def by_prefix(measures: Iterable[Measure]) -> dict[str, tuple[Measure, ...]]:
    found: dict[str, list[Measure]] = {}
    for measure in sorted(measures, key=lambda each: each.measure_key):
        for prefix in measure.prefixes:
            found.setdefault(prefix, []).append(measure)
    return {prefix: tuple(each) for prefix, each in found.items()}


def _measures(
    found: Mapping[str, list[tuple[Fields, Cited]]], lists: Mapping[str, Listed]
) -> list[Measure]:
    conditions: dict[str, list[Condition]] = {}
    for fields, _ in found.get("conditions", []):
        conditions.setdefault(fields["measure_key"], []).append(_condition(fields))
    return [
        _measure(fields, cited, lists, conditions.get(fields["measure_key"], []))
        for fields, cited in found.get("measures", [])
    ]


def _measure(
    fields: Fields, cited: Cited, lists: Mapping[str, Listed], conditions: list[Condition]
) -> Measure:
    prefixes, excluded, family = _scope(fields["scope"], lists)
    rate = read(fields["expression"])
    return Measure(
        measure_key=fields["measure_key"],
        kind=fields["kind"],
        native_type=fields["native_type"],
        prefixes=prefixes,
        excluded=excluded,
        family=family,
        origin_area=fields["origin_area"] or EVERYONE,
        origin_exclusions=frozenset(_words(fields["origin_exclusions"])),
        ship_from_area=fields["ship_from_area"],
        programme=fields["programme"],
        additional_code=fields["additional_code"],
        order_number=fields["order_number"],
        tags=frozenset(_words(fields["tags"])),
        mode=fields["mode"] or rate.mode or "additive",
        counts=frozenset(_words(fields.get("counts", ""))),
        rate=rate,
        legal_status=fields["legal_status"] or "in_force",
        conditions=tuple(sorted(conditions, key=lambda each: (each.group, each.seq))),
        cited=cited,
    )


def _scope(text: str, lists: Mapping[str, Listed]) -> Listed:
    """`6109;!61099080;list:us-301-3`. A list not loaded holds no code."""
    prefixes: list[str] = []
    excluded: list[str] = []
    family = ""
    for part in _words(text):
        if part.startswith("list:"):
            include, exclude, family = lists.get(part.removeprefix("list:"), ((), (), family))
            prefixes += include
            excluded += exclude
        elif part.startswith("!"):
            excluded.append(part[1:])
        else:
            prefixes.append(part)
    return tuple(prefixes), tuple(excluded), family


def _condition(fields: Fields) -> Condition:
    return Condition(
        group=fields["group"],
        seq=int(fields["seq"]),
        requires=fields["requires"],
        operator=fields["operator"],
        amount=_number(fields["amount"]),
        unit=fields["unit"],
        currency=fields["currency"],
        action=fields["action"],
        expression=parse(fields["expression"]) if fields["expression"] else None,
    )


def _relation(fields: Fields) -> Relation:
    return Relation(
        fields["subject"],
        fields["relation"],
        fields["object"],
        fields.get("on_basis") or "full",
        int(fields.get("precedence") or 0),
    )


def _quota(fields: Fields, cited: Cited) -> Quota:
    return Quota(
        fields["order_number"],
        fields["status"],
        Decimal(fields["balance"]),
        fields["unit"],
        cited.valid_from,
        int(fields["max_age_h"]),
    )


def fee_expression(
    pct: Decimal | None, least: Decimal | None, most: Decimal | None, flat: Decimal | None,
    currency: str,
) -> tuple[Expression, str]:  # fmt: skip
    """A fee is clamped like any duty; and how it reads."""
    if flat is not None:
        return Expression((Term("+", flat=flat, currency=currency),)), f"{flat} {currency}"
    terms = [Term("+", pct=Fraction(pct or 0))]
    text = f"{pct or 0}%"
    for op, limit in (("MIN", least), ("MAX", most)):
        if limit is not None:
            terms.append(Term(op, flat=limit, currency=currency))
            text += f" {op} {limit}"
    return Expression(tuple(terms)), text


def _fee(fields: Fields, cited: Cited) -> Fee:
    pct, least, most, flat = (_number(fields[name]) for name in ("pct", "min", "max", "flat"))
    expression, text = fee_expression(pct, least, most, flat, fields["currency"])
    return Fee(
        fee=fields["fee"],
        expression=expression,
        text=text,
        base=fields["base"] or "customs_value",
        per=fields["per"] or "entry",
        applies=_conditions(fields["applies"]),
        payee=fields["payee"],
        taxable=fields["taxable"] == "true",
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
    return key, TaxRate(fields["tax"], fields["class"], rate, cited)


def _rates(found: Mapping[str, list[tuple[Fields, Cited]]]) -> tuple[dict[str, Decimal], bool]:
    """Of the series that the law names for customs values; else of its fallback, which is told."""
    rows = [fields for fields, _ in found.get("fx_rates", [])]
    rule = next((f for f, _ in found.get("fx_rules", []) if f["purpose"] == "customs_value"), None)
    named = [row for row in rows if rule and row["series"] == rule["series"]]
    series = [row for row in rows if rule and row["series"] == rule["fallback_series"]]
    chosen = named or (series if rule else rows)
    bases = {row["base"]: Decimal(1) for row in chosen} or {"EUR": Decimal(1)}
    return bases | {row["quote"]: Decimal(row["rate"]) for row in chosen}, not named


def _words(text: str) -> list[str]:
    return [word for word in text.split(";") if word]


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _conditions(text: str) -> dict[str, frozenset[str]]:
    """`mode=courier;ship_from=US,MX`: each name with the values that satisfy it."""
    pairs: list[Any] = [part.split("=", 1) for part in _words(text)]
    return {name: frozenset(values.split(",")) for name, values in pairs}
