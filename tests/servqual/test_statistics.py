"""Statistics of a survey: the reference cases, open data, and what has no value."""

import csv
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.servqual.domain.statistics.figures import (
    NO_VARIANCE,
    TOO_FEW,
    Floats,
    correlation,
    mean_of,
)
from services.servqual.domain.statistics.gaps import (
    Items,
    gaps,
    overall,
    servperf_interval,
    spread_over_items,
    validity,
)
from services.servqual.domain.statistics.reliability import (
    difference_score_reliability,
    feldt,
    reliability,
)
from services.servqual.domain.statistics.zone import zone
from tests.servqual.cases import case, shared

NONE = math.nan


def kiosk() -> dict[str, Floats]:
    with shared("data/servqual/kiosk_servqual_items.csv").open(newline="") as text:
        rows = list(csv.DictReader(text))

    def columns(prefix: str, many: int) -> Floats:
        names = [f"{prefix}{number}" for number in range(1, many + 1)]
        return np.array([[float(row[name]) for name in names] for row in rows])

    return {"P": columns("p", 24), "E": columns("e", 24), "imp": columns("imp", 24),
            "y": columns("y", 2)}  # fmt: skip


def numbered(dimensions: dict[str, list[int]]) -> Items:
    return {name: [number - 1 for number in items] for name, items in dimensions.items()}


def test_case_kiosk_gap() -> None:
    given_, expected, within = case("kiosk-gap")
    told, items = kiosk(), numbered(given_["dimensions"])

    for name, found in gaps(told["P"], told["E"], items).items():
        wanted = expected[name]
        assert found.gap.n == wanted["n"]
        for figure, key in (
            (found.expectation.mean, "E"), (found.perception.mean, "P"), (found.gap.mean, "gap"),
            (found.gap.sd, "sd_gap"), (found.gap.se, "se"),
        ):  # fmt: skip
            assert figure == pytest.approx(wanted[key], abs=within)
        assert found.gap.t_ci95 == pytest.approx(wanted["t_ci95"], abs=within)
    whole = overall(told["P"], told["E"], items)
    assert whole.dimensions == pytest.approx(expected["overall_unweighted_dimensions"], abs=within)
    assert whole.items == pytest.approx(expected["overall_unweighted_items"], abs=within)
    assert (whole.weighted, whole.servperf_weighted) == (None, None)


def test_case_attitude_alpha() -> None:
    given_, expected, within = case("attitude-alpha")
    found = reliability(np.array(given_["rows"], np.float64))

    assert (found.alpha, found.std_alpha, found.average_r) == pytest.approx(
        (expected["raw_alpha"], expected["std_alpha"], expected["average_r"]), abs=within
    )
    assert (found.scale_mean, found.scale_sd) == pytest.approx(
        (expected["scale_mean"], expected["scale_sd"]), abs=within
    )
    assert found.item_rest == pytest.approx(expected["item_rest"], abs=within)
    assert found.flags == ("item_rest",)


def test_case_synthetic_22() -> None:
    given_, expected, within = case("synthetic-22")
    items: dict[str, list[int]] = {}
    for name in given_["dimension_order"]:
        begun = sum(map(len, items.values()))
        items[name] = list(range(begun, begun + given_["item_counts"][name]))
    p, e = (
        np.concatenate([[given_[side][name]] * len(items[name]) for name in items])[None, :]
        for side in ("P", "E")
    )
    weights = np.array([[given_["weights"][name] for name in items]], np.float64)

    for name, found in gaps(p, e, items).items():
        assert found.gap.mean == pytest.approx(expected["gap"][name], abs=within)
    whole = overall(p, e, items, weights)
    assert whole.dimensions == pytest.approx(expected["overall_dimensions"], abs=within)
    assert whole.items == pytest.approx(expected["overall_items"], abs=1e-6)  # printed to 6 places
    assert whole.weighted == pytest.approx(expected["overall_weighted"], abs=within)
    assert whole.servperf_weighted == pytest.approx(expected["servperf_weighted"], abs=within)


def test_case_zone_of_tolerance() -> None:
    given_, expected, within = case("zone-of-tolerance")
    for row, wanted in zip(given_["rows"], expected["rows"], strict=True):
        found = zone(row["P"], row["min"], row["desired"])
        assert found.adequacy == pytest.approx(wanted["MSA"], abs=within)
        assert found.superiority == pytest.approx(wanted["MSS"], abs=within)
        if wanted["position"] is None:
            assert found.position is None
        else:
            assert found.position == pytest.approx(wanted["position"], abs=1e-6)
        assert found.state == wanted["state"]
    with pytest.raises(ValueError, match="above the desired"):
        zone(5, 6, 5.9)


def test_the_open_data_shows_why_expectation_is_asked_seldom() -> None:
    """The difference is below .70 in 7 of 8 dimensions and predicts satisfaction worse."""
    told = kiosk()
    threes = [slice(begun, begun + 3) for begun in range(0, 24, 3)]
    r_d = [difference_score_reliability(told["P"][:, at], told["E"][:, at]) for at in threes]
    assert sum(each.is_weak for each in r_d) == 7

    found = validity(told["P"], told["E"], told["imp"], told["y"].mean(axis=1))
    assert found.r_perception.r == pytest.approx(0.57, abs=0.006)
    assert found.r_gap.r == pytest.approx(0.49, abs=0.006)
    assert found.r_weighted_gap.r == pytest.approx(0.48, abs=0.006)


# beyond the cases


def test_a_respondent_counts_once_whatever_it_left_open() -> None:
    """Means of respondents, not of answers: 3 answers of one weigh as 1 of another."""
    e = np.full((2, 3), 6.0)
    p = np.array([[6.0, 6.0, 6.0], [2.0, NONE, NONE]])
    found = gaps(p, e, {"REL": [0, 1, 2]})["REL"]

    assert found.gap.mean == pytest.approx(-2.0)
    assert found.flags == ("few",)
    assert overall(p, e, {"REL": [0, 1, 2]}).items == pytest.approx((-2 + 0 + 0) / 3)


def test_weights_of_each_and_weights_of_all_differ_and_both_are_told() -> None:
    """One cares for A, where it is served ill; the other for B, where it is served well."""
    e, items = np.full((2, 2), 6.0), {"A": [0], "B": [1]}
    p = np.array([[2.0, 6.0], [6.0, 6.0]])
    importance = np.array([[90.0, 10.0], [10.0, 90.0]])
    found = overall(p, e, items, importance)

    assert found.weighted == pytest.approx(0.5 * -2 + 0.5 * 0)
    assert found.respondents_weighted.mean == pytest.approx((0.9 * -4 + 0) / 2)
    assert found.servperf_weighted == pytest.approx(0.5 * 4 + 0.5 * 6)


def test_importance_of_a_dimension_is_divided_among_its_items() -> None:
    spread = spread_over_items(np.array([[60.0, 40.0]]), {"A": [0, 1, 2], "B": [3, 4]})
    assert spread.tolist() == [[20.0, 20.0, 20.0, 20.0, 20.0]]


def test_the_bootstrap_repeats_and_holds_the_estimate() -> None:
    rng = np.random.default_rng(3)
    p = rng.integers(1, 8, (200, 4)).astype(np.float64)
    items, importance = {"A": [0, 1], "B": [2, 3]}, np.tile([70.0, 30.0], (200, 1))
    found = servperf_interval(p, items, importance)
    estimate = overall(p, p, items, importance).servperf_weighted

    assert found is not None
    assert estimate is not None
    assert found[0] < estimate < found[1]
    se = (0.7 * p[:, :2].mean(axis=1) + 0.3 * p[:, 2:].mean(axis=1)).std(ddof=1) / math.sqrt(200)
    assert found[1] - found[0] == pytest.approx(2 * 1.96 * se, rel=0.15)
    assert servperf_interval(p, items, importance) == found
    assert servperf_interval(p[:1], items, importance[:1]) is None


def test_feldt_covers_the_true_alpha_in_nineteen_of_twenty_samples() -> None:
    """Two items of r = .5: alpha 2/3. So few rows and items tell wrong degrees of freedom."""
    rng = np.random.default_rng(9)
    hits = 0
    for _ in range(2000):
        rows = rng.normal(size=(8, 1)) + rng.normal(size=(8, 2))
        low, high = reliability(rows).feldt_ci95 or (NONE, NONE)
        hits += low <= 2 / 3 <= high
    assert hits / 2000 == pytest.approx(0.95, abs=0.013)


def test_the_interval_is_of_the_rows_that_entered() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(60, 1)) + rng.normal(size=(60, 3))
    open_ = rows.copy()
    open_[:20, 1] = NONE
    whole, found = reliability(rows[20:]), reliability(open_)

    assert found == whole
    assert found.n == 40
    assert found.alpha is not None
    assert found.feldt_ci95 == feldt(found.alpha, 40, 3)
    pairs = reliability(open_, "pairwise")
    assert (pairs.n, pairs.feldt_ci95) == (60, None)
    assert "feldt_ci95" in pairs.why
    assert pairs.alpha == pytest.approx(found.alpha, abs=0.2)
    assert pairs.alpha != found.alpha


@given(st.integers(2, 6), st.integers(3, 30), st.integers(0, 10**6))
def test_alpha_ignores_units_and_pairwise_is_listwise_when_nothing_is_missing(
    k: int, n: int, seed: int
) -> None:
    rows = np.random.default_rng(seed).normal(size=(n, k)) + np.arange(n)[:, None] / 3
    one, other = reliability(rows), reliability(5.0 * rows - 2.0)
    pairs = reliability(rows, "pairwise")

    assert other.alpha == pytest.approx(one.alpha)
    assert pairs.alpha == pytest.approx(one.alpha)
    assert pairs.item_rest == pytest.approx(one.item_rest)
    assert one.alpha is not None
    assert one.alpha <= 1 + 1e-12


def test_a_difference_is_as_reliable_as_its_parts_when_they_are_unrelated() -> None:
    """s_P = s_E and r_EP = 0: r_D is the mean of both alphas; correlated parts lower it."""
    rng = np.random.default_rng(5)
    mood = rng.normal(size=(4000, 1))
    p, e = (
        mood + rng.normal(size=(4000, 3)),
        rng.normal(size=(4000, 1)) + rng.normal(size=(4000, 3)),
    )
    apart = difference_score_reliability(p, e).value
    together = difference_score_reliability(p, mood + rng.normal(size=(4000, 3))).value

    assert apart == pytest.approx(0.75, abs=0.02)
    assert together == pytest.approx(0.0, abs=0.06)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (np.zeros((0, 3)), TOO_FEW),
        (np.array([[1.0, 2.0, 3.0]]), TOO_FEW),
        (np.full((40, 3), 7.0), NO_VARIANCE),
        (np.array([[1.0], [2.0]]), "fewer than two items"),
        (np.array([[1.0, -1.0], [2.0, -2.0]]), NO_VARIANCE),  # the items cancel
    ],
)
def test_what_has_no_value_is_null_with_its_reason(rows: Floats, reason: str) -> None:
    found = reliability(rows)
    assert (found.alpha, found.feldt_ci95, found.std_alpha) == (None, None, None)
    assert found.why["alpha"] == reason
    assert difference_score_reliability(rows, rows).value is None


def test_an_item_that_never_differs_is_named_and_the_rest_still_counts() -> None:
    rng = np.random.default_rng(1)
    rows: Any = rng.normal(size=(50, 1)) + rng.normal(size=(50, 3))
    rows[:, 2] = 4.0
    found = reliability(rows)

    assert found.alpha is not None
    assert found.item_rest[2] is None
    assert (found.average_r, found.std_alpha) == (None, None)
    assert {"average_r", "std_alpha", "item_rest"} <= set(found.why)


def test_means_and_correlations_of_too_little_are_null() -> None:
    assert mean_of(np.array([NONE])).mean is None
    lone = mean_of(np.array([4.0, NONE]))
    assert (lone.n, lone.mean, lone.sd, lone.why["sd"]) == (1, 4.0, None, TOO_FEW)
    assert correlation(np.array([1.0, NONE]), np.array([2.0, 3.0])).why == TOO_FEW
    flat = correlation(np.array([1.0, 1.0]), np.array([2.0, 3.0]))
    assert (flat.r, flat.why) == (None, NO_VARIANCE)
