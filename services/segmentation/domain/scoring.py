"""What a model says of rows: of some given, of everybody of today."""

from collections.abc import Callable
from typing import Any

import numpy as np

from services.segmentation.domain import drift
from services.segmentation.domain.model import Model
from services.segmentation.domain.subjects import is_mixed

Progress = Callable[[float], None]


def predict(given: dict[str, Any], _: Progress) -> list[dict[str, Any]]:
    """`rows` in the order of the artefact's features."""
    model = Model.of(given["artefact"])
    scores = model.score(np.array(given["rows"], np.float64))
    return [
        {
            "shares": dict(zip(model.segment_ids, shares, strict=True)),
            "is_mixed": is_mixed(shares),
            "is_unusual": bool(unusual),
        }
        for shares, unusual in zip(scores.memberships.tolist(), scores.is_unusual, strict=True)
    ]


def watch(given: dict[str, Any], _: Progress) -> dict[str, Any]:
    return drift.report(given["artefact"], np.array(given["rows"], np.float64))
