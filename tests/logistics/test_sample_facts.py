"""The sample's tariff facts: sourced, complete for the catalogue, equal to their sources."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TARIFF = ROOT / "services" / "logistics" / "sample" / "tariff"
CATALOG = ROOT / "services" / "catalog" / "sample"
SHARED = ROOT.parent / "shared" / "data" / "tariff"
TABLES = sorted(path.name for path in TARIFF.glob("*.csv"))
Rows = list[dict[str, str]]


def rows_of(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text, strict=True))


def goods() -> Rows:
    return [row for row in rows_of(CATALOG / "products.csv") if row["kind"] == "goods"]


def base_rates(jurisdiction: str) -> dict[str, str]:
    return {
        row["scope"]: row["expression"]
        for row in rows_of(TARIFF / "measures.csv")
        if row["jurisdiction"] == jurisdiction and row["kind"] == "mfn"
    }


def shared(name: str) -> Path:
    if not (SHARED / name).is_file():
        pytest.skip(f"../shared is missing: data/tariff/{name}")
    return SHARED / name


def unzipped(name: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(gzip.open(shared(name)), encoding="utf-8-sig", newline="")


@pytest.mark.parametrize("name", TABLES)
def test_every_fact_names_its_source_day_and_confidence(name: str) -> None:
    rows = rows_of(TARIFF / name)

    assert rows
    for row in rows:
        assert None not in row, f"a cell too many: {row}"
        assert row["source"]
        assert row["confidence"] in {"high", "medium", "low"}
        begins = date.fromisoformat(row["valid_from"])
        assert not row["valid_to"] or begins <= date.fromisoformat(row["valid_to"])


@pytest.mark.parametrize("jurisdiction", ["US", "EU", "GB", "AU"])
def test_every_code_of_the_catalogue_is_declarable_and_has_exactly_one_base_rate(
    jurisdiction: str,
) -> None:
    declarable = {
        row["code"]
        for row in rows_of(TARIFF / "commodities.csv")
        if row["jurisdiction"] == jurisdiction and row["declarable"] == "true"
    }
    rates = base_rates(jurisdiction)
    codes = {row[f"hs_{jurisdiction.lower()}"] for row in goods()}

    assert codes - {""} == declarable
    assert "" not in codes or jurisdiction == "AU"
    for code in declarable:
        assert len([scope for scope in rates if code.startswith(scope)]) == 1, code


def test_australia_lacks_only_what_its_source_lacks_or_garbles() -> None:
    lacking = {row["hs_code"][:4] for row in goods() if not row["hs_au"]}

    assert lacking == set("3303 3304 6109 6115 6205 6214 6403 8211 8504 8507 8518".split())


def test_no_canadian_rate_is_claimed() -> None:
    assert base_rates("CA") == {}
    assert {
        row["state"]
        for row in rows_of(TARIFF / "coverage.csv")
        if (row["jurisdiction"], row["layer"]) == ("CA", "mfn")
    } == {"absent"}


def test_each_shape_of_rate_is_met_by_some_product() -> None:
    us, eu, gb = base_rates("US"), base_rates("EU"), base_rates("GB")

    assert us["09023000"] == "Free"
    assert us["61091000"] == "16.5%"
    assert us["04090000"] == "1.9¢/kg"
    assert us["64041189"] == "90¢/pr. + 20%"
    assert us["82119300"] == "3¢ each + 5.4%"
    assert eu["91021100"] == "4.50% MIN 0.30 EUR / item MAX 0.80 EUR / item"
    assert eu["18063290"] == "8.30% + EA MAX 18.70% + ADSZ"
    assert gb["20079933"] == "20.00% + 19.00 GBP/100kg"


@pytest.mark.parametrize(
    ("key", "first_day", "last_day"),
    [
        ("eu:low-value", "2008-12-01", "2026-06-30"),
        ("eu:flat-3:guidance", "2026-07-01", "2028-06-30"),
        ("gb:low-value", "2021-01-01", ""),
        ("ca:40", "2020-07-01", ""),
        ("au:low-value", "2005-01-01", ""),
    ],
)
def test_reliefs_hold_on_the_days_the_law_says(key: str, first_day: str, last_day: str) -> None:
    reliefs = {row["rule_key"]: row for row in rows_of(TARIFF / "reliefs.csv")}

    assert (reliefs[key]["valid_from"], reliefs[key]["valid_to"]) == (first_day, last_day)
    assert not any(row["jurisdiction"] == "US" for row in reliefs.values())


def test_us_base_rates_equal_the_usitc_export() -> None:
    stated: dict[str, str] = {}
    with unzipped("us_hts_2025_late.csv.gz") as text:
        for row in csv.DictReader(text):
            if row["General Rate of Duty"]:
                stated[row["HTS Number"].replace(".", "")] = row["General Rate of Duty"]

    for code, rate in base_rates("US").items():
        assert {stated[c] for c in (code, code + "00") if c in stated} == {rate}, code


@pytest.mark.parametrize(
    ("jurisdiction", "column"), [("EU", "cet_duty_rate"), ("GB", "ukgt_duty_rate")]
)
def test_european_and_british_rates_equal_the_table_of_2020(jurisdiction: str, column: str) -> None:
    with unzipped("uk_ukgt_cet_2020-12.csv.gz") as text:
        stated = {row["commodity"]: " ".join(row[column].split()) for row in csv.DictReader(text)}

    for code, rate in base_rates(jurisdiction).items():
        assert rate == stated[code].replace("0.0%", "Free" if stated[code] == "0.0%" else "0.0%")


def test_australian_rates_come_from_clean_cells_only() -> None:
    with unzipped("au_schedule3_2026-04.json.gz") as text:
        cells = list(classifications(json.load(text)))

    for code, rate in base_rates("AU").items():
        assert {duty for number, duty in cells if number.replace(".", "") == code} == {rate}, code


def classifications(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict) and "referenceNumber" in node:
        yield node["referenceNumber"], node["dutyRate"]
    elif isinstance(node, dict | list):
        for part in node.values() if isinstance(node, dict) else node:
            yield from classifications(part)


def test_section_301_measures_hold_exactly_the_sample_codes_of_their_lists() -> None:
    with shared("us_s301_product_lists.csv").open(encoding="utf-8", newline="") as text:
        listed = {(row["ch99_code"], row["hts8"]) for row in csv.DictReader(text)}
    codes = {row["hs_us"][:8] for row in goods()}
    measures = [row for row in rows_of(TARIFF / "measures.csv") if "us:s301" in row["tags"]]

    for measure in measures:
        expected = {code for code in codes if (measure["native_type"], code) in listed}
        assert set(measure["scope"].split(";")) == expected, measure["measure_key"]
        assert (measure["origin_area"], measure["mode"]) == ("CN", "additive")
    charged = [m["scope"].split(";") for m in measures if m["legal_status"] == "in_force"]
    assert len(charged) == 3
    assert sum(map(len, charged)) == len(set().union(*charged)), "a line is charged twice"


def test_note_52_rates_equal_the_transcription_for_every_origin_of_the_catalogue() -> None:
    with shared("us_s301fl_economies_2026-07-24.csv").open(encoding="utf-8", newline="") as text:
        stated = {row["origin"]: row for row in csv.DictReader(text)}
    ours = {
        row["origin_area"]: row
        for row in rows_of(TARIFF / "measures.csv")
        if row["tags"] == "us:note52"
    }
    members = {row["member"] for row in rows_of(TARIFF / "areas.csv") if row["area"] == "EU"}

    assert {"EU" if g["origin"] in members else g["origin"] for g in goods()} == set(ours)
    for origin, row in ours.items():
        assert Decimal(row["expression"].rstrip("%")) == Decimal(stated[origin]["rate_pct"])
        assert (row["mode"], row["native_type"]) == (
            stated[origin]["mechanic"],
            stated[origin]["heading"],
        )
        assert row["legal_status"] == "challenged"


def test_exchange_rates_are_those_of_one_day_of_the_central_bank() -> None:
    with zipfile.ZipFile(shared("eurofxref-hist.zip")) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    days = {row["Date"]: row for row in csv.DictReader(io.StringIO(text))}
    rates = rows_of(TARIFF / "fx_rates.csv")

    assert {row["period"] for row in rates} == {"2026-04-13"}
    assert {row["quote"] for row in rates} >= {"USD", "GBP", "CAD", "AUD"}
    for row in rates:
        assert Decimal(row["rate"]) == Decimal(days[row["period"]][row["quote"]])
