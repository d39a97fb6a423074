"""Figures that may be undefined."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

Floats = NDArray[np.float64]  # NaN is no answer
FEW = 30
WEAK_ALPHA, WEAK_ITEM, WEAK_DIFFERENCE = 0.70, 0.30, 0.70
TOO_FEW = "fewer than two respondents"
NO_VARIANCE = "no variance"
TOO_FEW_ITEMS = "fewer than two items"

Interval = tuple[float, float]


@dataclass(frozen=True)
class Mean:
    """Over n respondents; sd by n - 1. `why` names each undefined figure and its reason."""

    n: int
    mean: float | None
    sd: float | None
    se: float | None
    t_ci95: Interval | None
    why: Mapping[str, str] = field(default_factory=dict)


def mean_of(values: Floats) -> Mean:
    """Missing ones left out."""
    known = values[~np.isnan(values)]
    n = len(known)
    if n == 0:
        reason = "nobody answered"
        return Mean(
            0, None, None, None, None, dict.fromkeys(("mean", "sd", "se", "t_ci95"), reason)
        )
    mean = float(known.mean())
    if n < 2:
        return Mean(n, mean, None, None, None, dict.fromkeys(("sd", "se", "t_ci95"), TOO_FEW))
    sd = float(known.std(ddof=1))
    se = sd / math.sqrt(n)
    reach = float(student.ppf(0.975, n - 1)) * se
    return Mean(n, mean, sd, se, (mean - reach, mean + reach))


def means(answers: Floats) -> Floats:
    """Of each row over what is answered, NaN where nothing is."""
    known = ~np.isnan(answers)
    n = known.sum(axis=1)
    total = np.where(known, answers, 0.0).sum(axis=1)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


@dataclass(frozen=True)
class Correlation:
    n: int
    r: float | None
    why: str | None = None


def correlation(one: Floats, other: Floats) -> Correlation:
    """Pearson's r over the rows that have both."""
    both = ~(np.isnan(one) | np.isnan(other))
    x, y = one[both], other[both]
    if len(x) < 2:
        return Correlation(len(x), None, TOO_FEW)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return Correlation(len(x), None, NO_VARIANCE)
    return Correlation(len(x), float(np.corrcoef(x, y)[0, 1]))
