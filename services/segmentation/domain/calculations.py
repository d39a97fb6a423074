"""Fits and indices on rows given inline, so that anyone can check our numbers."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.segmentation.domain import drift, indices
from services.segmentation.domain.artefact import Document
from services.segmentation.domain.fcm import FuzzyCMeans
from services.segmentation.domain.model import Model
from services.segmentation.domain.subjects import is_mixed

Floats = NDArray[np.float64]


def fit(asked: dict[str, Any]) -> dict[str, Any]:
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


def validity(asked: dict[str, Any]) -> indices.Indices:
    rows, centres = (np.array(asked[name], np.float64) for name in ("rows", "centres"))
    weights = None if asked["weights"] is None else np.array(asked["weights"], np.float64)
    return indices.validity(rows, centres, asked["m"], weights)


def watch(document: Document, rows: Sequence[Sequence[float]]) -> dict[str, Any]:
    return drift.report(document, np.array(rows, np.float64))


def predict(document: Document, rows: list[list[float]]) -> list[dict[str, Any]]:
    """Rows in the order of the artefact's features."""
    model = Model.of(document)
    scores = model.score(np.array(rows, np.float64))
    return [
        {
            "shares": dict(zip(model.segment_ids, shares, strict=True)),
            "is_mixed": is_mixed(shares),
            "is_unusual": bool(unusual),
        }
        for shares, unusual in zip(scores.memberships.tolist(), scores.is_unusual, strict=True)
    ]
