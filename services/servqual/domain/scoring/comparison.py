"""Formulas of others, for the page that explains the method. None of them decides."""

import math
from collections.abc import Sequence

from scipy.special import betaincinv


def wilson(successes: float, trials: float, z: float = 1.959963984540054) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927). Raises ZeroDivisionError without a trial."""
    share = successes / trials
    centre = share + z**2 / (2 * trials)
    reach = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    whole = 1 + z**2 / trials
    return (centre - reach) / whole, (centre + reach) / whole


def weighted_rating(mean: float, n: float, prior_n: float, prior_mean: float) -> float:
    """A mean of n drawn towards a prior as if that were `prior_n` more."""
    return (n * mean + prior_n * prior_mean) / (n + prior_n)


def prior_average(
    values: Sequence[float], weights: Sequence[float], prior_n: float = 7, prior_mean: float = 3.5
) -> float:
    """Stars by weight. Review sites decay relative to the newest review: then one bad day undoes
    years, and silence costs nothing. Ours is relative to the evaluation time.
    """
    n = math.fsum(weights)
    total = math.fsum(w * value for w, value in zip(weights, values, strict=True))
    return (total + prior_n * prior_mean) / (n + prior_n)


def james_stein(means: Sequence[float], var: float) -> list[float]:
    """Towards the grand mean, never past it (Efron and Morris 1975). As they are below four."""
    centre = math.fsum(means) / len(means)
    spread = math.fsum((mean - centre) ** 2 for mean in means)
    if len(means) < 4 or spread == 0:
        return list(means)
    kept = max(0.0, 1 - (len(means) - 3) * var / spread)
    return [centre + kept * (mean - centre) for mean in means]


def beta_quantile(q: float, a: float, b: float) -> float:
    return float(betaincinv(a, b, q))
