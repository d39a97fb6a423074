"""A model as loaded from its artefact: it scores, it never learns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from services.segmentation.domain.fcm.membership import memberships
from services.segmentation.domain.subjects import squared_distances
from services.segmentation.domain.transform import Column, Transform

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    memberships: Floats  # (n, c)
    smallest: Floats  # (n,) squared distance to the nearest centre
    is_unusual: NDArray[np.bool_]


@dataclass(frozen=True)
class Model:
    features: tuple[str, ...]  # of a row, in order
    transform: Transform
    centres: Floats  # (c, coordinates)
    m: float
    noise_distance: float | None
    segment_ids: tuple[str, ...]
    unusual_beyond: float

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """From a checked artefact."""
        columns = tuple(Column(**column) for column in document["transform"])
        return cls(
            features=tuple(document["features"]),
            transform=Transform(columns, document["dropped"]),
            centres=np.array(document["centres"], np.float64),
            m=document["m"],
            noise_distance=document["noise_distance"],
            segment_ids=tuple(str(segment["id"]) for segment in document["segments"]),
            unusual_beyond=document["quantiles"]["unusual_beyond"],
        )

    def coordinates(self, rows: Floats) -> Floats:
        return self.transform.apply(self.features, rows)

    def score(self, rows: Floats) -> Scores:
        """Rows (n, features) in original units."""
        x = self.coordinates(rows)
        smallest = squared_distances(x, self.centres).min(axis=1)
        shares = np.empty((len(x), len(self.centres)))
        for part, found in memberships(x, self.centres, self.m, self.noise_distance):
            shares[part] = found.u.T
        return Scores(shares, smallest, smallest > self.unusual_beyond)
