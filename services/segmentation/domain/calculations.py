"""Fits and indices on rows given inline, so that anyone can check our numbers."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from services.segmentation.domain import indices
from services.segmentation.domain.fcm import FuzzyCMeans

Progress = Callable[[float], None]


def fit(asked: dict[str, Any], _: Progress) -> dict[str, Any]:
    """Raises ValueError with what is wrong about the rows."""
    init = "k-means++" if asked["init"] is None else np.array(asked["init"], np.float64)
    x = np.array(asked["rows"], np.float64)
    weights = None if asked["weights"] is None else np.array(asked["weights"], np.float64)
    estimator = FuzzyCMeans(
        asked["clusters"], m=asked["m"], init=init, tol=asked["tol"], dtype="float64",
        random_state=asked["seed"], engine="serial",
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # told by is_converged and is_collapsed
        estimator.fit(x, sample_weight=weights)
    return {
        "centres": estimator.cluster_centers_.tolist(),
        "memberships": estimator.soft_predict(x).tolist(),
        "labels": estimator.labels_.tolist(),
        "objective": float(estimator.objective_),
        "iterations": int(estimator.n_iter_),
        "is_converged": bool(estimator.converged_),
        "is_collapsed": bool(estimator.collapsed_),
    }


def validity(asked: dict[str, Any], _: Progress) -> indices.Indices:
    rows, centres = (np.array(asked[name], np.float64) for name in ("rows", "centres"))
    weights = None if asked["weights"] is None else np.array(asked["weights"], np.float64)
    return indices.validity(rows, centres, asked["m"], weights)
