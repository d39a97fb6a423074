"""Whether the subjects of today are still those the model was made of (population stability)."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Verdict = Literal["stable", "watch", "drift"]


def decile_edges(values: Floats) -> list[float]:
    """The inner edges of training's deciles, equal ones merged; the ends are open."""
    found = np.quantile(values, np.arange(1, 10) / 10, method="inverted_cdf")
    return sorted(set(found.tolist()))


def shares(values: Floats, edges: Sequence[float]) -> list[float]:
    """Of values in each bin (an edge belongs to the bin below it)."""
    bins = np.searchsorted(np.asarray(edges), values, side="left")
    counts = np.bincount(bins, minlength=len(edges) + 1)
    return [float(share) for share in counts / max(1, len(values))]


def psi(then: Sequence[float], now: Sequence[float], n_then: int, n_now: int) -> float:
    """Population stability index, nats; shares are floored at half a subject (0.5/n)."""
    a = np.maximum(then, 0.5 / n_then)
    b = np.maximum(now, 0.5 / n_now)
    return float(((b - a) * np.log(b / a)).sum())


def verdict(index: float) -> Verdict:
    """By size alone: with many rows every test of significance raises a flag."""
    if index > 0.25:
        return "drift"
    return "watch" if index >= 0.1 else "stable"


def asks_for_refit(indices: Sequence[float], unusual_now: float, unusual_then: float) -> bool:
    """One check's vote; two running, or 90 days, start a refit."""
    return (
        max(indices, default=0.0) > 0.25
        or sum(index > 0.1 for index in indices) >= 3
        or unusual_now > 3 * unusual_then
    )
