"""Reliefs, bases and sums: the law's arithmetic, and what it must never do."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.values import Incoterm, canonical
from services.logistics.domain.tariff import Ledger, Line, Request, Rules, calculate
from services.logistics.domain.tariff.hansa_csv import Row, read
from services.logistics.domain.tariff.ledger import allocate, as_json, rounded
from services.logistics.domain.tariff.rules import Cited, compile_rules

SAMPLE = Path(__file__).resolve().parents[2] / "services" / "logistics" / "sample" / "tariff"
AT = datetime(2026, 11, 26, 12, tzinfo=UTC)


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
    other = replace(tea("40", "l1"), description="tea of another kind")
    ledger = ask("EU", tea("80", "l0"), other, freight=Decimal(10), schemes=frozenset({"ioss"}))

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


@settings(deadline=None)
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
