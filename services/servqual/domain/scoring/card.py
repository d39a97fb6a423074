"""The card of one provider: ratings as words of the trade, null where there is no value."""

import math
from dataclasses import dataclass
from typing import Any

from services.servqual.domain.scoring.model import DIMENSIONS, Metric, Model
from services.servqual.domain.scoring.overall import GRADES, Grade, Overall, overall
from services.servqual.domain.scoring.overall import without_reliability as rest_of
from services.servqual.domain.scoring.rating import Ratings


@dataclass(frozen=True)
class Share:
    """A metric with trials: decayed s of n, theta with its sd, and what it is worth in points."""

    metric: str
    successes: float
    trials: float
    theta: float
    sd: float
    utility: float
    prior: float
    prior_source: str


@dataclass(frozen=True)
class Dimension:
    """Points; `survey` is null without a response, `telemetry` without a trial. `reliability` is
    B, `weighted` is W C, `survey_lower` the bound of 90 % on S.
    """

    name: str
    survey: float | None
    survey_sd: float | None
    survey_lower: float | None
    telemetry: float | None
    telemetry_sd: float | None
    score: float
    sd: float
    reliability: float
    responses: int
    n_eff: float
    telemetry_weight: float
    disagrees: bool
    weighted: float
    prior: float
    prior_source: str
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Rating:
    rating: float
    sd: float
    ci95: tuple[float, float]
    lcb90: float


@dataclass(frozen=True)
class Card:
    """`posterior` is for staff and ranking; the public sees `published`."""

    model: Model
    as_of: float
    posterior: Rating
    without_reliability: Rating | None  # null where reliability is all that counts
    dimensions: tuple[Dimension, ...]
    n_eff: float
    trials: float
    survey_grade: Grade
    telemetry_grade: Grade
    grade: Grade
    is_insufficient: bool

    @property
    def published(self) -> Rating | None:
        return None if self.is_insufficient else self.posterior


def card(ratings: Ratings, provider: int, weights: tuple[float, ...] | None = None) -> Card:
    """`weights` are a shipper's own, checked; else the model's. The halo is the provider's."""
    weights = weights or ratings.model.weights
    rest = rest_of(weights)
    return Card(
        model=ratings.model,
        as_of=ratings.as_of,
        posterior=_rating(ratings, provider, weights),
        without_reliability=None if rest is None else _rating(ratings, provider, rest),
        dimensions=tuple(_dimension(ratings, provider, d, weights[d]) for d in range(len(weights))),
        n_eff=float(ratings.n_eff[provider]),
        trials=float(ratings.trials[provider]),
        survey_grade=GRADES[ratings.survey_grade[provider]],
        telemetry_grade=GRADES[ratings.telemetry_grade[provider]],
        grade=GRADES[ratings.grade[provider]],
        is_insufficient=bool(ratings.is_insufficient[provider]),
    )


def _rating(ratings: Ratings, provider: int, weights: tuple[float, ...]) -> Rating:
    found: Overall = overall(ratings.fused, weights, ratings.halo, ratings.model)
    return Rating(
        rating=float(found.rating[provider]),
        sd=float(found.sd[provider]),
        ci95=(float(found.low95[provider]), float(found.high95[provider])),
        lcb90=float(found.lcb90[provider]),
    )


def _dimension(ratings: Ratings, p: int, d: int, weight: float) -> Dimension:
    asked, seen, both = ratings.survey, ratings.telemetry, ratings.fused
    population = ratings.constants.population
    is_asked = asked.n_eff[p, d] > 0
    score = float(both.score[p, d])
    return Dimension(
        name=DIMENSIONS[d],
        survey=float(asked.score[p, d]) if is_asked else None,
        survey_sd=float(asked.sd[p, d]) if is_asked else None,
        survey_lower=float(asked.lower[p, d]) if is_asked else None,
        telemetry=_known(seen.score[p, d]),
        telemetry_sd=_known(math.sqrt(seen.var[p, d])),
        score=score,
        sd=math.sqrt(both.var[p, d]),
        reliability=float(asked.reliability[p, d]),
        responses=int(asked.number[p, d]),
        n_eff=float(asked.n_eff[p, d]),
        telemetry_weight=float(both.telemetry_weight[p, d]),
        disagrees=bool(both.disagrees[p, d]),
        weighted=weight / 100.0 * score,
        prior=float(population.mu[d]),
        prior_source="default" if population.is_default[d] else "all providers",
        shares=_shares(ratings, p, DIMENSIONS[d]),
    )


def _shares(ratings: Ratings, p: int, dimension: str) -> tuple[Share, ...]:
    return tuple(
        _share(ratings, p, column, metric)
        for column, metric in enumerate(ratings.model.metrics)
        if metric.dimension == dimension and ratings.telemetry.tally.trials[p, column] > 0
    )


def _share(ratings: Ratings, p: int, column: int, metric: Metric) -> Share:
    seen, priors = ratings.telemetry, ratings.constants.priors
    return Share(
        metric=metric.name,
        successes=float(seen.tally.successes[p, column]),
        trials=float(seen.tally.trials[p, column]),
        theta=float(seen.theta[p, column]),
        sd=math.sqrt(seen.var_theta[p, column]),
        utility=float(seen.utility[p, column]),
        prior=float(priors.mix[p, column]),
        prior_source="midpoint" if priors.is_default[p, column] else "other providers",
    )


def _known(value: Any) -> float | None:
    return None if math.isnan(value) else float(value)
