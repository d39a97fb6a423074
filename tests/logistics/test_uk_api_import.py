"""What the UK's tariff API answered: every measure of it, or nothing."""

import json
import tarfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.logistics.domain.importers import uk_api, ukgt
from services.logistics.domain.tariff import Line, Rules
from services.logistics.domain.tariff.hansa_csv import Row
from services.logistics.domain.tariff.request import Claim
from services.logistics.domain.tariff.rules import Cited, compile_rules
from services.logistics.domain.tariff.selection import plan_for
from tests.logistics.test_ukgt_import import table

RECORDED = Path(__file__).parents[3] / "shared/data/tariff/uk_xi_api_v2_documents.tgz"
REAL = pytest.mark.skipif(not RECORDED.is_file(), reason="../shared is missing: data/tariff")
CUP, SPIRIT = "6911100090", "2208909110"


def documents(prefix: str = "uk_commodity") -> dict[str, str]:
    with tarfile.open(RECORDED) as archive:
        members = [each for each in archive if each.isfile() and prefix in each.name]
        return {each.name: archive.extractfile(each).read().decode() for each in members}  # type: ignore[union-attr]


def rules_of(rows: list[Row], at: datetime) -> Rules:
    found: dict[str, list[tuple[Any, Cited]]] = {}
    for row in rows:
        since = datetime.fromisoformat(row.valid_from)
        until = datetime.fromisoformat(row.valid_to) if row.valid_to else None
        cited = Cited(row.fields["source"], row.fields["legal_ref"], "medium", since, until)
        found.setdefault(row.table, []).append((row.fields, cited))
    return compile_rules("GB", at, at, found)


def cup(origin: str) -> Line:
    claim = Claim(origin, "U116")
    return Line("l0", Decimal(1), 1, CUP, origin, claims=(claim,))


@REAL
def test_every_import_measure_of_a_document_is_a_row_with_its_own_dates() -> None:
    texts = documents()
    parsed = uk_api.read(texts)
    keys = set()
    for text in texts.values():
        for each in json.loads(text)["included"]:
            named = each.get("relationships", {}).get("measure_type", {}).get("data", {})
            if each["type"] == "measure" and each["attributes"]["import"] and named["id"] != "305":
                keys.add(f"uk:{each['id']}")

    assert parsed.errors == []
    assert parsed.unparsed == {}
    assert {row.key for row in parsed.rows if row.table == "measures"} == keys
    ended = next(row for row in parsed.rows if row.key == "uk:3620819")
    assert ended.valid_to == "2021-01-01T00:00:00Z"  # the last day, 2020-12-31, is inside


@REAL
def test_the_rates_of_a_day_are_those_that_the_page_of_that_day_said() -> None:
    rules = rules_of(uk_api.read(documents()).rows, datetime(2025, 7, 14, 12, tzinfo=UTC))
    then = rules_of(uk_api.read(documents()).rows, datetime(2018, 11, 15, 12, tzinfo=UTC))
    spirit = Line("l0", Decimal(1), 1, SPIRIT, "CN", additional_code="X451")

    plan, before = plan_for(cup("AD"), "AD", rules), plan_for(spirit, "CN", then)

    assert plan.standard is not None
    assert plan.standard.expression_text == "12.0%"
    assert {(each.kind, each.programme) for each in plan.options} == {
        ("suspension", ""),
        ("preference", "AD"),
    }
    assert all(each.conditions for each in plan.options if each.kind == "suspension")
    assert before.standard is not None
    assert before.standard.expression_text == "1.0 EUR / % vol / hl + 6.4 EUR / hl"


@REAL
def test_the_register_stands_before_a_table_that_compares_and_is_not_added_to_it() -> None:
    row = {"commodity": "69111000", "ukgt_duty_rate": "99.0%"}
    rows = uk_api.read(documents()).rows + ukgt.read({"t.csv": table(row)}).rows
    british = [each for each in rows if each.jurisdiction in ("", "GB")]
    rules = rules_of(british, datetime(2025, 7, 14, 12, tzinfo=UTC))

    plan = plan_for(cup("CN"), "CN", rules)
    other = plan_for(Line("l0", Decimal(1), 1, "69111000", "CN"), "CN", rules)

    assert (plan.lacks, plan.standard and plan.standard.expression_text) == ((), "12.0%")
    assert other.standard is not None
    assert other.standard.expression_text == "99.0%"


@REAL
def test_a_suspension_for_ships_without_a_condition_is_not_open_to_all() -> None:
    document = json.loads(next(iter(documents("uk_commodity_6911").values())))
    for each in document["included"]:
        if each["type"] == "measure" and each["id"] == "20122742":
            each["relationships"]["measure_conditions"]["data"] = []

    rows = uk_api.read({"a.json": json.dumps(document)}).rows

    asked = [row.fields["requires"] for row in rows if row.key.startswith("uk:20122742|")]
    assert asked == ["end_use:117"]


@REAL
def test_a_measure_of_northern_ireland_and_an_unknown_type_are_refused_with_their_place() -> None:
    text = next(iter(documents("uk_commodity_6911").values()))
    changed = json.loads(text)
    for each in changed["included"]:
        if each["type"] == "measure":
            each["relationships"]["measure_type"]["data"]["id"] = "999"
            break
    changed["included"].append(
        {"type": "measure_type", "id": "999", "attributes": {"measure_type_series_id": "Z"}}
    )

    northern = uk_api.read(documents("xi_commodity"))
    unknown = uk_api.read({"a.json": json.dumps(changed)})

    assert {error.code for error in northern.errors} == {"not_british"}
    assert [error.code for error in unknown.errors] == ["unknown_word"]
    assert unknown.errors[0].column.startswith("/included/measure/")
    assert northern.rows == unknown.rows == []


@REAL
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_mutated_document_is_taken_whole_or_not_at_all(data: st.DataObject) -> None:
    text = next(iter(documents("uk_commodity_6911").values()))
    at = data.draw(st.integers(0, len(text)))
    mutated = text[:at] + data.draw(st.text(max_size=6)) + text[at + data.draw(st.integers(0, 9)) :]

    parsed = uk_api.read({"a.json": mutated})

    assert bool(parsed.errors) != bool(parsed.rows)
