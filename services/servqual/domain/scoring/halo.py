"""How much wider a rating is than its dimensions were they independent, measured per provider.

A bootstrap over organisations, each drawn Poisson(1) times (Hanley and MacGibbon 2006); the
draws are the same for all providers and all runs, so a rating can be recomputed.
"""

from dataclasses import replace

import numpy as np

from services.servqual.domain.evidence.sums import Sums
from services.servqual.domain.evidence.weights import Floats, Ints
from services.servqual.domain.scoring.fusion import Fused, Source, fuse
from services.servqual.domain.scoring.model import Model
from services.servqual.domain.scoring.survey import Population, shown, survey


def heard(sums: Sums, prior: Population, model: Model) -> tuple[Source, Source]:
    """Step A as two sources: the survey, silent where nobody answered, and the prior."""
    asked = survey(sums, prior, model)
    silent = asked.n_eff == 0
    unit = model.points_per_unit
    return (
        Source(np.where(silent, np.nan, asked.score), np.where(silent, np.nan, asked.sd**2)),
        Source(shown(prior.mu, model), prior.tau2 * unit**2),
    )


def fused(sums: Sums, seen: Source, prior: Population, model: Model) -> Fused:
    """Steps A and C from capped sums and step B; any leading axis of rows."""
    asked, silent = heard(sums, prior, model)
    return fuse(
        asked,
        seen,
        silent,
        cap=np.array(model.telemetry_caps),
        delta2=model.delta2,
        sds=model.disagreement_sds,
    )


def halos(sums: Sums, seen: Source, prior: Population, model: Model) -> Floats:
    """One factor per provider, from capped sums per (provider, organisation)."""
    providers = len(seen.score)
    speaks = sums.weight[:, -1] > 0
    bounds = np.searchsorted(sums.provider[speaks], np.arange(providers + 1))
    many = np.flatnonzero(np.diff(bounds) >= model.bootstrap_organisations)
    factors = np.full(providers, model.halo)
    if not len(many):
        return factors
    rng = np.random.default_rng(model.bootstrap_seed)
    widest = int(np.diff(bounds).max())
    # drawn by organisation, so that the first ones are drawn alike however many there are
    draws = rng.poisson(1.0, (widest, model.bootstrap_replicates)).astype(np.int8).T
    rows = np.flatnonzero(speaks)
    for provider in many:
        mine = rows[bounds[provider] : bounds[provider + 1]]
        drawn = _drawn(sums, mine, draws[:, : len(mine)].astype(np.float64))
        here = Source(seen.score[provider], seen.var[provider])
        factors[provider] = _factor(fused(drawn, here, prior, model).score, model)
    return factors


def _drawn(sums: Sums, rows: Ints, times: Floats) -> Sums:
    """A row per replicate: organisations counted as often as they were drawn."""
    nothing = np.zeros((len(times), sums.first.shape[1]))
    return replace(
        sums,
        number=nothing,
        weight=times @ sums.weight[rows],
        squared=times @ sums.squared[rows],
        first=times @ sums.first[rows],
        second=nothing,
    )


def _factor(scores: Floats, model: Model) -> float:
    """sd of the weighted sum over what independent dimensions would give."""
    part = np.asarray(model.weights) / 100.0
    apart = float(scores.var(axis=0, ddof=1) @ part**2)
    together = float((scores @ part).var(ddof=1))
    return float(np.sqrt(together / apart)) if apart > 0 else model.halo
