"""The public reference cases, calculated by the engine itself, to the minor unit."""

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.logistics.domain.tariff.cases import NotACase, answer

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases" / "landed_cost" / "examples.jsonl"


def cases() -> dict[str, Any]:
    if not CASES.is_file():
        return {}
    lines = CASES.read_text(encoding="utf-8").splitlines()
    read = [json.loads(line, parse_float=Decimal) for line in lines]
    return {case["id"]: case for case in read}


def case(name: str) -> Any:
    if not CASES.is_file():
        pytest.skip("../shared is missing: cases/landed_cost/examples.jsonl")
    return copy.deepcopy(cases()[name])


@pytest.mark.skipif(not CASES.is_file(), reason="../shared is missing: cases/landed_cost")
def test_all_cases_are_read() -> None:
    assert len(cases()) == 29


@pytest.mark.parametrize("name", sorted(cases()))
def test_a_reference_case_comes_out_as_published(name: str) -> None:
    given_case = case(name)

    told = answer(given_case)

    asserted = {key: value for key, value in given_case["expected"].items() if value is not None}
    assert told["id"] == name
    assert list(told["got"]) == list(given_case["expected"])
    assert {key: told["got"][key] for key in asserted} == asserted


def test_a_case_without_expectations_is_told_everything() -> None:
    given_case = case("uk-dc-013")
    del given_case["expected"]

    got = answer(given_case)["got"]

    assert got["landed"] == Decimal("2656.29")
    assert got["total"] == sum(got["lines"])


@pytest.mark.parametrize(("day", "is_refused"), [
    ("2020-12-31", True), ("2021-01-01", False), ("2021-03-31", False), ("2021-04-01", True),
])  # fmt: skip
def test_a_measure_holds_its_last_day_and_is_refused_outside_its_dates(
    day: str, is_refused: bool
) -> None:
    given_case = case("dv-uk-004") | {"date": day}

    if is_refused:
        with pytest.raises(NotACase, match="not in force"):
            answer(given_case)
    else:
        assert answer(given_case)["got"]["duty"] == 0


def test_charges_are_waived_strictly_below_the_limit() -> None:
    at_the_limit = case("nz-pub-004") | {"customs_value": 400}  # 15 % of 400 is 60

    assert answer(at_the_limit)["got"]["vat"] == 60
    assert answer(at_the_limit | {"customs_value": Decimal("399.99")})["got"]["vat"] == 0


def test_the_british_duty_is_taken_up_to_three_per_cent_and_not_beyond() -> None:
    apart = case("uk-dc-018")
    apart["measures"][1]["components"][0]["pct"] = Decimal("6.01")

    assert answer(case("uk-dc-018"))["got"]["chosen"] == "uk"
    assert answer(apart)["got"] == {
        "duty": Decimal("6.01"),
        "chosen": "xi",
        "total": Decimal("6.01"),
    }


def test_a_float_has_lost_its_digits_and_is_refused() -> None:
    with pytest.raises(NotACase, match="no decimal"):
        answer(case("uk-dc-010") | {"customs_value": 0.1})


anything = st.recursive(
    st.one_of(st.none(), st.integers(-5, 5), st.text(max_size=5), st.just("EUR")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["op", "pct", "per", "units", "role"]), inner, max_size=3),
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_broken_case_is_refused_and_nothing_else_is_raised(data: st.DataObject) -> None:
    broken = case(data.draw(st.sampled_from(["uk-dc-013", "us-ddp-001", "au-pub-001"])))
    target = data.draw(st.sampled_from([broken, *broken["measures"]]))
    for one in broken["measures"]:
        if data.draw(st.booleans()):
            target = data.draw(st.sampled_from(one["components"]))
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(anything)

    try:
        told = answer(broken)
    except NotACase:
        return
    assert set(told) == {"id", "got"}
