"""Would other subjects of the kind have given the same segments, and are they groups at all?"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score

from services.segmentation.domain.fcm import CollapseWarning, FuzzyCMeans, Partition
from services.segmentation.domain.indices import validity
from services.segmentation.domain.versions import soft_jaccard

Floats = NDArray[np.float64]
Progress = Callable[[float], None]
RESAMPLES, REFERENCES, BEATEN = 20, 20, 19
DISSOLVES = 0.5  # mean soft Jaccard below which a segment is not found again
_STARTS, _TOL = 3, 1e-3  # of a refit: far finer than what resampling moves


@dataclass(frozen=True)
class Stability:
    agreement: float  # mean adjusted Rand index of hard labels, at most 1
    segments: tuple[float, ...]  # mean soft Jaccard of each, 0 to 1


@dataclass(frozen=True)
class Structure:
    """`references`: fuzzy silhouettes of clouds without groups, least first."""

    is_grouped: bool
    fuzzy_silhouette: float
    references: tuple[float, ...]


def stability(x: Floats, centres: Floats, m: float, seed: int, say: Progress) -> Stability:
    """Refitted on bootstrap resamples (multinomial weights), segments matched by Hungarian
    assignment on 1 - soft Jaccard; agreement is over all rows (Hennig 2007; Hubert & Arabie 1985).
    """
    partition = Partition(centres, m)
    u, labels = partition.soft(x), partition.hard(x)
    agreement, kept = 0.0, np.zeros(len(centres))
    for number, weights in enumerate(resamples(len(x), seed), 1):
        again = _refitted(x, len(centres), m, weights, seed)
        if again is not None:
            agreement += float(adjusted_rand_score(labels, again.hard(x)))
            overlap = soft_jaccard(u, again.soft(x))
            rows, columns = linear_sum_assignment(-overlap)
            kept[rows] += overlap[rows, columns]
        say(number / RESAMPLES)
    return Stability(agreement / RESAMPLES, tuple((kept / RESAMPLES).tolist()))


def resamples(rows: int, seed: int) -> Iterator[Floats]:
    """How often each row was drawn, (n,)."""
    random = np.random.default_rng(seed)
    for _ in range(RESAMPLES):
        yield random.multinomial(rows, np.full(rows, 1 / rows)).astype(np.float64)


def _refitted(x: Floats, clusters: int, m: float, weights: Floats, seed: int) -> Partition | None:
    """None where a resample has fewer distinct rows than clusters: nothing is found again."""
    drawn = x[weights > 0]
    if len(np.unique(drawn, axis=0)) < clusters:
        return None
    model = FuzzyCMeans(clusters, m=m, n_init=_STARTS, tol=_TOL, random_state=seed)
    return quietly(model, drawn, weights[weights > 0]).partition()


def quietly(model: FuzzyCMeans, x: Floats, weights: Floats | None = None) -> FuzzyCMeans:
    """Fitted; what a fit warns of is read from `collapsed_` and `converged_`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapseWarning)
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(x, sample_weight=weights)


def structure(x: Floats, centres: Floats, m: float, seed: int, say: Progress) -> Structure | None:
    """A cut through one cloud can be stable, too. So the fuzzy silhouette must exceed that of 19 in
    20 clouds drawn from one multivariate normal with the rows' mean and covariance. None where
    there is no silhouette (fewer than two segments).
    """
    own = validity(x, centres, m, seed=seed)["fuzzy_silhouette"]
    if own is None:
        return None
    random = np.random.default_rng([seed, len(centres)])
    found = []
    for number in range(1, REFERENCES + 1):
        cloud = _cloud(x, random)
        model = quietly(FuzzyCMeans(len(centres), m=m, random_state=seed), cloud)
        reached = validity(cloud, model.cluster_centers_, m, seed=seed)["fuzzy_silhouette"]
        found.append(-1.0 if reached is None else reached)
        say(number / REFERENCES)
    beaten = sum(own > each for each in found)
    return Structure(beaten >= BEATEN, own, tuple(sorted(found)))


def _cloud(x: Floats, random: np.random.Generator) -> Floats:
    covariance = np.atleast_2d(np.cov(x, rowvar=False))
    return random.multivariate_normal(x.mean(axis=0), covariance, len(x), method="eigh")
