"""Ratings of one provider and of all, on both bases, with their intervals and grades."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from services.servqual.domain.evidence.sums import (
    Responses,
    joined,
    moved,
    per_provider,
    summed,
)
from services.servqual.domain.scoring.fusion import Source, fuse
from services.servqual.domain.scoring.model import SQ_1, Model
from services.servqual.domain.scoring.overall import GRADES, grades, is_insufficient
from services.servqual.domain.scoring.rating import Ratings, rate, rate_all
from services.servqual.domain.scoring.survey import population, survey
from services.servqual.domain.scoring.telemetry import Counts, Priors, Tally, tally
from tests.servqual.made import TODAY, cells, world

HALF_LIFE, MOST = SQ_1.half_life_days, SQ_1.organisation_most


def test_a_silent_half_year_widens_but_does_not_lower() -> None:
    """Age is counted to the evaluation time: of 20 old praises and one fresh complaint the
    complaint weighs more than one in 21, and less than all.
    """
    said = Responses(
        provider=np.zeros(21, np.int64),
        organisation=np.arange(21),
        day=np.array([TODAY - 730.0] * 20 + [TODAY]),
        quality=np.ones(21),
        scores=np.array([[100.0] * 5] * 20 + [[0.0] * 5]),
    )
    early = per_provider(summed(said, TODAY, HALF_LIFE), 1, MOST)
    late = per_provider(summed(said, TODAY + 180, HALF_LIFE), 1, MOST)

    mean = early.first / early.weight[:, :5]
    assert mean == pytest.approx(100 * 20 * 2 ** (-730 / 180) / (20 * 2 ** (-730 / 180) + 1))
    assert late.first / late.weight[:, :5] == pytest.approx(mean)
    assert late.weight == pytest.approx(early.weight / 2)


def test_one_provider_alone_is_rated_as_in_the_full_run() -> None:
    """From sums stored weeks ago, a new response, and the constants of the full run."""
    said, counts = world(11, n=3000), cells(11)
    full = rate_all(summed(said, TODAY, HALF_LIFE), counts, 9, SQ_1)
    who = 3
    mine = said.provider == who
    old = mine & (said.day <= TODAY - 30)

    def kept(rows: Any) -> Responses:
        return Responses(
            np.zeros(rows.sum(), np.int64), said.organisation[rows], said.day[rows],
            said.quality[rows], said.scores[rows],
        )  # fmt: skip

    stored = moved(summed(kept(old), TODAY - 30, HALF_LIFE), TODAY, HALF_LIFE)
    sums = joined(stored, summed(kept(mine & ~old), TODAY, HALF_LIFE))
    all_priors = full.constants.priors
    known = dataclasses.replace(
        full.constants,
        priors=Priors(all_priors.mix[[who]], all_priors.lane, all_priors.is_default[[who]]),
    )
    whole = tally(counts, 9, SQ_1)
    alone = rate(sums, Tally(whole.successes[[who]], whole.trials[[who]]), known, SQ_1)

    assert_alike(alone, 0, full, who)


def assert_alike(one: Ratings, p: int, other: Ratings, q: int) -> None:
    for name in ("score", "var", "telemetry_weight"):
        here, there = getattr(one.fused, name)[p], getattr(other.fused, name)[q]
        np.testing.assert_allclose(here, there, rtol=0, atol=1e-9)
    for name in ("rating", "sd", "lcb90"):
        assert abs(getattr(one.overall, name)[p] - getattr(other.overall, name)[q]) < 1e-9
    assert abs(one.n_eff[p] - other.n_eff[q]) < 1e-9


def test_the_gap_basis_is_the_same_model_on_another_scale() -> None:
    """Gaps that are perception less an even expectation give the same estimates, shown by the map;
    the floor, the defaults and the widths are carried over.
    """
    said = world(4)
    gaps = dataclasses.replace(said, scores=said.scores / 25 - 3)
    model = Model(basis="gap")
    for most in (9, 3):  # with fewer than five providers the defaults
        rows = said.provider < most
        here, there = (
            survey(sums, population(sums, each), each)
            for each, told in ((SQ_1, said), (model, gaps))
            for sums in [per_provider(summed(only(told, rows), TODAY, 180), 9, 3)]
        )
        np.testing.assert_allclose(there.score, here.score)
        np.testing.assert_allclose(there.sd, here.sd)
        np.testing.assert_allclose(there.lower, here.lower)


def only(said: Responses, rows: Any) -> Responses:
    return Responses(*(getattr(said, each.name)[rows] for each in dataclasses.fields(said)))


def test_answers_that_never_differ_do_not_divide_by_zero() -> None:
    said = world(2)
    same = dataclasses.replace(said, scores=np.where(np.isnan(said.scores), np.nan, 100.0))
    fitted = population(per_provider(summed(same, TODAY, HALF_LIFE), 9, MOST), SQ_1)

    assert fitted.sigma2 == pytest.approx([0.0] * 5, abs=1e-6)
    assert fitted.tau2.tolist() == [9.0] * 5
    assert fitted.mu == pytest.approx([100.0] * 5)


def test_the_halo_is_measured_from_a_hundred_organisations_on() -> None:
    """Dimensions that move as one widen by sum W / sqrt(sum W^2); independent ones do not."""
    rng = np.random.default_rng(6)
    n = 3000
    mood = rng.normal(0, 15, (n, 1))
    scores = np.concatenate([70 + np.repeat(mood, 5, axis=1), rng.normal(70, 15, (n, 5))])
    organisations = np.concatenate([np.arange(n), np.arange(n)])
    said = Responses(
        np.repeat([0, 1], n), organisations, np.full(2 * n, TODAY), np.ones(2 * n), scores
    )
    few = [only(said, organisations < most) for most in (99, 100)]
    nothing = Counts(*(np.zeros(0, np.int64),) * 3, *(np.zeros(0),) * 2)

    ratings = rate_all(summed(said, TODAY, HALF_LIFE), nothing, 2, SQ_1)
    scarce, enough = (
        rate_all(summed(told, TODAY, HALF_LIFE), nothing, 2, SQ_1).halo for told in few
    )

    part = np.array(SQ_1.weights)
    assert ratings.halo[0] == pytest.approx(part.sum() / math.sqrt(part @ part), abs=0.02)
    assert ratings.halo[1] == pytest.approx(1.0, abs=0.15)
    assert scarce.tolist() == [1.3, 1.3]
    assert not (enough == 1.3).any()


def test_one_organisation_by_many_responses_makes_no_halo() -> None:
    """It answers the same a thousand times; drawn whole or not at all, it would move all
    dimensions at once if its weight were not capped here too.
    """
    rng = np.random.default_rng(12)
    scores = np.concatenate([rng.normal(70, 15, (400, 5)), np.zeros((1000, 5))])
    organisations = np.concatenate([np.arange(1, 401), np.zeros(1000, np.int64)])
    loud = Responses(
        np.zeros(1400, np.int64), organisations, np.full(1400, TODAY), np.ones(1400), scores
    )
    quiet = only(loud, np.arange(1400) < 403)
    nothing = Counts(*(np.zeros(0, np.int64),) * 3, *(np.zeros(0),) * 2)

    halos = [
        rate_all(summed(told, TODAY, HALF_LIFE), nothing, 1, SQ_1).halo[0] for told in (loud, quiet)
    ]
    assert halos[0] == pytest.approx(halos[1], rel=0.02)


def test_a_population_is_estimated_from_five_providers_on() -> None:
    """The first of them, the others have one response each or none."""
    said = world(4)
    for most, is_default in ((4, True), (5, False)):
        rows = (said.provider < most) | (np.arange(len(said.day)) == 0)
        fitted = population(per_provider(summed(only(said, rows), TODAY, HALF_LIFE), 9, MOST), SQ_1)
        assert fitted.is_default == (is_default,) * 5


def test_sources_disagree_beyond_two_sds_of_their_difference() -> None:
    """v_S = v_T = 50: the sd of the difference is 10."""
    survey_, nothing = Source(np.array([50.0, 50.0]), np.array(25.0)), Source(*(np.array(0.0),) * 2)
    seen = Source(np.array([69.9, 70.1]), np.array(25.0))
    found = fuse(survey_, seen, nothing, cap=np.array(0.5), delta2=25.0)

    assert found.disagrees.tolist() == [False, True]


@pytest.mark.parametrize(
    ("n_eff", "trials", "grade", "insufficient"),
    [
        (0, 0, "none", True), (2.9, 9.9, "low", True), (3, 0, "low", False),
        (0, 10, "low", False), (10, 0, "medium", False), (50, 0, "medium", False),
        (50, 0.1, "high", False), (9.9, 200, "high", False), (0, 200, "medium", False),
        (49.9, 29.9, "medium", False), (2, 30, "medium", False),
    ],
)  # fmt: skip
def test_grades_at_their_limits(
    n_eff: float, trials: float, grade: str, insufficient: bool
) -> None:
    *_, together = grades(np.array(n_eff), np.array(trials), SQ_1)
    assert GRADES[int(together)] == grade
    assert bool(is_insufficient(np.array(n_eff), np.array(trials), SQ_1)) is insufficient
