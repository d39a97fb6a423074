"""The rule among rated offers: the cases that servqual is held to as well, and what no offer may
do to another.
"""

import itertools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.logistics.domain.shipping.anchors import anchors_for
from services.logistics.domain.shipping.criteria import (
    WEIGHTS,
    Anchors,
    Candidate,
    Criterion,
    Estimate,
    RankingRefused,
)
from services.logistics.domain.shipping.explore import is_explored, may_explore
from services.logistics.domain.shipping.ranking import Ranked, rank

CASES = Path(__file__).resolve().parents[2].parent / "shared/cases/servqual/examples.json"
ANCHORS = {
    Criterion.COST: Anchors(3000, 1000),
    Criterion.ON_TIME: Anchors(0.7, 0.99),
    Criterion.RATING: Anchors(40.0, 90.0),
    Criterion.DAMAGE: Anchors(0.02, 0.001),
}


def case(name: str) -> tuple[dict[str, Any], dict[str, Any], float]:
    if not CASES.exists():
        pytest.skip("../shared is missing: cases/servqual/examples.json")
    found = next(each for each in json.loads(CASES.read_text())["cases"] if each["id"] == name)
    return found["inputs"], found["expected"], found["tolerance"]


def offer(
    id_: str, values: Mapping[str, float], *, sd: float = 0.0, provisional: bool = False
) -> Candidate:
    """`sd` is of the rating, in points of it: 0.4 points of the score each."""
    estimates = {
        Criterion(name): Estimate(value, sd if name == "rating" else 0.0)
        for name, value in values.items()
    }
    return Candidate(id_, estimates, provisional)


def rated(
    id_: str, rating: float, cost: float = 2000, *, sd: float = 0.0, provisional: bool = False
) -> Candidate:
    values = {"cost": cost, "p_on_time": 0.9, "rating": rating, "damage": 0.01}
    return offer(id_, values, sd=sd, provisional=provisional)


def order(ranked: tuple[Ranked, ...]) -> list[str]:
    return [each.scored.candidate.id for each in ranked]


levels = st.builds(
    lambda cost, on_time, rating, damage, sd: (
        {"cost": cost, "p_on_time": on_time, "rating": rating, "damage": damage}, sd,
    ),
    st.integers(100, 6000), st.floats(0, 1), st.floats(0, 100), st.floats(0, 0.1), st.floats(0, 20),
)  # fmt: skip
some_offers = st.lists(levels, min_size=2, max_size=7).map(
    lambda drawn: [offer(str(n), values, sd=sd) for n, (values, sd) in enumerate(drawn)]
)


@pytest.mark.parametrize("kept", ["with_D", "without_D"])
def test_case_model_rank(kept: str) -> None:
    given_, expected, within = case("model-rank")
    anchors = {
        Criterion(name): Anchors(*pair) for name, pair in given_["anchors_worst_best"].items()
    }
    assert given_["weights"] == WEIGHTS
    offers = [
        offer(row["id"], {name: row[name] for name in given_["weights"]})
        for row in given_["alternatives"]
        if kept == "with_D" or row["id"] != "D"
    ]

    found = rank(offers, anchors)

    assert order(found) == [row["id"] for row in expected[kept]]
    for each, row in zip(found, expected[kept], strict=True):
        assert each.scored.score == pytest.approx(row["score"], abs=within)
        assert each.scored.contributions == pytest.approx(row["contributions"], abs=within)


@given(some_offers, st.data())
def test_adding_or_removing_an_offer_changes_no_other_score(
    offers: list[Candidate], data: st.DataObject
) -> None:
    fewer = data.draw(st.lists(st.sampled_from(offers), min_size=1, unique_by=lambda one: one.id))

    whole = {each.scored.candidate.id: each.scored for each in rank(offers, ANCHORS)}
    for each in rank(fewer, ANCHORS):
        assert each.scored == whole[each.scored.candidate.id]


@given(some_offers, st.randoms(use_true_random=False))
def test_the_order_does_not_hang_on_the_order_of_the_offers(
    offers: list[Candidate], random: Random
) -> None:
    assert rank(random.sample(offers, len(offers)), ANCHORS) == rank(offers, ANCHORS)


@given(some_offers)
def test_contributions_add_up_and_groups_follow_the_score(offers: list[Candidate]) -> None:
    ranked = rank(offers, ANCHORS)

    for each in ranked:
        assert math.fsum(each.scored.contributions.values()) == pytest.approx(each.scored.score)
        assert 0 <= each.scored.score <= 100 + 1e-9
    assert [each.group for each in ranked] == sorted(each.group for each in ranked)
    for one, other in itertools.combinations(ranked, 2):
        if one.group < other.group:
            assert one.scored.score >= other.scored.score


def test_an_offer_near_the_first_of_its_group_is_tied_and_the_cheaper_goes_first() -> None:
    """sd of 5 is 2 points of score, half of it 1. B is 0.1 below A, C is 1.14 below."""
    near = [("A", 70, 2020), ("B", 68.875, 2000), ("C", 65.4, 1980)]
    ranking = rank([rated(*each, sd=5) for each in near], ANCHORS)
    assert order(ranking) == ["B", "A", "C"]
    assert [each.group for each in ranking] == [0, 0, 1]

    assert order(rank([rated(*each) for each in near], ANCHORS)) == ["A", "B", "C"]
    assert order(rank([rated("b", 70), rated("a", 70)], ANCHORS)) == ["a", "b"]


def test_a_chain_of_near_offers_is_not_one_tie() -> None:
    """Each 0.8 points below the one before; the third is 1.6 below the first of the group."""
    chain = [rated(name, 80 - 2 * n, sd=5) for n, name in enumerate("ABC")]
    assert [each.group for each in rank(chain, ANCHORS)] == [0, 0, 1]


def test_at_an_anchor_or_beyond_uncertainty_does_not_count() -> None:
    for rating, sd in ((90.0, 0.0), (95.0, 0.0), (40.0, 0.0), (89.9, 2.0)):
        found = rank([rated("A", rating, sd=5)], ANCHORS)[0].scored
        assert found.sd == pytest.approx(sd)


def test_why_not_names_the_two_greatest_losses_to_the_best_and_no_gain() -> None:
    best = offer("A", {"cost": 2000, "p_on_time": 0.95, "rating": 80, "damage": 0.002})
    other = offer("B", {"cost": 1900, "p_on_time": 0.80, "rating": 79, "damage": 0.015})
    first, second = rank([best, other], ANCHORS)

    assert first.why_not == ()
    assert second.why_not == (Criterion.ON_TIME, Criterion.DAMAGE)


def test_exploration_puts_the_best_provisional_within_ten_points_first_and_marks_it() -> None:
    """20 rating points are 8 of the score."""
    offers = [
        rated("A", 85), rated("B", 65, provisional=True), rated("C", 60.5, provisional=True),
    ]  # fmt: skip
    assert order(rank(offers, ANCHORS)) == ["A", "B", "C"]

    explored = rank(offers, ANCHORS, explore=True)
    assert order(explored) == ["B", "A", "C"]
    assert [each.is_exploration for each in explored] == [True, False, False]

    too_far = rank([offers[0], rated("D", 59, provisional=True)], ANCHORS, explore=True)
    assert order(too_far) == ["A", "D"]
    no_need = rank([rated("P", 90, provisional=True), *offers], ANCHORS, explore=True)
    assert not any(each.is_exploration for each in (*too_far, *no_need))


def test_exploration_repeats_and_meets_one_request_in_twenty() -> None:
    requests = [f"request {n}".encode() for n in range(8000)]
    drawn = [is_explored(each, b"key") for each in requests]

    assert drawn == [is_explored(each, b"key") for each in requests]
    assert drawn != [is_explored(each, b"other") for each in requests]
    assert sum(drawn) / len(drawn) == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize(
    ("days_left", "value_minor", "allows", "may"),
    [
        (None, 10_00, True, True),
        (3, 499_99, True, True),
        (2, 10_00, True, False),
        (None, 500_00, True, False),
        (None, None, True, False),  # not known is no small value
        (None, 10_00, False, False),
    ],
)
def test_what_is_urgent_or_dear_is_not_explored_with(
    days_left: int | None, value_minor: int | None, allows: bool, may: bool
) -> None:
    found = may_explore(days_left=days_left, value_minor=value_minor, merchant_allows=allows)
    assert found is may


def test_nothing_is_ranked_by_guess() -> None:
    for offers in (
        [rated("A", 50), rated("A", 60)], [rated("A", math.nan)],
        [offer("A", {"cost": 2000, "p_on_time": 0.9, "rating": 50})], [rated("A", 50, sd=-1)],
    ):  # fmt: skip
        with pytest.raises(RankingRefused):
            rank(offers, ANCHORS)
    for worst, best in ((1.0, 1.0), (math.nan, 1.0), (0.0, math.inf)):
        with pytest.raises(RankingRefused):
            Anchors(worst, best)


def test_anchors_are_of_the_way_the_class_and_the_weight() -> None:
    ways = [("DE", "DE"), ("DE", "FR"), ("DE", "US")]
    costs = [anchors_for(*way, "standard", 1000)[Criterion.COST] for way in ways]
    assert costs == [Anchors(1650, 430), Anchors(3300, 680), Anchors(7000, 1200)]
    heavy = anchors_for("DE", "US", "express", 5000)[Criterion.COST]
    assert heavy == Anchors(15000 * 1.6, 2800 * 1.6)
    assert anchors_for("DE", "DE", "unheard of", 1000)[Criterion.COST] == costs[0]
