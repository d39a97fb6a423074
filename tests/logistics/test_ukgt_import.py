"""The table of the UK's and the Union's base duties: all of it, or nothing."""

import base64
import csv
import gzip
import hashlib
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from chassis.db import now
from contracts.values import Money
from services.logistics.app import SERVICE
from services.logistics.commands.tariff import record_import
from services.logistics.domain.importers.ukgt import COLUMNS, read
from services.logistics.domain.tariff import Line, Rules
from services.logistics.domain.tariff.grammar import normal
from services.logistics.domain.tariff.hansa_csv import Parsed
from services.logistics.domain.tariff.rules import Cited, compile_rules
from services.logistics.domain.tariff.selection import plan_for
from services.logistics.jobs.tariff import parse_rules
from services.logistics.queries import tariff
from tests.logistics.test_tariff import AT, SAMPLE
from tests.running import RunningService, finished, signed_in

TABLE = Path(__file__).parents[3] / "shared" / "data" / "tariff" / "uk_ukgt_cet_2020-12.csv.gz"
REAL = pytest.mark.skipif(not TABLE.is_file(), reason="../shared is missing: data/tariff")
AD_VALOREM = re.compile(r"(\d+\.\d+)%")


def table(*rows: dict[str, str]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        plain = dict.fromkeys(COLUMNS, "False") | {"description": "thing", "change": "Simplified"}
        writer.writerow(plain | {"cet_duty_rate": "6.5%", "ukgt_duty_rate": "6.0%"} | row)
    return written.getvalue()


def compiled(parsed: Parsed, jurisdiction: str) -> Rules:
    found: dict[str, list[tuple[Any, Cited]]] = {}
    for row in parsed.rows:
        if row.jurisdiction == jurisdiction:
            cited = Cited("", "", "medium", AT.replace(year=2021), None)
            found.setdefault(row.table, []).append((row.fields, cited))
    return compile_rules(jurisdiction, AT, AT, found)


def planned(parsed: Parsed, jurisdiction: str, code: str) -> Any:
    return plan_for(Line("l0", Decimal(1), 1, code, "CN"), "CN", compiled(parsed, jurisdiction))


@REAL
def test_every_row_of_the_table_is_a_line_of_both_laws_and_no_line_is_charged_twice() -> None:
    text = gzip.decompress(TABLE.read_bytes()).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))

    parsed = read({"table.csv": text})

    assert parsed.errors == []
    assert len({(row.table, row.jurisdiction, row.key) for row in parsed.rows}) == len(parsed.rows)
    for jurisdiction, column in (("EU", "cet_duty_rate"), ("GB", "ukgt_duty_rate")):
        rules = compiled(parsed, jurisdiction)
        assert rules.commodities.keys() == {row["commodity"] for row in rows}
        for row in rows:
            code = row["commodity"]
            plan = plan_for(Line("l0", Decimal(1), 1, code, "CN"), "CN", rules)
            assert plan.lacks == (), code
            assert plan.standard is not None
            is_tied = row["cet_applies_until_trade_remedy_transition_reviews_concluded"] == "True"
            if not is_tied:
                assert plan.standard.expression_text == normal(row[column])
    not_understood = sum(parsed.unparsed.values())
    assert not_understood < 2 * len(rows) / 500
    assert "Entry Price" in parsed.unparsed


def test_what_is_charged_apart_below_a_line_lowers_nothing_of_the_rest_of_it() -> None:
    rows = [
        {"commodity": "40092200", "ukgt_duty_rate": "2.0%"},
        {"commodity": "4009220000", "ukgt_duty_rate": "0.0%"},
    ]
    parsed = read({"t.csv": table(*rows)})

    rest, apart = (planned(parsed, "GB", code) for code in ("40092200", "4009220000"))

    assert (rest.lacks, rest.standard.expression_text) == ((), "2.0%")
    assert (apart.lacks, apart.standard.expression_text) == ((), "0.0%")


@pytest.mark.parametrize(
    ("cet", "british"), [("10.9%", "10.9%"), ("1.00 EUR / 100 kg", None), ("Entry Price", None)]
)
def test_while_reviews_last_the_unions_rate_is_britains_and_one_in_money_is_unknown(
    cet: str, british: str | None
) -> None:
    tied = {COLUMNS[5]: "True", "cet_duty_rate": cet, "ukgt_duty_rate": "2.0%"}
    parsed = read({"t.csv": table({"commodity": "73181210", **tied})})

    standard = planned(parsed, "GB", "73181210").standard

    assert (standard.expression is None) == (british is None)
    assert british is None or standard.expression_text == british


def test_a_remedy_that_the_table_only_hints_at_is_told_never_silent() -> None:
    parsed = read({"t.csv": table({"commodity": "73181210", "trade_remedy_applies": "True"})})

    assert planned(parsed, "GB", "73181210").warnings == ("trade_remedy_possible",)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"commodity": "1012100"}], "bad_code"),
        ([{"commodity": "٠١٠١٢١٠٠"}], "bad_code"),
        ([{"commodity": "01012100", "cet_duty_rate": " "}], "missing"),
        ([{"commodity": "01012100", "atq_applies": "yes"}], "unknown_word"),
        ([{"commodity": "01012100"}, {"commodity": "01012100", "change": "Reduced"}], "duplicate"),
        ([], "empty"),
    ],
)
def test_one_bad_row_and_nothing_is_taken(rows: list[dict[str, str]], code: str) -> None:
    parsed = read({"t.csv": table({"commodity": "99999999"}, *rows) if rows else table()})

    assert [error.code for error in parsed.errors] == [code]
    assert parsed.rows == []


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_mutated_table_is_taken_whole_or_not_at_all(data: st.DataObject) -> None:
    text = table({"commodity": "01012100"}, {"commodity": "0101291010"})
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 20))
    mutated = text[:at] + data.draw(st.text(max_size=8)) + text[at + length :]

    parsed = read({"t.csv": mutated})

    assert bool(parsed.errors) != bool(parsed.rows)


def test_the_table_is_sent_as_a_job_and_seen_at_once_or_not_at_all(tmp_path: Path) -> None:
    running = RunningService(SERVICE, tmp_path)
    operator = signed_in("operator")
    seen = "/v1/tariffs/GB/commodities/01012100"
    with running.client() as client:
        for rows, errors in (({"commodity": "1012100"}, 1), ({"commodity": "01012100"}, 0)):
            body = table({"commodity": "01012100"}, rows).encode()
            headers = operator | {"Content-Type": "text/csv"}
            job = client.post("/v1/tariff-imports?kind=ukgt", content=body, headers=headers).json()
            ended = finished(client, f"/v1/logistics/jobs/{job['id']}", operator)
            assert len(ended["result"]["errors"]) == errors
            assert client.get(seen, headers=operator).status_code == (404 if errors else 200)
    running.close()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The sample's law, and the whole table over it, twice."""
    running = RunningService(SERVICE, tmp_path_factory.mktemp("ukgt"))
    sample = {path.name: path.read_text("utf-8") for path in sorted(SAMPLE.glob("*.csv"))}
    for name, text in sample.items():
        imported(running, name, text.encode(), "hansa")
    first = imported(running, "t.csv", gzip.decompress(TABLE.read_bytes()), "ukgt")
    again = imported(running, "t.csv", gzip.decompress(TABLE.read_bytes()) + b"\n", "ukgt")
    assert first["imported"] > 2 * 11_000
    assert again["imported"] == 0
    with running.client() as found:
        yield found
    running.close()


def imported(service: RunningService, name: str, body: bytes, kind: str) -> dict[str, Any]:
    upload = {
        "name": name,
        "zipped": False,
        "sha256": hashlib.sha256(body).hexdigest(),
        "content": base64.b64encode(body).decode(),
        "kind": kind,
    }
    result = parse_rules(upload, lambda _: None)
    assert result["errors"] == []
    report: dict[str, Any] = service.does(record_import, None, result)
    assert service.reads(tariff.known_at) <= now()
    return report


@REAL
def test_the_same_goods_cost_in_london_and_berlin_what_the_table_says(client: TestClient) -> None:
    rows = csv.DictReader(io.StringIO(gzip.decompress(TABLE.read_bytes()).decode("utf-8-sig")))
    differing = [
        row
        for row in rows
        if row["cet_duty_rate"] != row["ukgt_duty_rate"]
        and AD_VALOREM.fullmatch(row["cet_duty_rate"])
        and AD_VALOREM.fullmatch(row["ukgt_duty_rate"])
        and not row["commodity"].startswith(("22", "24", "33"))
        and row[COLUMNS[5]] == "False"
        and len(row["commodity"]) == 8
    ][::80]
    told, wanted = {}, {}
    for row in differing:
        code = row["commodity"]
        for to, currency, column in (("GB", "GBP", "ukgt"), ("DE", "EUR", "cet")):
            asked = {"from": "CN", "to": to, "code": code, "value": "1000", "currency": currency,
                     "buyer": "business", "weight_g": "1000"}  # fmt: skip
            answer = client.get("/v1/tariffs/duty", params=asked, headers=signed_in()).json()
            if answer["status"] == "complete":
                pct = Decimal(row[f"{column}_duty_rate"].removesuffix("%"))
                wanted[code, to] = Money.of(int(pct * 1000), currency).model_dump(mode="json")
                told[code, to] = answer["duties"]

    assert len(told) > len(differing)
    assert told == wanted
