"""Scoring, model sq-1: the reference cases, the specification written out plainly, and attacks."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from services.servqual.domain.evidence.sums import (
    Responses,
    per_provider,
    summed,
)
from services.servqual.domain.evidence.weights import Floats, decay, effective
from services.servqual.domain.scoring import answers, comparison
from services.servqual.domain.scoring.card import card
from services.servqual.domain.scoring.fusion import Source, fuse
from services.servqual.domain.scoring.model import DIMENSIONS, SQ_1
from services.servqual.domain.scoring.rating import rate_all
from services.servqual.domain.scoring.survey import Population, population, posterior, survey
from services.servqual.domain.scoring.telemetry import (
    Counts,
    priors,
    share,
    utility,
)
from tests.servqual.cases import case
from tests.servqual.made import TODAY, cells, world

NAMES = dict(
    zip(
        ("reliability", "responsiveness", "assurance", "empathy", "tangibles"),
        DIMENSIONS,
        strict=True,
    )
)
HALF_LIFE, MOST = SQ_1.half_life_days, SQ_1.organisation_most


def column(rows: list[dict[str, Any]], name: str) -> Floats:
    return np.array([math.nan if row[name] is None else row[name] for row in rows], np.float64)


def agree(found: Floats, rows: list[dict[str, Any]], name: str, within: float) -> None:
    np.testing.assert_allclose(found, column(rows, name), rtol=0, atol=within)


# the reference cases


def test_case_decay_kish() -> None:
    given_, expected, within = case("decay-kish")
    weights = decay(np.array(given_["ages_days"], np.float64), given_["half_life_days"])
    values = np.array(given_["values"])

    assert weights == pytest.approx(expected["weights"], abs=within)
    assert weights @ values / weights.sum() == pytest.approx(expected["weighted_mean"], abs=within)
    n_eff = effective(weights.sum(), (weights**2).sum())
    assert float(n_eff) == pytest.approx(expected["n_eff"], abs=within)


def test_case_response_half_rule() -> None:
    given_, expected, within = case("response-half-rule")
    scores = answers.points(answers.perception(answers.row(given_["answers"])))[0]

    for name, score in expected["dimension_scores"].items():
        found = scores[DIMENSIONS.index(NAMES[name])]
        assert math.isnan(found) if score is None else found == pytest.approx(score, abs=within)


def test_case_model_survey_perception() -> None:
    given_, expected, within = case("model-survey-perception")
    means, n_eff = column(given_["rows"], "p_mean"), column(given_["rows"], "n_eff")
    mu, tau2, sigma2 = (np.array(given_[name]) for name in ("mu", "tau2", "sigma2"))
    prior = Population(mu, tau2, sigma2, (False,))

    found = posterior(answers.points(means), n_eff, prior)

    for values, name in zip(found, ("B", "score", "sd"), strict=True):
        agree(values, expected["rows"], name, within)


def test_case_model_telemetry() -> None:
    given_, expected, within = case("model-telemetry")
    s, n, prior, kappa, floor, target = (
        column(given_["rows"], name) for name in ("s", "n", "prior", "kappa", "floor", "target")
    )
    theta, var = share(s, n, prior, float(kappa[0]))
    worth, sd = utility(theta, var, floor, target)

    for values, name in (
        (theta, "theta"), (var, "var_theta"), (worth, "utility"), (sd, "sd_utility"),
    ):  # fmt: skip
        agree(values, expected["rows"], name, within)


def test_case_model_combine() -> None:
    given_, expected, within = case("model-combine")
    for row, wanted in zip(given_["rows"], expected["rows"], strict=True):
        asked, seen = (
            Source(column([row], name), column([row], f"var_{name}"))
            for name in ("survey", "telemetry")
        )
        found = fuse(asked, seen, NOTHING, cap=np.array(1.0), delta2=row["delta2"])
        agree(found.score, [wanted], "score", within)
        agree(np.sqrt(found.var), [wanted], "sd", within)
        agree(found.telemetry_weight, [wanted], "telemetry_weight", within)


def test_case_model_fuse_cap() -> None:
    given_, expected, within = case("model-fuse-cap")
    rows = given_["rows"]
    assert [given_["caps"][name] for name in NAMES] == list(SQ_1.telemetry_caps)
    asked, seen = (
        Source(column(rows, name), column(rows, f"sd_{name}") ** 2)
        for name in ("survey", "telemetry")
    )
    cap = np.array([given_["caps"][row["dimension"]] for row in rows])
    found = fuse(asked, seen, NOTHING, cap=cap, delta2=given_["delta2"])

    agree(found.score, expected["rows"], "score", within)
    agree(np.sqrt(found.var), expected["rows"], "sd", within)
    agree(found.telemetry_weight, expected["rows"], "telemetry_weight", within)
    assert found.disagrees.tolist() == [row["disagreement"] for row in expected["rows"]]


def test_case_beta_binomial() -> None:
    given_, expected, within = case("beta-binomial")
    a, b = given_["prior"]
    for (s, n), mean, q05 in zip(
        given_["obs_success_n"], expected["mean"], expected["q05"], strict=True
    ):
        theta, _ = share(np.array(s), np.array(n), np.array(a / (a + b)), a + b)
        assert float(theta) == pytest.approx(mean, abs=within)
        assert comparison.beta_quantile(0.05, a + s, b + n - s) == pytest.approx(q05, abs=within)


def test_case_trustratings_decay() -> None:
    given_, expected, within = case("trustratings-decay")
    n, mean = given_["prior_n"], given_["prior_mean"]
    old, new = given_["old"], given_["new"]
    faded = float(decay(np.array(given_["old_age_months"]), given_["half_life_months"]))

    before = comparison.prior_average(old, [1.0] * len(old), n, mean)
    weights = [faded] * len(old) + [1.0] * len(new)
    after = comparison.prior_average([*old, *new], weights, n, mean)

    assert before == pytest.approx(expected["before"], abs=within)
    assert after == pytest.approx(expected["after"], abs=within)


# the specification, written out plainly


NOTHING = Source(np.array(math.nan), np.array(math.nan))


def plain_population(said: Responses, d: int) -> tuple[list[tuple[float, float]], list[float]]:
    """Steps 0 and A in loops: (n_eff, mean) per provider; mu, tau2, sigma2."""
    weight = [
        q * 2 ** (-max(TODAY - day, 0) / 180) * (not np.isnan(y).all())
        for q, day, y in zip(said.quality, said.day, said.scores, strict=True)
    ]
    pairs = list(zip(said.provider.tolist(), said.organisation.tolist(), strict=True))
    mass = {pair: sum(w for w, p in zip(weight, pairs, strict=True) if p == pair) for pair in pairs}
    weight = [w * min(1, 3 / (mass[p] or 1)) for w, p in zip(weight, pairs, strict=True)]
    told, fits = [], []
    for p in range(9):
        wy = [
            (w, float(y))
            for w, (who, _), y in zip(weight, pairs, said.scores[:, d], strict=True)
            if who == p and w > 0 and not np.isnan(y)
        ]
        total, squares = sum(w for w, _ in wy), sum(w * w for w, _ in wy)
        told.append((total**2 / squares, sum(w * y for w, y in wy) / total) if wy else (0.0, 0.0))
        if told[p][0] > 1:
            s2 = sum(w * (y - told[p][1]) ** 2 for w, y in wy) / (total - squares / total)
            fits.append((*told[p], s2))
    sigma2 = sum((n - 1) * s2 for n, _, s2 in fits) / sum(n - 1 for n, _, _ in fits)
    u = [n / sigma2 for n, _, _ in fits]
    m = sum(a * y for a, (_, y, _) in zip(u, fits, strict=True)) / sum(u)
    q = sum(a * (y - m) ** 2 for a, (_, y, _) in zip(u, fits, strict=True))
    tau2 = max(9, (q - (len(u) - 1)) / (sum(u) - sum(a * a for a in u) / sum(u)))
    v = [1 / (sigma2 / n + tau2) for n, _, _ in fits]
    return told, [sum(a * f[1] for a, f in zip(v, fits, strict=True)) / sum(v), tau2, sigma2]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_survey_is_what_the_specification_says_written_out(seed: int) -> None:
    said = world(seed)
    sums = per_provider(summed(said, TODAY, HALF_LIFE), 9, MOST)
    fitted = population(sums, SQ_1)
    found = survey(sums, fitted, SQ_1)

    for d in range(5):
        told, (mu, tau2, sigma2) = plain_population(said, d)
        assert (fitted.mu[d], fitted.tau2[d], fitted.sigma2[d]) == pytest.approx((mu, tau2, sigma2))
        for p, (n, mean) in enumerate(told):
            b = n / (n + sigma2 / tau2)
            assert found.n_eff[p, d] == pytest.approx(n)
            assert found.score[p, d] == pytest.approx(mu + b * (mean - mu))
            assert found.sd[p, d] == pytest.approx(math.sqrt((1 - b) * tau2))


def test_a_prior_is_the_lane_mix_of_the_others() -> None:
    """Lane 0 is easy and lane 1 is hard; provider 0 works the hard one and must not be blamed."""
    counts = Counts(
        provider=np.array([0, 0, 1, 1, 2]),
        lane=np.array([0, 1, 0, 1, 1]),
        metric=np.zeros(5, np.int64),
        successes=np.array([9.0, 10.0, 190.0, 60.0, 40.0]),
        trials=np.array([10.0, 90.0, 200.0, 100.0, 100.0]),
    )
    found = priors(counts, 3, SQ_1)

    others = (190 + 60 + 40) / 400
    easy, hard = (190 + 20 * others) / 220, (100 + 20 * others) / 220
    assert found.mix[0, 0] == pytest.approx(0.1 * easy + 0.9 * hard)
    assert found.lane[:2] == pytest.approx([easy, hard])
    assert found.mix[0, 1] == SQ_1.metrics[1].midpoint
    assert found.is_default[:, 0].tolist() == [False] * 3
    assert found.is_default[:, 1].all()


def test_what_a_provider_does_never_moves_its_own_prior() -> None:
    counts = cells(5)
    worse = dataclasses.replace(
        counts, successes=np.where(counts.provider == 4, 0.0, counts.successes)
    )

    before, after = priors(counts, 9, SQ_1).mix, priors(worse, 9, SQ_1).mix

    assert after[4] == pytest.approx(before[4], abs=1e-12)
    assert not np.allclose(after[3], before[3])


def test_telemetry_counts_only_metrics_with_trials_and_ratings_add_up() -> None:
    ratings = rate_all(summed(world(7), TODAY, HALF_LIFE), cells(7), 9, SQ_1)
    seen, part = ratings.telemetry, np.array(SQ_1.weights) / 100
    for p in range(9):
        shown = card(ratings, p)
        for d, dimension in enumerate(shown.dimensions):
            worth = [each.utility for each in dimension.shares]
            assert dimension.telemetry == (pytest.approx(np.mean(worth)) if worth else None)
            k = len(worth)
            sd = [seen.sd_utility[p, SQ_1.metric(each.metric)] for each in dimension.shares]
            if k:
                assert seen.var[p, d] == pytest.approx(sum(s**2 for s in sd) / k**2)
        assert sum(each.weighted for each in shown.dimensions) == pytest.approx(
            shown.posterior.rating
        )
        sd_r = 1.3 * math.sqrt(ratings.fused.var[p] @ part**2)
        low, high = shown.posterior.ci95
        assert shown.posterior.sd == pytest.approx(sd_r)
        assert (high - low) / 2 == pytest.approx(1.959963984540054 * sd_r)
        assert shown.posterior.rating - shown.posterior.lcb90 == pytest.approx(1.28155156554 * sd_r)


def test_no_evidence_is_a_state_and_not_a_score() -> None:
    ratings = rate_all(summed(world(3), TODAY, HALF_LIFE), cells(3), 9, SQ_1)
    silent = card(ratings, 8)

    assert (silent.grade, silent.is_insufficient, silent.published) == ("none", True, None)
    assert {each.survey for each in silent.dimensions} == {None}
    assert {each.telemetry for each in silent.dimensions} == {None}
    prior = ratings.constants.population
    assert [each.score for each in silent.dimensions] == pytest.approx(prior.mu.tolist())
    assert [each.sd**2 for each in silent.dimensions] == pytest.approx((prior.tau2 + 25).tolist())


def test_a_gap_needs_both_answers() -> None:
    wanted = {"REL1": 7, "REL2": 7, "REL3": 7, "RES1": 6, "RES2": 6}
    got = {"REL1": 5, "REL2": 6, "REL3": 3, "REL4": 1, "RES1": 5, "RES3": 2}
    found = answers.gap(answers.row(got), answers.row(wanted))[0]

    assert found[0] == pytest.approx(-7 / 3)
    assert np.isnan(found[1:]).all()


def test_comparison_formulas_against_printed_values() -> None:
    assert comparison.wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=5e-5)
    assert comparison.wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=5e-5)
    assert comparison.weighted_rating(9.0, 1000, 500, 7.0) == pytest.approx(25 / 3)


def test_james_stein_draws_to_the_middle_and_not_past_it() -> None:
    means = [1.0, 2.0, 3.0, 6.0]
    assert comparison.james_stein(means, 0.0) == means
    assert comparison.james_stein(means, 7.0) == pytest.approx([1.0 + 1, 2.5, 3.0, 4.5])
    assert comparison.james_stein(means, 1e6) == pytest.approx([3.0] * 4)
    assert comparison.james_stein(means[:3], 7.0) == means[:3]
