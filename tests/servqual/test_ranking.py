"""Ranking for one shipment: the reference cases, and what no offer may do to another."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.servqual.domain.ranking import sensitivity
from services.servqual.domain.ranking.ahp import priorities
from services.servqual.domain.ranking.explore import is_explored, may_explore
from services.servqual.domain.ranking.offers import (
    WEIGHTS,
    Anchors,
    Criterion,
    Estimate,
    FailedGate,
    Offer,
    RankingRefused,
    weights_for,
)
from services.servqual.domain.ranking.order import Ranking, rank
from tests.servqual.cases import case

ANCHORS = {
    Criterion.COST: Anchors(30.0, 10.0),
    Criterion.ON_TIME: Anchors(0.7, 0.99),
    Criterion.RATING: Anchors(40.0, 90.0),
    Criterion.DAMAGE: Anchors(0.02, 0.001),
    Criterion.OPTIONS: Anchors(0.0, 1.0),
}


def offer(
    id_: str, values: Mapping[str, float], *, sd: float = 0.0, provisional: bool = False
) -> Offer:
    """`sd` is of the rating, in points of it: 0.4 points of the score each."""
    estimates = {
        Criterion(name): Estimate(value, sd if name == "rating" else 0.0)
        for name, value in values.items()
    }
    return Offer(id_, estimates, is_provisional=provisional)


def rated(
    id_: str, rating: float, cost: float = 20.0, *, sd: float = 0.0, provisional: bool = False
) -> Offer:
    values = {"cost": cost, "p_on_time": 0.9, "rating": rating, "damage": 0.01}
    return offer(id_, values, sd=sd, provisional=provisional)


def order(ranking: Ranking) -> list[str]:
    return [each.scored.offer.id for each in ranking.ranked]


levels = st.builds(
    lambda cost, on_time, rating, damage, sd: (
        {"cost": cost, "p_on_time": on_time, "rating": rating, "damage": damage}, sd,
    ),
    st.floats(1, 60), st.floats(0, 1), st.floats(0, 100), st.floats(0, 0.1), st.floats(0, 20),
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
    weights = {Criterion(name): weight for name, weight in given_["weights"].items()}
    assert weights == WEIGHTS
    offers = [
        offer(row["id"], {name: row[name] for name in given_["weights"]})
        for row in given_["alternatives"]
        if kept == "with_D" or row["id"] != "D"
    ]

    found = rank(offers, anchors, weights).ranked

    assert [each.scored.offer.id for each in found] == [row["id"] for row in expected[kept]]
    for each, row in zip(found, expected[kept], strict=True):
        assert each.scored.score == pytest.approx(row["score"], abs=within)
        assert each.scored.contributions == pytest.approx(row["contributions"], abs=within)


@given(some_offers, st.data())
def test_adding_or_removing_an_offer_changes_no_other_score(
    offers: list[Offer], data: st.DataObject
) -> None:
    fewer = data.draw(st.lists(st.sampled_from(offers), min_size=1, unique_by=lambda one: one.id))

    whole = {each.scored.offer.id: each.scored for each in rank(offers, ANCHORS).ranked}
    for each in rank(fewer, ANCHORS).ranked:
        assert each.scored == whole[each.scored.offer.id]


@given(some_offers, st.randoms(use_true_random=False))
def test_the_order_does_not_hang_on_the_order_of_the_offers(
    offers: list[Offer], random: Random
) -> None:
    shuffled = random.sample(offers, len(offers))
    assert rank(shuffled, ANCHORS).ranked == rank(offers, ANCHORS).ranked


@given(some_offers)
def test_contributions_add_up_and_groups_follow_the_score(offers: list[Offer]) -> None:
    ranked = rank(offers, ANCHORS).ranked

    for each in ranked:
        assert math.fsum(each.scored.contributions.values()) == pytest.approx(each.scored.score)
        assert 0 <= each.scored.score <= 100 + 1e-9
    assert [each.group for each in ranked] == sorted(each.group for each in ranked)
    for one, other in itertools.combinations(ranked, 2):
        if one.group < other.group:
            assert one.scored.score >= other.scored.score


def test_an_offer_near_the_first_of_its_group_is_tied_and_the_cheaper_goes_first() -> None:
    """sd of 5 is 2 points of score, half of it 1. B is 0.1 below A, C is 1.14 below."""
    near = [
        rated("A", 70, 20.2, sd=5), rated("B", 68.875, 20.0, sd=5), rated("C", 65.4, 19.8, sd=5),
    ]  # fmt: skip
    ranking = rank(near, ANCHORS)
    assert order(ranking) == ["B", "A", "C"]
    assert [each.group for each in ranking.ranked] == [0, 0, 1]

    sure = rank([replace_sd(each, 0.0) for each in near], ANCHORS)
    assert order(sure) == ["A", "B", "C"]


def replace_sd(one: Offer, sd: float) -> Offer:
    values = dict(one.values)
    values[Criterion.RATING] = replace(values[Criterion.RATING], sd=sd)
    return replace(one, values=values)


def test_a_chain_of_near_offers_is_not_one_tie() -> None:
    """Each 0.8 points below the one before; the third is 1.6 below the first of the group."""
    chain = [rated(name, 80 - 2 * n, 20, sd=5) for n, name in enumerate("ABC")]
    assert [each.group for each in rank(chain, ANCHORS).ranked] == [0, 0, 1]


def test_ties_of_one_cost_go_by_id() -> None:
    assert order(rank([rated("b", 70), rated("a", 70)], ANCHORS)) == ["a", "b"]


def test_at_an_anchor_or_beyond_uncertainty_does_not_count() -> None:
    for rating, sd in ((90.0, 0.0), (95.0, 0.0), (40.0, 0.0), (89.9, 2.0)):
        found = rank([rated("A", rating, sd=5)], ANCHORS).ranked[0].scored
        assert found.sd == pytest.approx(sd)


def test_why_not_names_the_two_greatest_losses_to_the_best_and_no_gain() -> None:
    best = offer("A", {"cost": 20, "p_on_time": 0.95, "rating": 80, "damage": 0.002})
    other = offer("B", {"cost": 19, "p_on_time": 0.80, "rating": 79, "damage": 0.015})
    first, second = rank([best, other], ANCHORS).ranked

    assert first.why_not == ()
    assert second.why_not == (Criterion.ON_TIME, Criterion.DAMAGE)


def test_an_excluded_offer_is_listed_with_each_failed_gate_and_never_ranked() -> None:
    failed = (FailedGate("insurance", "ended 2026-10-01"), FailedGate("capacity", "full"))
    out = Offer("X", {}, failed)  # its values are not even asked
    ranking = rank([rated("A", 50), out], ANCHORS)

    assert order(ranking) == ["A"]
    assert [(each.offer.id, each.failed) for each in ranking.excluded] == [("X", failed)]
    assert rank([out], ANCHORS).ranked == ()


def test_exploration_puts_the_best_provisional_within_ten_points_first_and_marks_it() -> None:
    """20 rating points are 8 of the score."""
    offers = [
        rated("A", 85), rated("B", 65, provisional=True), rated("C", 60.5, provisional=True),
    ]  # fmt: skip
    assert order(rank(offers, ANCHORS)) == ["A", "B", "C"]

    explored = rank(offers, ANCHORS, explore=True)
    assert order(explored) == ["B", "A", "C"]
    assert [each.is_exploration for each in explored.ranked] == [True, False, False]
    assert explored.ranked[0].why_not == (Criterion.RATING,)

    too_far = rank([offers[0], rated("D", 59, provisional=True)], ANCHORS, explore=True)
    assert order(too_far) == ["A", "D"]
    assert not any(each.is_exploration for each in too_far.ranked)
    no_need = rank([rated("P", 90, provisional=True), *offers], ANCHORS, explore=True)
    assert not any(each.is_exploration for each in no_need.ranked)


def test_exploration_repeats_and_meets_one_request_in_twenty() -> None:
    requests = [f"request {n}".encode() for n in range(8000)]
    drawn = [is_explored(each, b"key") for each in requests]

    assert drawn == [is_explored(each, b"key") for each in requests]
    assert drawn != [is_explored(each, b"other") for each in requests]
    assert sum(drawn) / len(drawn) == pytest.approx(0.05, abs=0.01)
    assert may_explore(is_urgent=False, is_high_value=False, merchant_allows=True)
    for urgent, valuable, allows in itertools.product([False, True], repeat=3):
        if urgent or valuable or not allows:
            assert not may_explore(is_urgent=urgent, is_high_value=valuable, merchant_allows=allows)


def test_option_fit_joins_when_options_are_asked() -> None:
    weights = weights_for(None, options_asked=True)
    assert math.fsum(weights.values()) == pytest.approx(100)
    assert weights[Criterion.COST] / weights[Criterion.DAMAGE] == pytest.approx(3.5)
    assert weights[Criterion.OPTIONS] == pytest.approx(100 / 11)
    assert weights_for(None, options_asked=False) == WEIGHTS


@pytest.mark.parametrize(
    "weights", [{}, {Criterion.COST: 99.0}, {Criterion.COST: math.nan},
                {Criterion.COST: -10.0, Criterion.RATING: 110.0}],
)  # fmt: skip
def test_weights_that_are_none_are_refused(weights: dict[Criterion, float]) -> None:
    with pytest.raises(RankingRefused):
        weights_for(weights, options_asked=False)


def test_nothing_is_ranked_by_guess() -> None:
    for offers in (
        [], [rated("A", 50), rated("A", 60)], [rated("A", math.nan)],
        [offer("A", {"cost": 20, "p_on_time": 0.9, "rating": 50})], [rated("A", 50, sd=-1)],
    ):  # fmt: skip
        with pytest.raises(RankingRefused):
            rank(offers, ANCHORS)
    for worst, best in ((1.0, 1.0), (math.nan, 1.0), (0.0, math.inf)):
        with pytest.raises(RankingRefused):
            Anchors(worst, best)


# the sensitivity view


def test_case_topsis_opricovic() -> None:
    given_, expected, within = case("topsis-opricovic")
    found = sensitivity.topsis(given_["matrix"], given_["weights"], given_["types"], "min-max")
    assert found == pytest.approx(expected["closeness"], abs=within)
    assert [round(each, 3) for each in found] == expected["published_3dp"]


def test_case_ahp_saaty_drinks() -> None:
    given_, expected, within = case("ahp-saaty-drinks")
    found = priorities(given_["matrix"])

    assert found.weights == pytest.approx(
        [expected["weights"][n] for n in given_["order"]], abs=within
    )
    assert found.lambda_max == pytest.approx(expected["lambda_max"], abs=within)
    assert found.consistency_ratio == pytest.approx(expected["CR"], abs=within)
    assert found.is_consistent


def test_ahp_refuses_what_is_no_comparison() -> None:
    for matrix in ([], [[1.0, 2.0]], [[1.0, 2.0], [2.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]):
        with pytest.raises(ValueError, match=r"criteria|comparison"):
            priorities(matrix)
    assert not priorities([[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]]).is_consistent


MATRIX = [[9.0, 2.0, 1.0], [5.0, 3.0, 4.0], [7.0, 1.0, 2.0]]
THIRDS, TYPES = [0.5, 0.3, 0.2], [-1, 1, 1]


def test_promethee_counts_the_weights_of_what_is_better() -> None:
    """Of the second row: all criteria against the first and the third; of the first: 0.3 - 0.7."""
    found = sensitivity.promethee_ii(MATRIX, THIRDS, TYPES)
    assert found == pytest.approx([(-1.0 - 0.4) / 2, 1.0, (0.4 - 1.0) / 2])
    assert math.fsum(found) == pytest.approx(0.0)


def test_vikor_by_hand() -> None:
    found = sensitivity.vikor(MATRIX, THIRDS, TYPES)
    assert found.s == pytest.approx([0.5 + 0.15 + 0.2, 0.0, 0.25 + 0.3 + 0.2 * 2 / 3])
    assert found.r == pytest.approx([0.5, 0.0, 0.3])
    assert found.q[1] == 0.0
    assert found.q[0] == pytest.approx(1.0)
    s, r = found.s[2] / found.s[0], found.r[2] / found.r[0]
    assert found.q[2] == pytest.approx((s + r) / 2)
    by_group = sensitivity.vikor(MATRIX, THIRDS, TYPES, v=0.75).q[2]
    assert by_group == pytest.approx(0.75 * s + 0.25 * r)


@pytest.mark.parametrize("by", ["min-max", "vector"])
def test_the_best_on_all_is_first_by_every_method(by: sensitivity.Normalisation) -> None:
    assert max(range(3), key=sensitivity.topsis(MATRIX, THIRDS, TYPES, by).__getitem__) == 1
    assert sensitivity.topsis([[1.0, 2.0]] * 2, [0.5, 0.5], [1, 1], by) == [0.5, 0.5]


def test_spread_weights_see_spread_only() -> None:
    flat = [[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]]
    assert sensitivity.entropy_weights(flat) == pytest.approx([1.0, 0.0])
    assert sensitivity.critic_weights(flat, [1, 1]) == pytest.approx([1.0, 0.0])
    twins = [[1.0, 2.0, 3.0], [2.0, 4.0, 2.0], [3.0, 6.0, 1.0]]
    assert sensitivity.critic_weights(twins, [1, 1, 1]) == pytest.approx([0.25, 0.25, 0.5])
    assert sensitivity.entropy_weights([[3.0, 3.0]] * 3) == pytest.approx([0.5, 0.5])
    with pytest.raises(ValueError, match="above 0"):
        sensitivity.entropy_weights([[0.0, 1.0], [1.0, 1.0]])
