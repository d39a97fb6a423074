"""Customs value by what a price contains; reliefs, schemes, fees, rounding, exchange."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from contracts.values import Incoterm
from services.logistics.domain.tariff import Ledger, Line, Rules
from tests.logistics.tariff_law import CODE, Row, added, ask, charges, codes, law, line, mfn

WAY = {
    "freight": Decimal(100),
    "insurance": Decimal(10),
    "pre_carriage": Decimal(5),
    "post_border_cost": Decimal(20),
}


def world(jurisdiction: str = "EU", basis: str = "CIF", **tables: Any) -> Rules:
    tables = {
        "measures": [mfn(CODE, "10%")],
        "valuation": [{"basis": basis}],
        "taxes": [{"tax": "VAT", "base": "customs_value;duty;excise", "collected_by": "customs"}],
        "tax_rates": [{"tax": "VAT", "tax_area": jurisdiction, "class": "standard", "rate": "20%"}],
        **tables,
    }
    return law(jurisdiction, commodities=codes(CODE, "6109100014"), **tables)


def value_of(ledger: Ledger) -> str:
    base = next(each.base for each in ledger.lines if each.kind == "duty")
    assert base is not None
    return f"{base.normalize():f}"


@pytest.mark.parametrize(
    ("term", "cif", "fob"),
    [
        ("EXW", "1115", "1005"),
        ("FCA", "1115", "1005"),
        ("FOB", "1115", "1005"),
        ("CFR", "1010", "900"),
        ("CPT", "990", "880"),
        ("CIF", "1000", "890"),
        ("CIP", "980", "870"),
        ("DAP", "980", "870"),
        ("DPU", "980", "870"),
    ],
)
def test_a_price_is_brought_to_the_basis_of_the_law(term: str, cif: str, fob: str) -> None:
    """1,000 with freight 100, insurance 10, pre-carriage 5, and 20 behind the border stated."""
    asked = {**WAY, "price_term": Incoterm(term)}
    goods = line("1000", CODE)

    assert value_of(ask(world(), goods, **asked)) == cif
    assert value_of(ask(world("AU", "FOB"), goods, **asked)) == fob


def test_what_is_not_stated_stays_in_the_price() -> None:
    silent = {"freight": None, "insurance": None, "price_term": Incoterm.DAP}
    ledger = ask(world(), line("1000", CODE), **silent)

    assert value_of(ledger) == "1000"
    assert [gap.code for gap in ledger.gaps if gap.severity == "blocks"] == []


def test_freight_that_a_value_needs_is_a_gap_or_the_rules_uplift_never_nothing() -> None:
    uplift = world(valuation=[{"basis": "CIF", "missing_freight": "10%"}])
    goods = line("1000", CODE)

    assert ask(world(), goods, freight=None).status == "incomplete"
    assert value_of(ask(uplift, goods, freight=None)) == "1100"
    assert value_of(ask(world("AU", "FOB"), goods, freight=None)) == "1000"


def test_assists_join_the_value_and_buying_commission_leaves_it() -> None:
    goods = line("1000", CODE, additions=Decimal(50), deductions=Decimal(30))

    assert value_of(ask(world(), goods)) == "1020"


def relief(kind: str, **changed: str) -> Row:
    return {
        "rule_key": kind, "kind": kind, "threshold": "150", "currency": "EUR", "comparator": "<=",
        "measured_on": "intrinsic_value", "relieves": "duty", "effect": kind, "precedence": "1",
        **changed,
    }  # fmt: skip


def with_relief(*reliefs: Row, **tables: Any) -> Rules:
    return world(reliefs=[*reliefs], **tables)


def statuses(ledger: Ledger, kind: str = "duty") -> list[str]:
    return [each.status for each in ledger.lines if each.kind == kind]


def pair(one: str, other: str) -> tuple[Line, Line]:
    return line(one, CODE), line(other, CODE, line_id="L2")


@pytest.mark.parametrize(
    ("comparator", "total", "spared"),
    [
        ("<=", "150.00", True),
        ("<=", "150.01", False),
        ("<", "149.99", True),
        ("<", "150.00", False),
    ],
)
def test_a_relief_is_tested_on_the_consignment_and_at_its_very_limit(
    comparator: str, total: str, spared: bool
) -> None:
    found = with_relief(relief("exempt", comparator=comparator))
    ledger = ask(found, *pair("100", str(Decimal(total) - 100)), freight=Decimal(40))

    assert statuses(ledger) == (["relieved"] * 2 if spared else ["applied"] * 2)


def test_goods_on_an_excluded_list_are_not_relieved() -> None:
    listed = [{"list": "alcohol", "family": "", "code": "6109", "include": "true"}]
    rule = relief("exempt", conditions="goods_not=alcohol,tobacco")

    assert statuses(ask(with_relief(rule, lists=listed), line("100", CODE))) == ["applied"]
    assert statuses(ask(with_relief(rule), line("100", CODE))) == ["relieved"]


def test_a_gift_relief_needs_that_all_is_a_gift() -> None:
    found = with_relief(relief("gift", relieves="duty;tax"))
    one, other = (replace(each, is_gift=True) for each in pair("50", "60"))

    assert charges(ask(found, one, other)) == 0
    assert charges(ask(found, one, replace(other, is_gift=False))) > 0


def test_the_relief_of_higher_precedence_wins() -> None:
    simple = relief("simplified_rate", effect="2.5%", precedence="2")
    ledger = ask(with_relief(relief("exempt"), simple), line("100", CODE))

    assert [str(each.amount) for each in ledger.lines] == ["2.50", "20.50"]


FLAT = relief("flat_per_item", effect="flat 3.00 EUR")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ["2.00", "1.00"]),
        ({"hs_code": "6109100014"}, ["2.00", "1.00"]),  # six digits tell apart, at low value
        ({"description": "other"}, ["3.00", "3.00"]),
        ({"origin": "VN"}, ["3.00", "3.00"]),
    ],
)
def test_lines_alike_are_one_item_and_share_its_flat_duty_by_value(
    changed: dict[str, str], expected: list[str]
) -> None:
    one, other = pair("80", "40")
    ledger = ask(with_relief(FLAT), one, replace(other, **changed))  # type: ignore[arg-type]

    assert [str(each.amount) for each in ledger.lines if each.kind == "duty"] == expected


SCHEME = relief("scheme", relieves="vat", conditions="scheme=ioss")


def test_a_scheme_needs_its_number_or_tax_is_due_at_the_border_too() -> None:
    found, goods = with_relief(SCHEME), line("100", CODE)
    numbered = ask(found, goods, schemes=frozenset({"ioss"}))
    unnumbered = ask(found, goods, schemes_without_number=frozenset({"ioss"}))

    assert [each.due_at for each in numbered.lines if each.kind == "tax"] == ["sale"]
    assert [each.due_at for each in unnumbered.lines if each.kind == "tax"] == ["import"]
    assert unnumbered.warnings == ("scheme_number_missing",)
    assert numbered.warnings == ()


def test_a_scale_shrinks_what_is_owed_and_not_what_tax_is_owed_on() -> None:
    found = with_relief(
        relief("scale", relieves="excise;vat", effect="x 0.7"),
        measures=[mfn(CODE, "0%"), added("X", CODE, "15%", kind="excise", mode="inclusive")],
    )

    assert [str(each.amount) for each in ask(found, line("85", CODE)).lines] == [
        "0.00", "10.50", "14.00",
    ]  # fmt: skip


def fee(name: str, **changed: str) -> Row:
    return {"fee": name, "base": "customs_value", "currency": "EUR", "payee": "carrier", **changed}


def fees(*rows: Row, **asked: Any) -> list[str]:
    ledger = ask(world(fees=[*rows]), *pair("600", "400"), **asked)
    return [str(each.amount) for each in ledger.lines if each.kind == "fee"]


def test_a_carrier_asks_the_higher_of_a_flat_fee_and_a_share_of_what_it_advances() -> None:
    """Duty 100 and tax 220 are advanced under DAP; under DDP the seller has paid."""
    disbursement = fee("disbursement", base="charges", pct="2.5", min="5")

    assert fees(disbursement) == ["8.00"]
    assert fees(disbursement, incoterm=Incoterm.DDP) == ["5.00"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (fee("a", flat="2", per="line"), ["2.00", "2.00"]),
        (fee("a", flat="2", per="entry", applies="value_up_to=1000"), ["2.00"]),
        (fee("a", flat="2", per="entry", applies="value_over=1000"), []),
        (fee("a", flat="2", per="entry", applies="mode=sea"), []),
        (fee("a", pct="0.05", min="1", max="9"), ["1.00"]),
        (fee("a", pct="5", min="1", max="9"), ["9.00"]),
    ],
)
def test_a_fee_is_charged_where_it_applies_between_its_limits(
    row: Row, expected: list[str]
) -> None:
    assert fees(row) == expected


def test_a_taxable_fee_joins_the_base_of_tax() -> None:
    rows = [fee("handling", flat="10", taxable="true")]

    plain = ask(world(), *pair("600", "400"))
    taxed = ask(world(fees=rows), *pair("600", "400"))

    assert taxed.total("tax") == (plain.total("tax") or 0) + 2


def test_tax_is_charged_on_duty_and_excise_too() -> None:
    """200 + 20 duty, 22 excise on both, tax 20 % of 242."""
    found = world(measures=[mfn(CODE, "10%"), added("X", CODE, "10%", kind="excise")])

    assert [str(each.amount) for each in ask(found, line("200", CODE)).lines] == [
        "20.00", "22.00", "48.40",
    ]  # fmt: skip


def test_tax_counts_a_replaced_duty_once_and_a_displaced_one_not() -> None:
    replaced = [mfn(CODE, "10%"), added("X", CODE, "15%", mode="replace"), added("Y", CODE, "5%")]
    gone = [{"subject": "X", "relation": "displaces", "object": "Y"}]

    alone = ask(world(measures=replaced[:2]), line("100", CODE))
    beside = ask(world(measures=replaced, relations=gone), line("100", CODE))

    assert alone.total("tax") == beside.total("tax") == Decimal("23.00")


def test_an_intermediate_is_never_rounded() -> None:
    """10 % of 0.05 is 0.005; tax on 0.055 is 0.011, on the rounded 0.06 it would be 0.012."""
    ledger = ask(world(), line("50.05", CODE))

    assert [each.unrounded for each in ledger.lines] == [Decimal("5.005"), Decimal("11.011")]
    assert [str(each.amount) for each in ledger.lines] == ["5.01", "11.01"]


def test_a_row_may_round_values_and_duties_otherwise() -> None:
    found = world(
        rounding=[
            {"kind": "value", "level": "line", "increment": "1000", "mode": "down"},
            {"kind": "duty", "level": "line", "increment": "100", "mode": "down"},
        ]
    )

    assert str(ask(found, line("7999", CODE)).lines[0].amount) == "700.00"


def test_no_rate_of_exchange_is_a_gap_and_a_fallback_is_told() -> None:
    rate = {"series": "ecb", "base": "EUR", "quote": "USD", "rate": "1.25", "period": "d"}
    law_names = [{"purpose": "customs_value", "series": "official", "fallback_series": "ecb"}]
    goods = line("100", CODE)

    assert "fx_missing" in {gap.code for gap in ask(world(), goods, currency="USD").gaps}
    fallen = ask(world(fx_rates=[rate], fx_rules=law_names), goods, currency="USD")
    assert value_of(fallen) == "80"
    assert fallen.warnings == ("fx_fallback",)
    official = [rate, {**rate, "series": "official", "rate": "2"}]
    exact = ask(world(fx_rates=official, fx_rules=law_names), goods, currency="USD")
    assert value_of(exact) == "50"
    assert exact.warnings == ()
