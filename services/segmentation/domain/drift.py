"""Whether the subjects of today are still those the model was made of (population stability)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from services.segmentation.domain.artefact import Document
from services.segmentation.domain.model import Model, Scores

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


def standing(features: Sequence[str], rows: Floats, scores: Scores) -> dict[str, Any]:
    """What training is remembered by: bins of its features, shares of its segments."""
    bins = {}
    for at, name in enumerate(features):
        edges = decile_edges(rows[:, at])
        bins[name] = {"edges": edges, "shares": shares(rows[:, at], edges)}
    return {
        "bins": bins,
        "segment_shares": scores.memberships.mean(axis=0).tolist(),
        "largest_membership": float(scores.memberships.max(axis=1).mean()),
        "unusual_share": float(scores.is_unusual.mean()),
    }


def report(document: Document, rows: Floats) -> dict[str, Any]:
    """Rows of today (n, features of the artefact), n > 0, against training."""
    then, subjects = document["quantiles"], document["snapshot"]["subjects"]
    scores = Model.of(document).score(rows)
    now = standing(document["features"], rows, scores)
    features = {}
    for at, name in enumerate(document["features"]):
        edges, was = then["bins"][name]["edges"], then["bins"][name]["shares"]
        features[name] = psi(was, shares(rows[:, at], edges), subjects, len(rows))
    used = {column["name"] for column in document["transform"]}
    of_segments = psi(then["segment_shares"], now["segment_shares"], subjects, len(rows))
    counted = [index for name, index in features.items() if name in used]
    return {
        "subjects": len(rows),
        "features": _judged(features),
        "segments": _judged({"shares": of_segments})["shares"],
        "largest_membership_then": then["largest_membership"],
        "largest_membership_now": now["largest_membership"],
        "distance_ks": _ks(then["distance"], scores.smallest),
        "unusual_then": then["unusual_share"],
        "unusual_now": now["unusual_share"],
        "asks_for_refit": asks_for_refit(
            [*counted, of_segments], now["unusual_share"], then["unusual_share"]
        ),
    }


def _judged(indices: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    return {name: {"psi": index, "verdict": verdict(index)} for name, index in indices.items()}


def _ks(quantiles: Sequence[float], values: Floats) -> float:
    """Kolmogorov and Smirnov's largest gap, at training's percentiles."""
    expected = np.arange(len(quantiles)) / (len(quantiles) - 1)
    found = np.searchsorted(np.sort(values), quantiles, side="right") / len(values)
    return float(np.abs(found - expected).max())


def asks_for_refit(indices: Sequence[float], unusual_now: float, unusual_then: float) -> bool:
    """One check's vote; two running, or 90 days, start a refit."""
    return (
        max(indices, default=0.0) > 0.25
        or sum(index > 0.1 for index in indices) >= 3
        or unusual_now > 3 * unusual_then
    )
