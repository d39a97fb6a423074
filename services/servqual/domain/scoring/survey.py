"""Step A: what a provider's responses say, drawn towards all providers by how little they are.

Empirical Bayes with a between-provider variance by moments (DerSimonian and Laird 1986).
"""

from dataclasses import dataclass

import numpy as np

from services.servqual.domain.evidence.sums import Sums
from services.servqual.domain.evidence.weights import Floats, effective, ratio
from services.servqual.domain.scoring.model import Model


@dataclass(frozen=True)
class Population:
    """All providers, per dimension, in units of the basis; the prior of each. `is_default` where
    too few have answers.
    """

    mu: Floats
    tau2: Floats
    sigma2: Floats
    is_default: tuple[bool, ...]


@dataclass(frozen=True)
class Survey:
    """(p, d), `mean` in units of the basis and NaN without evidence, the rest in points.

    `reliability` is B. `lower` is the bound at z90 below, mapped as a whole on the gap basis.
    """

    number: Floats
    n_eff: Floats
    mean: Floats
    reliability: Floats
    score: Floats
    sd: Floats
    lower: Floats


def population(sums: Sums, model: Model) -> Population:
    """From capped sums, a row per provider."""
    n_eff = effective(sums.weight, sums.squared)
    fits = [
        _fit(n_eff[:, d], sums.weight[:, d], sums.first[:, d], sums.second[:, d], model=model)
        for d in range(sums.first.shape[1])
    ]
    unit = model.points_per_unit
    default = (
        model.default_mu / unit - (3.0 if model.basis == "gap" else 0.0),
        model.default_tau2 / unit**2,
        model.default_sigma2 / unit**2,
    )
    mu, tau2, sigma2 = np.array([fit or default for fit in fits]).T
    return Population(mu, tau2, sigma2, tuple(fit is None for fit in fits))


def _fit(
    n_eff: Floats, weight: Floats, first: Floats, second: Floats, *, model: Model
) -> tuple[float, float, float] | None:
    """mu, tau2, sigma2 of one dimension; None with too few providers of more than one response.

    u of the specification is n/sigma2; here sigma2 is multiplied out, so that providers whose
    answers never differ (sigma2 = 0) divide nothing by zero.
    """
    known = n_eff > 1
    if known.sum() < model.least_providers:
        return None
    n, weight, first, second = n_eff[known], weight[known], first[known], second[known]
    mean = first / weight
    spread = np.maximum(second - first * mean, 0.0) / (weight * (1.0 - 1.0 / n))
    sigma2 = float(((n - 1.0) * spread).sum() / (n - 1.0).sum())
    centre = (n * mean).sum() / n.sum()
    heterogeneity = (n * (mean - centre) ** 2).sum() - (len(n) - 1) * sigma2
    floor = model.tau2_floor / model.points_per_unit**2
    tau2 = max(floor, float(heterogeneity / (n.sum() - (n**2).sum() / n.sum())))
    trust = 1.0 / (sigma2 / n + tau2)
    return float((trust * mean).sum() / trust.sum()), tau2, sigma2


def posterior(mean: Floats, n_eff: Floats, prior: Population) -> tuple[Floats, Floats, Floats]:
    """B, S and sd_S in units of the basis; the prior itself where there is no evidence."""
    reliability = n_eff / (n_eff + prior.sigma2 / prior.tau2)
    score = prior.mu + np.where(n_eff > 0, reliability * (mean - prior.mu), 0.0)
    return reliability, score, np.sqrt((1.0 - reliability) * prior.tau2)


def survey(sums: Sums, prior: Population, model: Model) -> Survey:
    """From capped sums; any leading axis of rows."""
    dimensions = sums.first.shape[-1]
    weight, squared = sums.weight[..., :dimensions], sums.squared[..., :dimensions]
    n_eff, mean = effective(weight, squared), ratio(sums.first, weight)
    reliability, score, sd = posterior(mean, n_eff, prior)
    return Survey(
        number=sums.number[..., :dimensions],
        n_eff=n_eff,
        mean=mean,
        reliability=reliability,
        score=shown(score, model),
        sd=sd * model.points_per_unit,
        lower=shown(score - model.z90 * sd, model),
    )


def shown(value: Floats, model: Model) -> Floats:
    """In points: a perception is already, a gap of -3 is 0 and of +1 is 100."""
    if model.basis == "perception":
        return value
    return 100.0 * np.clip((value + 3.0) / 4.0, 0.0, 1.0)
