"""What holds for every consignment: sums, orders, and that a higher rate never costs less."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.logistics.domain.tariff import Ledger, Line, Rules
from services.logistics.domain.tariff.request import Claim
from tests.logistics.tariff_law import AT, CODE, Row, added, ask, codes, law, line, mfn

tenths = st.integers(0, 400).map(lambda number: Decimal(number) / 10)
cents = st.integers(1, 10**7).map(lambda number: Decimal(number) / 100)


def rows(rates: list[Decimal]) -> dict[str, list[Row]]:
    """Nothing depends on value or price, where a higher rate may cost less."""
    base, floor, listed, other, steel, least, tax = rates
    return {
        "commodities": codes(CODE),
        "measures": [
            mfn(CODE, f"{base}% + {least} EUR / kg MIN {least} EUR / item"),
            mfn(CODE, f"{floor}%", measure_key="p", kind="preference", native_type="142",
                programme="P"),
            added("A", CODE, f"{listed}%", tags="list"),
            added("B", CODE, f"{other}%", tags="list"),
            added("C", CODE, f"{steel}%", tags="strong"),
            added("F", CODE, f"{floor}%", mode="minimum_total"),
            added("E", CODE, f"{least}%", kind="excise"),
        ],
        "relations": [
            {"subject": "list", "relation": "max_of", "object": "list"},
            {"subject": "list", "relation": "stacks", "object": "strong"},
        ],
        "valuation": [{"basis": "CIF"}],
        "taxes": [{"tax": "VAT", "base": "customs_value;duty;excise"}],
        "tax_rates": [
            {"tax": "VAT", "tax_area": "EU", "class": "standard", "rate": f"{tax}%"}
        ],
        "fees": [
            {"fee": "F1", "base": "customs_value", "pct": f"{least}", "min": "3", "max": "40",
             "currency": "EUR", "payee": "customs", "taxable": "true"},
            {"fee": "F2", "base": "charges", "pct": "2", "min": "1", "currency": "EUR"},
        ],
    }  # fmt: skip


def compiled(rates: list[Decimal], flip: bool = False, with_floor: bool = True) -> Rules:
    tables: dict[str, Any] = rows(rates)
    if not with_floor:
        tables["measures"] = [each for each in tables["measures"] if each["measure_key"] != "F"]
    if flip:
        tables = {table: list(reversed(each)) for table, each in reversed(tables.items())}
    return law("EU", AT, **tables)


def goods(amounts: list[Decimal], is_claimed: bool) -> list[Line]:
    claims = (Claim("P", "proof"),) if is_claimed else ()
    return [
        line(str(amount), CODE, line_id=f"L{number}", claims=claims, net_weight_g=500 * number,
             gross_weight_g=600 + number, quantity=number + 1)
        for number, amount in enumerate(amounts)
    ]  # fmt: skip


def landed(ledger: Ledger) -> Decimal:
    amounts = [each.amount for each in ledger.lines]
    assert None not in amounts
    return sum((each for each in amounts if each is not None), Decimal(0))


consignments = st.lists(cents, min_size=1, max_size=4)
laws = st.lists(tenths, min_size=7, max_size=7)


@settings(max_examples=150, deadline=None)
@given(consignments, laws, st.integers(0, 6), tenths, st.booleans())
def test_raising_any_rate_never_lowers_a_landed_cost(
    amounts: list[Decimal], rates: list[Decimal], raised: int, more: Decimal, claimed: bool
) -> None:
    """A floor is left out: it subtracts the base duty, and two lines that share one sum may round
    to a cent less than one line would.
    """
    higher = [rate + more if at == raised else rate for at, rate in enumerate(rates)]
    asked = {"freight": Decimal(17), "tax_area": "EU"}

    before = ask(compiled(rates, with_floor=False), *goods(amounts, claimed), **asked)
    after = ask(compiled(higher, with_floor=False), *goods(amounts, claimed), **asked)

    assert landed(after) >= landed(before)


@settings(max_examples=80, deadline=None)
@given(consignments, laws, st.booleans())
def test_lines_sum_to_every_total_and_an_allocation_loses_nothing(
    amounts: list[Decimal], rates: list[Decimal], claimed: bool
) -> None:
    lines = goods(amounts, claimed)
    ledger = ask(compiled(rates), *lines, freight=Decimal(17))

    for kind in ("duty", "tax", "fee"):
        parts = [ledger.total(kind, each.line_id) or Decimal(0) for each in lines]
        assert ledger.total(kind) == sum(parts, Decimal(0))
    assert ledger.known_subtotal == landed(ledger) == ledger.due("import")


@settings(max_examples=80, deadline=None)
@given(consignments, laws, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_lines_and_of_rows_changes_nothing(
    amounts: list[Decimal], rates: list[Decimal], claimed: bool, random: Any
) -> None:
    lines = goods(amounts, claimed)
    shuffled = lines.copy()
    random.shuffle(shuffled)
    asked = {"freight": Decimal(17)}

    one = ask(compiled(rates), *lines, **asked)
    other = ask(compiled(rates, flip=True), *shuffled, **asked)

    def by_key(ledger: Ledger) -> list[Any]:
        said = [(each.line_id, each.measure_key, each.amount, each.status) for each in ledger.lines]
        return sorted(said, key=str)

    assert by_key(one) == by_key(other)


@settings(max_examples=80, deadline=None)
@given(cents, laws)
def test_a_proven_claim_never_costs_more_and_lifts_no_added_duty(
    amount: Decimal, rates: list[Decimal]
) -> None:
    found = compiled(rates)
    (plain,), (claimed,) = goods([amount], False), goods([amount], True)

    without, preferred = ask(found, plain), ask(found, claimed)

    assert landed(preferred) <= landed(without)
    assert [each.measure_key for each in preferred.lines if each.measure_kind == "additional"] == [
        each.measure_key for each in without.lines if each.measure_kind == "additional"
    ]
    unproven = replace(claimed, claims=(Claim("P"),))
    assert landed(ask(found, unproven)) == landed(without)
