"""What responses weigh, and what an attacker gains by many of them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.servqual.domain.evidence import quality
from services.servqual.domain.evidence.sums import (
    Responses,
    capped,
    joined,
    moved,
    per_provider,
    summed,
)
from services.servqual.domain.evidence.weights import effective
from services.servqual.domain.scoring.model import DIMENSIONS, SQ_1, Metric
from services.servqual.domain.scoring.overall import WeightsWrong, checked, without_reliability
from services.servqual.domain.scoring.rating import rate_all
from services.servqual.domain.scoring.telemetry import Counts, decayed

TODAY = 500.0
NO_TRIALS = Counts(*(np.zeros(0, np.int64),) * 3, *(np.zeros(0),) * 2)


def said(
    provider: list[int], organisation: list[int], score: list[float], day: float = TODAY
) -> Responses:
    n = len(provider)
    return Responses(
        np.array(provider, np.int64), np.array(organisation, np.int64), np.full(n, day),
        np.ones(n), np.repeat(np.array(score, np.float64)[:, None], 5, axis=1),
    )  # fmt: skip


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.floats(0, 900), st.sampled_from([0.0, 0.25, 1.0])),
        min_size=1,
        max_size=60,
    )
)
def test_no_organisation_weighs_more_than_three_fresh_responses(
    told: list[tuple[int, float, float]],
) -> None:
    organisation, age, q = map(np.array, zip(*told, strict=True))
    responses = Responses(
        np.zeros(len(told), np.int64), organisation, TODAY - age, q, np.full((len(told), 5), 50.0)
    )
    free = summed(responses, TODAY, 180)
    held = capped(free, 3)

    assert (held.weight <= 3 + 1e-12).all()
    assert held.weight == pytest.approx(np.minimum(free.weight, 3))
    same = free.weight[:, 0] > 0
    assert (held.first[same] / held.weight[same, :5]) == pytest.approx(50.0)


def attacked(extra: int, each: int) -> float:
    """R of the worst of 40 providers of 12 responses each, after perfect ones of `extra`
    organisations, `each` so many.
    """
    rng = np.random.default_rng(8)
    provider = np.repeat(np.arange(40), 12)
    score = np.clip(rng.normal(np.linspace(35, 85, 40)[provider], 18), 0, 100)
    mine = said(provider.tolist(), rng.integers(0, 200, 480).tolist(), score.tolist())
    planted = [1000 + number for number in range(extra) for _ in range(each)]
    theirs = said([0] * len(planted), planted, [100.0] * len(planted))
    sums = joined(summed(mine, TODAY, 180), summed(theirs, TODAY, 180))
    return float(rate_all(sums, NO_TRIALS, 40, SQ_1).overall.rating[0])


def test_twenty_perfect_responses_of_two_organisations_move_no_more_than_six() -> None:
    before, six, twenty = attacked(0, 0), attacked(2, 3), attacked(2, 10)
    honest = attacked(20, 1)

    assert before < twenty <= six + 1e-9
    assert honest - before > 1.5 * (six - before), "without the cap twenty would move it further"


def test_a_forged_response_is_no_evidence_and_one_that_counts_nowhere_takes_no_room() -> None:
    open_ones = said([0] * 9, [1] * 9, [math.nan] * 9)
    real = said([0, 0], [1, 1], [80.0, 60.0])
    sums = capped(joined(summed(open_ones, TODAY, 180), summed(real, TODAY, 180)), 3)

    assert sums.weight[0].tolist() == [2.0] * 6
    assert sums.number[0].tolist() == [2.0] * 6

    forged = Responses(
        np.zeros(5, np.int64), np.arange(5), np.full(5, TODAY), np.zeros(5), np.full((5, 5), 99.0)
    )
    nothing = per_provider(summed(forged, TODAY, 180), 1, 3)
    assert effective(nothing.weight, nothing.squared).tolist() == [[0.0] * 6]
    assert nothing.number.tolist() == [[0.0] * 6]


def test_sums_do_not_go_back_and_are_not_mixed() -> None:
    sums = summed(said([0], [0], [50.0]), TODAY, 180)

    with pytest.raises(ValueError, match="do not go back"):
        moved(sums, TODAY - 1, 180)
    with pytest.raises(ValueError, match="and of day"):
        joined(sums, moved(sums, TODAY + 1, 180))


def test_a_response_from_a_clock_that_runs_ahead_is_fresh_and_no_more() -> None:
    sums = summed(said([0], [0], [50.0], day=TODAY + 40), TODAY, 180)
    assert sums.weight.tolist() == [[1.0] * 6]


def test_trials_fade_like_responses_and_impossible_ones_are_refused() -> None:
    counts = Counts(*(np.zeros(1, np.int64),) * 3, np.array([3.0]), np.array([4.0]))
    old = decayed(counts, np.array([TODAY - 180]), TODAY, 180)
    assert (old.successes.tolist(), old.trials.tolist()) == ([1.5], [2.0])

    for successes in (-1.0, 4.5):
        with pytest.raises(ValueError, match="successes"):
            Counts(*(np.zeros(1, np.int64),) * 3, np.array([successes]), np.array([4.0]))


def test_signs_of_dishonesty_at_their_limits() -> None:
    varied = [6, 5] * 6
    assert quality.flags(varied, 40.0, 1, 1.0) == set()
    assert quality.flags(varied, 39.9, 1, 1.0) == {"fast"}
    assert quality.flags([7] * 12, 60.0, 1, 1.0) == {"straight_line"}
    assert quality.flags([7] * 11 + [None] * 11, 60.0, 1, 1.0) == set()
    assert quality.flags(varied, 60.0, 6, 1.0) == {"burst"}  # P(X >= 6) = .00059
    assert quality.flags(varied, 60.0, 5, 1.0) == set()  # .00366
    assert quality.flags(varied, 60.0, 1, 0.0) == set()
    assert quality.quality([]) == 1.0
    assert quality.quality({"fast", "burst"}) == 0.25
    assert quality.quality({"fast"}, is_forged=True) == 0.0


def test_a_poisson_tail_is_one_less_what_lies_below() -> None:
    assert quality.poisson_tail(0, 3.0) == 1.0
    assert quality.poisson_tail(1, 3.0) == pytest.approx(1 - math.exp(-3))
    assert quality.poisson_tail(3, 2.0) == pytest.approx(1 - 5 * math.exp(-2))


@pytest.mark.parametrize(
    "weights",
    [(100,), (20, 20, 20, 20, 21), (-1, 31, 30, 20, 20), (math.nan, 25, 25, 25, 25),
     (math.inf, 0, 0, 0, 0)],
)  # fmt: skip
def test_weights_that_are_none_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(WeightsWrong):
        checked(weights)


def test_without_reliability_the_rest_is_a_hundred_again() -> None:
    rest = without_reliability(checked(SQ_1.weights))
    assert rest is not None
    assert sum(rest) == pytest.approx(100)
    assert rest[0] == 0
    assert rest[1] / rest[2] == pytest.approx(22 / 19)
    assert DIMENSIONS[0] == "REL"
    assert without_reliability((100.0, 0, 0, 0, 0)) is None


def test_a_metric_without_a_span_is_refused_when_configured() -> None:
    with pytest.raises(ValueError, match="floor and target"):
        Metric("on_time", "REL", 0.9, 0.9)
