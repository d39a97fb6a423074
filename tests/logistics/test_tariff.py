"""Expressions, reliefs, bases and sums: the law's arithmetic, and what it must never do."""

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.values import Incoterm, canonical
from services.logistics.domain.tariff import Ledger, Line, Request, Rules, calculate
from services.logistics.domain.tariff.expression import Missing, evaluate, parse
from services.logistics.domain.tariff.hansa_csv import Row, read
from services.logistics.domain.tariff.ledger import allocate, as_json, rounded
from services.logistics.domain.tariff.rules import Cited, compile_rules
from services.logistics.domain.tariff.units import measure

SAMPLE = Path(__file__).resolve().parents[2] / "services" / "logistics" / "sample" / "tariff"
AT = datetime(2026, 11, 26, 12, tzinfo=UTC)


def amount_of(text: str, base: str, quantity: int = 1, kg: str | None = None) -> Decimal | Missing:
    expression = parse(text)
    assert expression is not None, text
    given_kg = {} if kg is None else {"KGM": Decimal(kg)}
    return evaluate(
        expression,
        Decimal(base),
        lambda unit: measure(unit, quantity, None, given_kg),
        lambda amount, currency: amount if currency in ("EUR", "USD", "GBP") else None,
    )


@pytest.mark.parametrize(
    ("text", "base", "quantity", "kg", "expected"),
    [
        ("Free", "100", 1, None, "0"),
        ("6.8%", "250", 1, None, "17"),
        ("33 1/3%", "300", 1, None, "100"),
        ("46.3¢/kg + 14.9%", "100", 1, "2", "15.826"),
        ("$1.646/kg", "1", 1, "3", "4.938"),
        ("2.8¢/doz.", "1", 24, None, "0.056"),
        ("30¢ each + 4.3%", "100", 5, None, "5.8"),
        ("24.00% + 23.00 EUR / 100 kg", "1000", 1, "50", "251.5"),
        ("20.00% + 19.00 GBP/100kg", "100", 1, "100", "39"),
        ("0.20 GBP/ item", "5", 7, None, "1.4"),
        ("4.50% MIN 0.30 EUR / item MAX 0.80 EUR / item", "7833.0508", 400, None, "320"),
        ("4.50% MIN 0.30 EUR / item MAX 0.80 EUR / item", "10", 400, None, "120"),
        ("10% MAX 5 EUR / item + 1%", "200", 2, None, "12"),
        ("7% but not less than 1.50 EUR/kg", "10", 1, "2", "3"),
    ],
)
def test_a_rate_text_means_what_the_law_says(
    text: str, base: str, quantity: int, kg: str | None, expected: str
) -> None:
    assert amount_of(text, base, quantity, kg) == Decimal(expected)


def test_what_follows_the_last_limit_belongs_to_the_limit() -> None:
    """13.80 % MIN 13.00/100 kg MAX 15.00/100 kg - 7.00/100 kg: the cap is 15 - 7."""
    text = "13.80 % MIN 13.00 GBP/100 kg MAX 15.00 GBP/100 kg - 7.00 GBP/100 kg"

    assert amount_of(text, "1200", kg="10000") == Decimal(800)


@pytest.mark.parametrize(
    "text",
    [
        "See 9822.05.20",
        "8.30% + EA MAX 18.70% + ADSZ",
        "14.00% (01 JUL - 31 JAN)",
        "Entry Price",
        "",
    ],
)
def test_a_text_that_is_not_understood_is_never_zero(text: str) -> None:
    assert parse(text) is None


def test_a_missing_quantity_or_rate_of_exchange_is_named() -> None:
    assert amount_of("46.3¢/kg", "100") == Missing("net_weight_missing", "KGM")
    assert amount_of("5 JPY/ item", "100") == Missing("fx_missing", "JPY")
    assert amount_of("90¢/pr. + 20%", "100") == Missing("quantity_missing", "NPR")


@given(st.text(max_size=60))
def test_any_text_parses_or_is_not_understood(text: str) -> None:
    parse(text)


def sample_rows() -> list[Row]:
    parsed = read({path.name: path.read_text() for path in sorted(SAMPLE.glob("*.csv"))})
    assert parsed.errors == []
    return parsed.rows


ROWS = sample_rows()


def rules(jurisdiction: str, at: datetime = AT) -> Rules:
    found: dict[str, list[tuple[dict[str, str], Cited]]] = {}
    for row in ROWS:
        since = datetime.fromisoformat(row.valid_from)
        until = datetime.fromisoformat(row.valid_to) if row.valid_to else None
        if row.jurisdiction in ("", jurisdiction) and since <= at and (not until or at < until):
            fields = dict(row.fields)
            cited = Cited(fields["source"], fields["legal_ref"], fields["confidence"], since, until)
            found.setdefault(row.table, []).append((fields, cited))
    return compile_rules(jurisdiction, at, at, found)


def ask(jurisdiction: str, *lines: Line, at: datetime = AT, **changed: object) -> Ledger:
    area = {"EU": "FR"}.get(jurisdiction, jurisdiction)
    asked: dict[str, object] = {
        "jurisdiction": jurisdiction,
        "tax_area": area,
        "destination": area,
        "ship_from": "CN",
        "from_jurisdiction": None,
        "currency": {"EU": "EUR", "US": "USD", "GB": "GBP", "AU": "AUD"}[jurisdiction],
        "lines": lines,
        "freight": Decimal(0),
        "insurance": None,
        "incoterm": Incoterm.DDP,
        "rate_date": at,
    }
    return calculate(Request(**{**asked, **changed}), rules(jurisdiction, at))  # type: ignore[arg-type]


def tea(goods: str, line_id: str = "l0", quantity: int = 1, origin: str = "CN") -> Line:
    return Line(line_id, Decimal(goods), quantity, "09021000", origin)


def charges(ledger: Ledger) -> list[tuple[str, str, str]]:
    return [(line.kind, line.native_type, str(line.amount)) for line in ledger.lines]


def test_tax_is_charged_on_the_value_with_duty_and_freight() -> None:
    """EU: 3.2 % of 1,100 is 35.20; French VAT 20 % of 1,135.20 is 227.04."""
    ledger = ask("EU", tea("1000"), freight=Decimal(100))

    assert charges(ledger) == [("duty", "103", "35.20"), ("tax", "VAT", "227.04")]


def test_an_eu_parcel_pays_three_euros_an_item_and_tax_on_them() -> None:
    """tariff.md, section 20: goods 80 + 40, postage 10 by value, IOSS: 3 + 3, VAT 17.93 + 9.27."""
    ledger = ask(
        "EU", tea("80", "l0"), tea("40", "l1"), freight=Decimal(10), schemes=frozenset({"ioss"})
    )

    assert [str(line.amount) for line in ledger.lines] == ["3.00", "3.00", "17.93", "9.27"]
    assert {line.due_at for line in ledger.lines if line.kind == "tax"} == {"sale"}


@pytest.mark.parametrize(("goods", "relieved"), [("135.00", True), ("135.01", False)])
def test_a_threshold_is_inside_its_relief_and_the_consignment_counts(
    goods: str, relieved: bool
) -> None:
    half = Decimal(goods) - 100
    ledger = ask("GB", tea("100", "l0"), tea(str(half), "l1"))

    statuses = {line.status for line in ledger.lines if line.kind == "duty"}
    assert statuses == ({"relieved"} if relieved else {"applied"})


def test_a_relief_ends_at_the_end_of_its_last_day() -> None:
    last = ask("EU", tea("100"), at=datetime(2026, 6, 30, 21, tzinfo=UTC))
    after = ask("EU", tea("100"), at=datetime(2026, 6, 30, 22, tzinfo=UTC))  # midnight in Brussels

    assert last.lines[0].status == "relieved"
    assert after.lines[0].measure_key.startswith("eu:flat-3")


def test_the_us_adds_section_301_for_china_only() -> None:
    china = ask("US", Line("l0", Decimal(100), 1, "0902101050", "CN"))
    japan = ask("US", Line("l0", Decimal(100), 1, "0902101050", "JP"))

    assert ("duty", "9903.88.15", "7.50") in charges(china)
    assert all(native != "9903.88.15" for _, native, _ in charges(japan))


def test_a_displaced_measure_stays_in_the_ledger_with_nothing() -> None:
    knife = Line("l0", Decimal(100), 1, "8211915030", "CN")
    ledger = ask("US", knife)

    displaced = [line for line in ledger.lines if line.status == "displaced"]
    assert [(line.native_type, line.amount) for line in displaced] == [("9903.05.31", Decimal(0))]
    assert displaced[0].because == "displaced by us:9903.82.09"


def test_what_is_unknown_makes_every_total_that_holds_it_unknown() -> None:
    ledger = ask("US", Line("l0", Decimal(100), 1, "0409000010", "HU"))

    assert ledger.status == "incomplete"
    assert ledger.total("duty") is None
    assert ledger.due("sale") is None
    assert [gap.code for gap in ledger.gaps if gap.severity == "blocks"] == ["net_weight_missing"]
    assert "net_weight_g" in ledger.gaps[0].message


def test_inside_one_customs_union_there_is_tax_but_no_duty() -> None:
    ledger = ask("EU", tea("100"), from_jurisdiction="EU", freight=Decimal(10))

    assert charges(ledger) == [("tax", "VAT", "22.00")]
    assert ledger.lines[0].due_at == "sale"


def test_under_dap_the_charges_are_due_at_the_door() -> None:
    ledger = ask("GB", tea("500"), incoterm=Incoterm.DAP)

    assert {line.due_at for line in ledger.lines} == {"import"}
    assert ledger.due("sale") == 0


def test_an_intermediate_is_never_rounded() -> None:
    assert rounded(Decimal("2213.57903") * 20 / 100, "EUR") == Decimal("442.72")


cents = st.integers(1, 500_000).map(lambda minor: str(Decimal(minor) / 100))


@given(st.lists(cents, min_size=1, max_size=6), st.sampled_from(["EU", "US", "GB", "AU"]))
def test_lines_sum_to_totals_and_their_order_changes_nothing(
    prices: list[str], jurisdiction: str
) -> None:
    code = {"US": "0902109050"}.get(jurisdiction, "09021000")
    lines = [Line(f"l{n}", Decimal(price), 2, code, "CN") for n, price in enumerate(prices)]

    one, other = ask(jurisdiction, *lines), ask(jurisdiction, *reversed(lines))

    for kind in ("duty", "tax", "fee"):
        parts = sum((one.total(kind, line.line_id) or Decimal(0) for line in lines), Decimal(0))
        assert one.total(kind) == parts
        assert one.total(kind) == other.total(kind)
    assert one.due("sale") == sum((line.amount or Decimal(0) for line in one.lines), Decimal(0))
    canonical(as_json(one))


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=9))
def test_an_allocation_loses_and_makes_no_penny(whole: int, weights: list[int]) -> None:
    amount = Decimal(whole) / 100
    named = {f"l{n}": Decimal(weight) for n, weight in enumerate(weights)}

    parts = allocate(amount, named, "EUR")

    assert sum(parts.values()) == amount
    total = sum(weights) or len(weights)
    for name, part in parts.items():
        exact = amount * (named[name] if sum(weights) else 1) / total
        assert abs(part - exact) < Decimal("0.01")


def broken(column: str, value: str) -> dict[str, str]:
    """The sample with one cell of one measure changed."""
    files = {path.name: path.read_text() for path in SAMPLE.glob("*.csv")}
    rows = list(csv.DictReader(io.StringIO(files["measures.csv"])))
    rows[0][column] = value
    written = io.StringIO()
    writer = csv.DictWriter(written, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return files | {"measures.csv": written.getvalue()}


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("scope", "902", "bad_code"),
        ("jurisdiction", "ZZ", "unknown_word"),
        ("valid_from", "yesterday", "bad_date"),
    ],
)
def test_one_bad_row_is_named_and_nothing_is_taken_for_granted(
    column: str, value: str, code: str
) -> None:
    parsed = read(broken(column, value))

    assert (parsed.errors[0].file, parsed.errors[0].row) == ("measures.csv", 2)
    assert code in {error.code for error in parsed.errors}


def test_a_folder_with_a_wrong_header_or_an_unknown_file_is_refused() -> None:
    parsed = read({"measures.csv": "a,b\n1,2\n", "prices.csv": "x\n"})

    assert {error.code for error in parsed.errors} == {"missing_column", "unknown_file"}
