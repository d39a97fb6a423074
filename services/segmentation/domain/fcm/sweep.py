"""One pass over the rows by two matrix products. Memberships are never stored."""

import math
from dataclasses import dataclass

import numpy as np

from services.segmentation.domain.fcm.frame import Floats

PRODUCT = 1 << 20  # multiplications up to which BLAS takes its fast path for small matrices


@dataclass(frozen=True, slots=True)
class Chunk:
    features: Floats  # (d + 2, r): [x^T; 1; ||x||^2], moved to the mean
    weights: Floats | None  # (r,)
    floor: float  # eps^2 times the mean of ||x||^2: the least squared distance

    def part(self, rows: slice) -> "Chunk":
        weights = None if self.weights is None else self.weights[rows]
        return Chunk(self.features[:, rows], weights, self.floor)


@dataclass(frozen=True, slots=True)
class Sums:
    """Of w u^m over rows: times x, times 1, times ||x||^2 (c, d + 2); and J."""

    moments: Floats
    objective: float

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.moments + other.moments, self.objective + other.objective)

    def scaled(self, factor: float) -> "Sums":
        return Sums(self.moments * factor, self.objective * factor)

    def centres(self, before: Floats) -> Floats:
        """(c, d). A centre that no row supports stays where it was."""
        mass = self.moments[:, -2:-1]
        held = mass > 0
        return np.where(held, self.moments[:, :-2] / np.where(held, mass, 1.0), before)


@dataclass(frozen=True, slots=True)
class Rule:
    """m, and the constant squared distance of the noise cluster (Dave 1991), infinite for none."""

    m: float
    noise: float = math.inf

    @property
    def power(self) -> float:
        """Of squared distances, negative in a membership."""
        return 1 / (self.m - 1)


def partial_sums(chunk: Chunk, centres: Floats, rule: Rule) -> Sums:
    """Pure. Centres (c, d) in the chunk's frame; sums and J in float64."""
    lifted, slack = lifted_centres(centres, chunk.features)
    moments, objective = np.zeros(lifted.shape), 0.0
    rows = chunk.features.shape[1]
    step = product_rows(lifted, rows)
    for start in range(0, rows, step):
        part = chunk.part(slice(start, start + step))
        distances = squared_distances(lifted, part.features)
        np.maximum(distances, least_distances(part), out=distances)
        weighted, cost = (_square if rule.m == 2 else _powered)(distances, part.weights, rule)
        moments += weighted @ part.features.T
        objective += cost
    return Sums(moments, objective + float(slack @ moments[:, -2]))


def product_rows(lifted: Floats, rows: int) -> int:
    """Rows of one product: a power of two that keeps it on the fast path."""
    return min(rows, max(1_024, 1 << (PRODUCT // lifted.size).bit_length() - 1))


def lifted_centres(centres: Floats, features: Floats) -> tuple[Floats, Floats]:
    """[-2 V, ||v||^2, 1], so that times [x^T; 1; ||x||^2] it is the squared distance; and (c,)
    what rounding ||v||^2 to the working type left out. It is the same for every row, so it does
    not average out: J in float32 would jitter by more than it falls (Danskin: dJ = sum w u^m dd).
    """
    rounded = centres.astype(features.dtype).astype(np.float64)
    squares = np.einsum("ij,ij->i", rounded, rounded)
    lifted = np.column_stack((-2 * rounded, squares, np.ones(len(centres))))
    lifted = lifted.astype(features.dtype)
    return lifted, squares - lifted[:, -2]


def squared_distances(lifted: Floats, features: Floats) -> Floats:
    distances: Floats = lifted @ features
    return distances


def least_distances(chunk: Chunk) -> Floats:
    """(r,): what rounding leaves of a squared distance, relative to the row's own size.

    Relative, for an absolute constant collapses data in small units (see the test of scales).
    """
    eps = 8 * np.finfo(chunk.features.dtype).eps
    least: Floats = np.maximum(chunk.features[-1] * eps, chunk.features.dtype.type(chunk.floor))
    return least


def raised(ratio: Floats, power: float) -> Floats:
    """ratio ** power; powers 2, 4 and 8 (m = 1.5, 1.25, 1.125) by multiplication, 1 is itself."""
    if power == 1:
        return ratio
    if power not in (2.0, 4.0, 8.0):
        general: Floats = np.power(ratio, ratio.dtype.type(power))
        return general
    result = ratio * ratio
    for _ in range(round(math.log2(power)) - 1):
        np.multiply(result, result, out=result)
    return result


def _square(distances: Floats, weights: Floats | None, rule: Rule) -> tuple[Floats, float]:
    """w u^2 (c, r) in the place of the distances, and J, for m = 2."""
    closeness = np.reciprocal(distances, out=distances)
    share = np.add.reduce(closeness, axis=0)
    if rule.noise < math.inf:
        share += share.dtype.type(1 / rule.noise)
    np.reciprocal(share, out=share)
    np.multiply(closeness, share, out=closeness)
    np.multiply(closeness, closeness, out=closeness)
    if weights is None:
        return closeness, float(np.add.reduce(share))
    np.multiply(closeness, weights, out=closeness)
    return closeness, float(share @ weights)


def _powered(distances: Floats, weights: Floats | None, rule: Rule) -> tuple[Floats, float]:
    """As _square, for any m. With q = d_min/d: u^m = q^(p+1) S^-m, for p m = p + 1."""
    nearest = distances.min(axis=0)
    if rule.noise < math.inf:
        np.minimum(nearest, nearest.dtype.type(rule.noise), out=nearest)
    ratio = np.divide(nearest, distances, out=distances)
    powers = raised(ratio, rule.power)
    total = np.add.reduce(powers, axis=0)
    if rule.noise < math.inf:
        total += raised(nearest / nearest.dtype.type(rule.noise), rule.power)
    share = total ** total.dtype.type(-rule.m)
    if weights is not None:
        share *= weights
    np.multiply(powers, ratio, out=powers)
    np.multiply(powers, share, out=powers)
    return powers, float(np.add.reduce(nearest * share * total))
