"""A DDP price contains its own duty and tax: value and charges make it up again, to the cent."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.values import Incoterm
from services.logistics.domain.tariff import Ledger, Rules
from tests.logistics.tariff_law import CODE, Row, ask, charges, codes, law, line, mfn

DDP = {"price_term": Incoterm.DDP, "incoterm": Incoterm.DDP}


def world(rate: str, **tables: Any) -> Rules:
    return law(
        "EU",
        commodities=codes(CODE),
        measures=[mfn(CODE, rate)],
        valuation=[{"basis": "CIF"}],
        taxes=[{"tax": "VAT", "base": "customs_value;duty;excise"}],
        tax_rates=[{"tax": "VAT", "tax_area": "EU", "class": "standard", "rate": "20%"}],
        **tables,
    )


def value_of(ledger: Ledger) -> Decimal:
    base = next(each.base for each in ledger.lines if each.kind == "duty")
    assert base is not None
    return base


def test_duty_and_tax_are_taken_out_of_the_price() -> None:
    """V x 1.1 x 1.2 = 1,320: the value is 1,000."""
    ledger = ask(world("10%"), line("1320", CODE), **DDP)

    assert round(value_of(ledger), 9) == 1000
    assert [str(each.amount) for each in ledger.lines] == ["100.00", "220.00"]
    assert ledger.goods == 1000


def test_stated_freight_is_part_of_the_value_but_not_of_the_goods() -> None:
    ledger = ask(world("10%"), line("1320", CODE), **DDP, freight=Decimal(100))

    assert round(value_of(ledger), 9) == 1000
    assert ledger.goods == 900


FEE = [{"fee": "MPF", "base": "customs_value", "pct": "1", "min": "5", "max": "20",
        "currency": "EUR", "payee": "customs"}]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.integers(10_000, 10**7).map(lambda cents: Decimal(cents) / 100),
    st.sampled_from(["10%", "Free", "4.50% MIN 3 EUR / item MAX 8 EUR / item", "2% + 1 EUR / kg"]),
    st.integers(1, 40),
)
def test_value_and_charges_make_the_price_again(price: Decimal, rate: str, count: int) -> None:
    goods = line(str(price), CODE, quantity=count, net_weight_g=300)
    ledger = ask(world(rate, fees=FEE), goods, **DDP)

    if any(gap.code == "ddp_no_solution" for gap in ledger.gaps):
        smallest = ask(world(rate, fees=FEE), line("0.01", CODE, quantity=count, net_weight_g=300))
        assert charges(smallest) > price - 1  # the charges alone exceed the price
        return
    unrounded = sum((each.unrounded or Decimal(0) for each in ledger.lines), Decimal(0))
    assert abs(value_of(ledger) + unrounded - price) < Decimal("1e-9")
    assert ledger.goods + charges(ledger) == price


def relief(limit: str) -> list[Row]:
    return [{"rule_key": "low", "kind": "exempt", "threshold": limit, "currency": "EUR",
             "comparator": "<=", "measured_on": "intrinsic_value", "relieves": "duty",
             "effect": "exempt", "precedence": "1"}]  # fmt: skip


@pytest.mark.parametrize(
    ("price", "expected", "warning"),
    [
        ("120", "100", False),  # below the limit: 100 x 1.2
        ("180", "150", False),  # at the limit, inside
        ("198.264", "150.2", False),  # above it: V x 1.1 x 1.2
    ],
)
def test_a_relief_ends_at_its_limit_within_the_price(
    price: str, expected: str, warning: bool
) -> None:
    ledger = ask(world("10%", reliefs=relief("150")), line(price, CODE), **DDP)

    assert round(value_of(ledger), 9) == Decimal(expected)
    assert ("ddp_two_solutions" in ledger.warnings) == warning


def test_a_price_in_the_gap_that_a_relief_leaves_has_no_solution() -> None:
    """At 150.00 value the price is 180.00; one cent more and it is 198.01."""
    ledger = ask(world("10%", reliefs=relief("150")), line("190", CODE), **DDP)

    assert "ddp_no_solution" in {gap.code for gap in ledger.gaps}
    assert ledger.due("sale") is None


def test_of_two_solutions_the_higher_value_is_taken_and_told() -> None:
    """A flat 30 EUR up to 150, then 1 %: a price of 210 holds 145 with it, or 173.27 without."""
    flat = [{**relief("150")[0], "kind": "flat_per_item", "effect": "flat 30.00 EUR"}]
    ledger = ask(world("1%", reliefs=flat), line("210", CODE), **DDP)

    assert "ddp_two_solutions" in ledger.warnings
    assert round(value_of(ledger), 2) == Decimal("173.27")
