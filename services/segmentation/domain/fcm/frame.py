"""Where sweeps work: rows moved to their mean and scaled by a power of two, which is exact."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]  # float64, or float32 where a fit works in it

CHUNK = 8_192  # rows of one matrix product
LEAST, MOST = 1e-140, 1e140  # what squares and their sums hold with digits to spare


@dataclass(frozen=True, slots=True)
class Frame:
    """A row x of the caller is (x - origin) * unit here. Distances are dimensionless."""

    origin: Floats  # (d,), float64
    unit: float  # a power of two near 1/s
    spread: float = 1.0  # s, the square root of the mean feature variance, in this frame
    reach: float = 0.0  # largest distance of a value from its mean, in s

    def inward(self, centres: Floats) -> Floats:
        moved: Floats = (centres - self.origin) * self.unit
        return moved

    def outward(self, centres: Floats) -> Floats:
        moved: Floats = centres / self.unit + self.origin
        return moved

    def fill(self, features: Floats, x: Floats) -> None:
        """Write rows x (r, d) into features (d + 2, r) as [x^T; 1; ||x||^2].

        Moved in float64 before any cast: a float32 of a large offset has lost the row.
        """
        width = x.shape[1]
        own = features.dtype == np.float64
        moved = features[:width] if own else np.empty((width, len(x)))
        np.subtract(x.T, self.origin[:, None], out=moved)
        np.multiply(moved, self.unit, out=features[:width], casting="same_kind")
        features[width] = 1.0
        np.einsum("ij,ij->j", features[:width], features[:width], out=features[width + 1])


def measured(x: Floats, weights: Floats | None) -> Frame:
    """The frame of rows x (n, d), two passes in float64. Weights (n,) sum above zero.

    Raises ValueError where squares of the rows leave float64.
    """
    ones = np.ones(min(CHUNK, len(x)))
    total = float(len(x)) if weights is None else float(weights.sum())

    def weighed(rows: slice, values: Floats) -> Floats:
        sums: Floats = (ones[: len(values)] if weights is None else weights[rows]) @ values
        return sums

    origin = np.asarray(sum(weighed(rows, x[rows]) for rows in chunks(len(x))) / total)
    origins = np.tile(origin, (len(ones), 1))  # as long as a chunk: one long loop, no short ones
    moment, squares, reach = np.zeros_like(origin), np.zeros_like(origin), 0.0
    for rows in chunks(len(x)):
        part = np.ascontiguousarray(x[rows])
        moved = part - origins[: len(part)]
        reach = max(reach, float(moved.max()), -float(moved.min()))
        if not (reach == 0 or LEAST < reach < MOST):
            raise ValueError(f"values lie {reach:.1g} from their mean: give them in other units")
        moment += weighed(rows, moved)
        squares += weighed(rows, np.square(moved, out=moved))
    variance = float((squares / total - (moment / total) ** 2).mean())
    spread = math.sqrt(max(variance, 0.0))
    if spread == 0:
        return Frame(origin, 1.0)
    unit = near_power_of_two(1 / spread)
    return Frame(origin, unit, spread * unit, reach / spread)


def near_power_of_two(value: float) -> float:
    return 2.0 ** round(math.log2(value))


def chunks(rows: int) -> Iterator[slice]:
    return (slice(start, min(start + CHUNK, rows)) for start in range(0, rows, CHUNK))
