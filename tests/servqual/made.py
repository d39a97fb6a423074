"""A made world of providers, responses and trials."""

import numpy as np

from services.servqual.domain.evidence.sums import Responses
from services.servqual.domain.scoring.telemetry import Counts

TODAY = 1000.0


def world(seed: int, providers: int = 9, n: int = 300) -> Responses:
    """The last provider is silent, the one before has one response; some dimensions are open."""
    rng = np.random.default_rng(seed)
    provider = rng.integers(0, providers - 2, n)
    provider[0] = providers - 2
    level = rng.normal(65, 12, (providers, 5))
    scores = np.clip(level[provider] + rng.normal(0, 18, (n, 5)), 0, 100)
    scores[rng.random((n, 5)) < 0.2] = np.nan
    return Responses(
        provider=provider,
        organisation=rng.integers(0, 12, n),
        day=rng.uniform(TODAY - 400, TODAY + 1, n),
        quality=rng.choice([1.0, 1.0, 0.25, 0.0], n),
        scores=scores,
    )


def cells(seed: int, providers: int = 9, n: int = 400) -> Counts:
    rng = np.random.default_rng(seed)
    trials = rng.integers(1, 30, n).astype(np.float64)
    metric = rng.integers(0, 11, n)  # of the last nobody has a trial
    rate = np.where(metric == 2, 0.02, 0.9)
    return Counts(
        provider=rng.integers(0, providers - 1, n),
        lane=rng.integers(0, 4, n),
        metric=metric,
        successes=rng.binomial(trials.astype(np.int64), rate).astype(np.float64),
        trials=trials,
    )
