"""A fit, pure and whole: from a snapshot's rows to an artefact and everyone's memberships."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import scipy
import sklearn
from numpy.typing import NDArray

from services.segmentation.domain import names, transform, versions
from services.segmentation.domain.artefact import FORMAT
from services.segmentation.domain.drift import standing
from services.segmentation.domain.fcm import FuzzyCMeans
from services.segmentation.domain.indices import validity
from services.segmentation.domain.model import Model, Scores
from services.segmentation.domain.selection import Candidate, Search, Selection, select
from services.segmentation.domain.stability import quietly
from services.segmentation.domain.subjects import (
    UNUSUAL_FROM,
    explained,
    is_mixed,
    main_segment,
    squared_distances,
)

Floats = NDArray[np.float64]
Progress = Callable[[float], None]
STEP = 0.01  # of the way, between two words of progress


def train(given: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """In the child process. `given`: features, rows, priors, feature_set, logged, use, weights,
    clusters (several counts to choose from, or one), m (None: to choose), seed, language, snapshot,
    previous (an artefact, or None).

    Answers `selection`, `artefact` (unsealed; new segments have the id None; None where there are
    no stable segments), `subjects` in the order of the rows and `matching`.
    """
    say = _sparing(progress)
    rows = np.array(given["rows"], np.float64)
    used, x_raw = _used(given["features"], rows, given["use"])
    logged = frozenset(given["logged"])
    fitted = transform.fit(used, x_raw, logged, feature_weights=given["weights"])
    x = fitted.apply(used, x_raw)
    say(0.02)
    search = Search(tuple(given["clusters"]), given["m"], given["seed"])
    selection = select(x, search, lambda share: say(0.02 + 0.78 * share))
    if selection.chosen is None:
        return {"selection": selection.told(), "artefact": None, "subjects": [], "matching": None}
    document = _document(given, fitted, x, selection, selection.chosen)
    say(0.9)
    model = Model.of(document)
    scores = model.score(rows)
    matching = _matched(given["previous"], rows, scores)
    document["quantiles"] |= standing(given["features"], rows, scores)
    document["segments"] = _segments(given, document, rows, scores, matching)
    say(0.99)
    return {
        "selection": document["selection"],
        "artefact": document,
        "subjects": [_subject(model, x, scores, at) for at in range(len(rows))],
        "matching": None if matching is None else asdict(matching),
    }


def _sparing(progress: Progress) -> Progress:
    """A hundred words are enough: each is a write, and looks whether the fit was cancelled."""
    said = 0.0

    def say(share: float) -> None:
        nonlocal said
        if share - said >= STEP:
            said = share
            progress(share)

    return say


def _used(features: Sequence[str], rows: Floats, use: Sequence[str]) -> tuple[list[str], Floats]:
    kept = [name for name in features if name in use]
    return kept, rows[:, [features.index(name) for name in kept]]


def _document(
    given: Mapping[str, Any],
    fitted: transform.Transform,
    x: Floats,
    selection: Selection,
    chosen: Candidate,
) -> dict[str, Any]:
    seed, m = given["seed"], chosen.m
    estimator = quietly(FuzzyCMeans(chosen.clusters, m=m, random_state=seed), x)
    centres = estimator.cluster_centers_
    smallest = squared_distances(x, centres).min(axis=1)
    return {
        "format": FORMAT,
        "population": "customers",
        "feature_set": given["feature_set"],
        "features": list(given["features"]),
        "transform": [asdict(column) for column in fitted.columns],
        "dropped": dict(fitted.dropped),
        "priors": given["priors"],
        "centres": centres.tolist(),
        "m": m,
        "noise_distance": None,
        "mass": estimator.mass_.tolist(),
        "quantiles": {
            "unusual_beyond": float(np.quantile(smallest, UNUSUAL_FROM)),
            "distance": np.quantile(smallest, np.arange(101) / 100).tolist(),
        },
        "segments": [{"id": None}] * len(centres),
        "indices": validity(x, centres, m, seed=seed),
        "is_collapsed": bool(estimator.collapsed_),
        "selection": selection.told(),
        "stability": {"agreement": chosen.stability, "segments": chosen.found_again_at(centres)},
        "structure": selection.kind,
        "seed": seed,
        "snapshot": given["snapshot"],
        "libraries": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
        },
    }


def _matched(
    previous: Mapping[str, Any] | None, rows: Floats, scores: Scores
) -> versions.Matching | None:
    """The old version scores the new training snapshot. None where there is none before."""
    if previous is None:
        return None
    old = Model.of(previous)
    before = old.score(rows)
    apart = _apart(_profile(rows, before.memberships), _profile(rows, scores.memberships), rows)
    ids = [segment["id"] for segment in previous["segments"]]
    return versions.match(before.memberships, scores.memberships, ids, apart)


def _profile(rows: Floats, memberships: Floats) -> Floats:
    mass = np.maximum(memberships.sum(axis=0), np.finfo(np.float64).tiny)
    return np.asarray((memberships.T @ rows) / mass[:, None])


def _apart(old: Floats, new: Floats, rows: Floats) -> Floats:
    """Distances of mean rows, each feature in its own standard deviations."""
    spread = rows.std(axis=0)
    spread[spread == 0] = 1.0
    return np.sqrt(squared_distances(old / spread, new / spread))


def _segments(
    given: Mapping[str, Any],
    document: Mapping[str, Any],
    rows: Floats,
    scores: Scores,
    matching: versions.Matching | None,
) -> list[dict[str, Any]]:
    z = _standing(document, rows)
    named = names.band_names if document["structure"] == "continuum" else names.segment_names
    titles = named(z, given["language"])
    value = rows[:, document["features"].index("monetary")]
    total = value.sum()
    return [
        {
            "id": None if matching is None else matching.ids[k],
            "name": titles[k],
            "mass_share": float(scores.memberships[:, k].mean()),
            "value_share": float(scores.memberships[:, k] @ value / total) if total else None,
            "found_again": (document["stability"]["segments"] or [None] * len(titles))[k],
            "z": z[k],
            "profile": _quartiles(given["features"], rows, scores.memberships[:, k]),
        }
        for k in range(len(titles))
    ]


def _standing(document: Mapping[str, Any], rows: Floats) -> list[dict[str, float]]:
    """Each centre's z per used feature: how many standard deviations of all subjects from their
    mean."""
    model = Model.of(document)
    x = model.coordinates(rows)
    spread = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    z = (model.centres - x.mean(axis=0)) / spread
    return [dict(zip(model.transform.names, row, strict=True)) for row in z.tolist()]


def _quartiles(features: Sequence[str], rows: Floats, weights: Floats) -> dict[str, list[float]]:
    """In original units: lower quartile, median, upper quartile, weighed by membership."""
    return {
        name: transform.quantiles(rows[:, at], (0.25, 0.5, 0.75), weights)
        for at, name in enumerate(features)
    }


def _subject(model: Model, x: Floats, scores: Scores, at: int) -> dict[str, Any]:
    shares = scores.memberships[at].tolist()
    parts = explained(x[at], model.centres, model.transform.names)
    return {
        "memberships": shares,
        "main": main_segment(shares),
        "parts": {each.feature: each.part for each in parts},
        "distance": float(scores.smallest[at]),
        "is_mixed": is_mixed(shares),
        "is_unusual": bool(scores.is_unusual[at]),
    }
