"""How much wider a rating is than its dimensions were they independent, measured per provider.

A bootstrap over organisations, each drawn Poisson(1) times (Hanley and MacGibbon 2006); the
draws are the same for all providers and all runs, so a rating can be recomputed.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.servqual.domain.evidence.sums import Sums, capped, chosen
from services.servqual.domain.evidence.weights import Floats
from services.servqual.domain.scoring.fusion import Fused, Source, fuse
from services.servqual.domain.scoring.model import Model
from services.servqual.domain.scoring.survey import Population, shown, survey

_BLOCK = 1024  # organisations


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
    """One factor per provider, from sums per (provider, organisation), not yet capped."""
    providers = len(seen.score)
    speaks = sums.weight[:, -1] > 0
    bounds = np.searchsorted(sums.provider[speaks], np.arange(providers + 1))
    many = np.flatnonzero(np.diff(bounds) >= model.bootstrap_organisations)
    factors = np.full(providers, model.halo)
    if not len(many):
        return factors
    widest = int(np.diff(bounds).max())
    blocks = 1 + (widest - 1) // _BLOCK
    draws = _draws(model.bootstrap_seed, model.bootstrap_replicates, blocks)
    rows = np.flatnonzero(speaks)
    for provider in many:
        mine = chosen(sums, rows[bounds[provider] : bounds[provider + 1]])
        times = draws[:, : len(mine.weight)].astype(np.float64)
        drawn = _drawn(capped(mine, model.organisation_most), times)
        here = Source(seen.score[provider], seen.var[provider])
        factors[provider] = _factor(fused(drawn, here, prior, model).score, model)
    return factors


@lru_cache(maxsize=4)
def _draws(seed: int, replicates: int, blocks: int) -> NDArray[np.int8]:
    """(replicates, organisations). Drawn organisation by organisation, so that the first ones are
    drawn alike however many there are; kept, as one rating alone would spend its time on it.
    """
    rng = np.random.default_rng(seed)
    return rng.poisson(1.0, (blocks * _BLOCK, replicates)).astype(np.int8).T


def _drawn(sums: Sums, times: Floats) -> Sums:
    """A row per replicate: organisations counted as often as they were drawn."""
    nothing = np.zeros((len(times), 0))
    columns = [sums.weight, sums.squared, sums.first]
    weight, squared, first = np.split(
        times @ np.concatenate(columns, axis=1),
        np.cumsum([each.shape[1] for each in columns[:-1]]),
        axis=1,
    )
    return replace(
        sums, number=nothing, weight=weight, squared=squared, first=first, second=nothing
    )


def _factor(scores: Floats, model: Model) -> float:
    """sd of the weighted sum over what independent dimensions would give."""
    part = np.asarray(model.weights) / 100.0
    apart = float(scores.var(axis=0, ddof=1) @ part**2)
    together = float((scores @ part).var(ddof=1))
    return float(np.sqrt(together / apart)) if apart > 0 else model.halo
