"""The sample catalogue: every row says where it comes from, and the three files agree."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from contracts.values import COUNTRIES, CURRENCIES, HsCode, Incoterm, Sku, minor_units

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "services" / "catalog" / "sample"
JURISDICTIONS = ("us", "eu", "gb", "ca", "au")


def rows_of(name: str) -> list[dict[str, str]]:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text, strict=True))


@pytest.mark.parametrize("name", ["products.csv", "listings.csv", "markets.csv"])
def test_every_row_says_its_source_day_and_confidence(name: str) -> None:
    rows = rows_of(name)

    assert rows
    for row in rows:
        assert None not in row, f"a cell too many: {row}"
        assert row["source"]
        assert date.fromisoformat(row["date"]) <= date(2026, 11, 26)
        assert row["confidence"] in {"high", "medium", "low"}


def test_skus_are_unique_and_variants_of_one_product_share_its_title_and_kind() -> None:
    rows = rows_of("products.csv")
    shared: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        TypeAdapter(Sku).validate_python(row["sku"])
        shared.setdefault(row["product"], set()).add((row["product_title"], row["kind"]))

    assert len({row["sku"] for row in rows}) == len(rows) >= 40
    assert all(len(titles) == 1 for titles in shared.values())
    assert len(shared) < len(rows), "at least one product has several variants"


def test_goods_carry_a_core_code_that_every_longer_code_begins_with() -> None:
    for row in rows_of("products.csv"):
        if row["kind"] != "goods":
            assert not row["hs_code"], f"{row['sku']} is no goods"
            continue
        assert len(row["hs_code"]) == 6
        assert row["origin"] in COUNTRIES
        for longer in filter(None, (row[f"hs_{place}"] for place in JURISDICTIONS)):
            TypeAdapter(HsCode).validate_python(longer)
            assert longer.startswith(row["hs_code"]), row["sku"]
            assert len(longer) > 6


def test_goods_have_a_weight_and_three_sizes_and_the_rest_has_none() -> None:
    sizes = ("weight_g", "length_mm", "width_mm", "height_mm")
    for row in rows_of("products.csv"):
        if row["kind"] == "goods":
            assert all(int(row[size]) > 0 for size in sizes), row["sku"]
        else:
            assert not any(row[size] for size in sizes), row["sku"]


def test_gtins_have_a_right_check_digit_and_the_prefix_for_examples() -> None:
    gtins = [row["gtin"] for row in rows_of("products.csv") if row["gtin"]]

    assert len(set(gtins)) == len(gtins) > 40
    for gtin in gtins:
        assert len(gtin) == 13
        assert gtin.startswith("952")
        assert sum(int(digit) * (1, 3)[at % 2] for at, digit in enumerate(gtin)) % 10 == 0


def test_the_range_holds_every_kind_of_goods_the_demo_speaks_of() -> None:
    rows = rows_of("products.csv")
    chapters = {row["hs_code"][:2] for row in rows}

    assert {"09", "69", "61", "63", "64", "85", "95", "33", "82"} <= chapters
    assert {row["kind"] for row in rows} == {"goods", "digital", "service"}
    assert {row["sku"] for row in rows if row["dangerous_goods"] == "true"} == {
        "ELE-POWERBANK",
        "COS-NAIL-10",
        "COS-PERFUME-50",
    }
    assert {row["origin"] for row in rows} >= {"CN", "IN", "DE", "GB", "JP"}


def test_markets_name_real_countries_currencies_and_terms() -> None:
    markets = rows_of("markets.csv")

    assert [market["market"] for market in markets] == ["US", "DE", "FR", "GB", "CA", "AU"]
    for market in markets:
        assert set(market["countries"].split(";")) <= COUNTRIES
        assert market["currency"] in CURRENCIES
        assert Incoterm(market["incoterm"])
        assert market["price_includes_tax"] in {"true", "false"}
        assert Decimal(market["rounding"]) > 0


def test_each_listing_joins_a_known_sku_and_market_with_an_exact_price() -> None:
    currency = {market["market"]: market["currency"] for market in rows_of("markets.csv")}
    skus = {row["sku"] for row in rows_of("products.csv")}
    listings = rows_of("listings.csv")

    assert len({(row["sku"], row["market"]) for row in listings}) == len(listings)
    assert {row["sku"] for row in listings} == skus
    for row in listings:
        assert row["currency"] == currency[row["market"]]
        assert minor_units(row["price"], row["currency"]) > 0
        assert row["title"]
        assert row["description"]
        assert row["availability"] in {"available", "unavailable"}


def test_nothing_is_listed_in_australia_without_an_australian_code() -> None:
    code = {row["sku"]: row["hs_au"] for row in rows_of("products.csv") if row["kind"] == "goods"}
    listed = {row["sku"] for row in rows_of("listings.csv") if row["market"] == "AU"}

    assert all(code[sku] for sku in listed if sku in code)


@pytest.mark.parametrize(
    ("sku", "above", "up_to"),
    [
        ("SHO-PLIMSOLL-W", "6.50", "12.00"),
        ("SHO-TRAINER-M", "12.00", None),
        ("CER-TEAPOT-JP", "15.00", None),
        ("BAG-LEATHER", "20.00", None),
        ("CLK-CUCKOO", "5.00", None),
    ],
)
def test_us_prices_lie_in_the_range_their_code_is_bound_to(
    sku: str, above: str, up_to: str | None
) -> None:
    prices = [
        Decimal(row["price"])
        for row in rows_of("listings.csv")
        if (row["sku"], row["market"]) == (sku, "US")
    ]

    assert prices
    assert all(price > Decimal(above) for price in prices)
    assert up_to is None or all(price <= Decimal(up_to) for price in prices)
