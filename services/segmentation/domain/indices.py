"""How well centres divide rows: validity indices, null where they are not defined."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist
from scipy.special import xlogy

from services.segmentation.domain.fcm import Partition
from services.segmentation.domain.subjects import squared_distances

Floats = NDArray[np.float64]
Labels = NDArray[np.int32]
Indices = dict[str, float | None]
NAMES = ("pc", "mpc", "pe", "npe", "xb", "xb2", "fs", "silhouette", "fuzzy_silhouette")
SILHOUETTE_ROWS = 2_000  # of more rows a seeded sample of so many


def validity(
    x: Floats, centres: Floats, m: float, sample_weight: Floats | None = None, seed: int = 0
) -> Indices:
    """Rows x (n, d), centres (c, d), weights (n,). Logarithms are natural.

    pc, mpc (Bezdek 1981; Dave 1996), fuzzy and plain silhouette: high is good. pe, npe, xb with u^m
    (compare at equal m only), xb2 with u^2 (Xie & Beni 1991), fs (Fukuyama & Sugeno 1989): low is
    good. Silhouettes are of Euclidean distances, not squared (Rousseeuw 1987); the fuzzy one weighs
    rows by their largest less their second membership (Campello & Hruschka 2006). A row's own
    weight is left out of its own cluster.
    """
    if len(centres) < 2:
        return dict.fromkeys(NAMES)
    weights = np.ones(len(x)) if sample_weight is None else sample_weight
    found = _of_memberships(x, centres, m, weights) | _silhouettes(x, centres, m, weights, seed)
    return {name: _finite(found[name]) for name in NAMES}


def _of_memberships(x: Floats, centres: Floats, m: float, weights: Floats) -> Indices:
    squares = entropy = scatter = scatter2 = 0.0
    mass = np.zeros(len(centres))  # sum w u^m
    for rows, found in Partition(centres, m).memberships(x):
        u, w = found.u, weights[rows]
        squares += float((u**2).sum(axis=0) @ w)
        entropy -= float(xlogy(u, u).sum(axis=0) @ w)
        scatter += float(found.cost @ w)
        scatter2 += float((u**2 * squared_distances(x[rows], centres).T).sum(axis=0) @ w)
        mass += u**m @ w
    total, c = float(weights.sum()), len(centres)
    pc, pe = squares / total, entropy / total
    apart = total * float(pdist(centres, "sqeuclidean").min())
    from_mean = ((centres - np.average(x, axis=0, weights=weights)) ** 2).sum(axis=1)
    return {
        "pc": pc,
        "mpc": 1 - c / (c - 1) * (1 - pc),
        "pe": pe,
        "npe": pe / math.log(c),
        "xb": scatter / apart if apart else None,
        "xb2": scatter2 / apart if apart else None,
        "fs": scatter - float(mass @ from_mean),
    }


def _silhouettes(x: Floats, centres: Floats, m: float, weights: Floats, seed: int) -> Indices:
    """None where all rows have one label, or none is told apart from the second best."""
    chosen = _sample(len(x), seed)
    rows, w = x[chosen], weights[chosen]
    partition = Partition(centres, m)
    largest = np.sort(partition.soft(rows), axis=1)
    each = silhouettes(rows, partition.hard(rows), w)
    if each is None:
        return {"silhouette": None, "fuzzy_silhouette": None}
    return {
        "silhouette": _average(each, w),
        "fuzzy_silhouette": _average(each, w * (largest[:, -1] - largest[:, -2])),
    }


def silhouettes(x: Floats, labels: Labels, weights: Floats) -> Floats | None:
    """(b - a) / max(a, b) of each row, 0 for one alone in its cluster. None for one cluster only.

    `a` is the mean distance to the row's own cluster, `b` to the nearest other. n^2 memory.
    """
    clusters, own = np.unique(labels[weights > 0], return_inverse=True)
    if len(clusters) < 2:
        return None
    kept = weights > 0
    x, w = x[kept], weights[kept]
    member = np.zeros((len(x), len(clusters)))
    member[np.arange(len(x)), own] = w
    sums, sizes = cdist(x, x) @ member, member.sum(axis=0)
    at = np.arange(len(x))
    others = sizes[own] - w
    alone = others <= 1e-12 * sizes[own]
    inner = sums[at, own] / np.where(alone, 1.0, others)
    means = sums / sizes
    means[at, own] = np.inf
    outer = means.min(axis=1)
    largest = np.maximum(inner, outer)
    told = ~alone & (largest > 0)
    found = np.zeros(len(kept))
    found[kept] = np.where(told, (outer - inner) / np.where(told, largest, 1.0), 0.0)
    return found


def _sample(rows: int, seed: int) -> NDArray[np.intp] | slice:
    if rows <= SILHOUETTE_ROWS:
        return slice(None)
    chosen = np.random.default_rng(seed).choice(rows, SILHOUETTE_ROWS, replace=False)
    return np.sort(chosen)


def _average(values: Floats, weights: Floats) -> float | None:
    total = float(weights.sum())
    return float(values @ weights) / total if total > 0 else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
