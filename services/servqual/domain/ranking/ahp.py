"""Weights elicited by comparing in pairs. It only proposes; a person decides on the weights."""

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass

CONSISTENT = 0.10
# mean consistency index of random matrices, by size (Saaty 1980)
_RANDOM = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)


@dataclass(frozen=True)
class Priorities:
    weights: tuple[float, ...]  # 1 together
    lambda_max: float
    consistency_ratio: float

    @property
    def is_consistent(self) -> bool:
        return self.consistency_ratio < CONSISTENT


def priorities(matrix: Sequence[Sequence[float]]) -> Priorities:
    """The principal eigenvector (Saaty 2008) of up to ten criteria. Raises ValueError unless the
    matrix is square, positive and reciprocal: a[j][i] = 1/a[i][j].
    """
    n = len(matrix)
    if not 1 <= n <= len(_RANDOM) or any(len(row) != n for row in matrix):
        raise ValueError("a square matrix of one to ten criteria")
    cells = [(i, j) for i in range(n) for j in range(n)]
    if any(matrix[i][j] <= 0 for i, j in cells) or not all(
        math.isclose(matrix[i][j] * matrix[j][i], 1.0, rel_tol=1e-6) for i, j in cells
    ):
        raise ValueError("each comparison above 0 and the inverse of the one across")
    weights, grown = _principal(matrix)
    index = (grown - n) / (n - 1) if n > 1 else 0.0
    return Priorities(weights, grown, index / _RANDOM[n - 1] if _RANDOM[n - 1] else 0.0)


def _principal(matrix: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], float]:
    """By repeated multiplication; a positive matrix converges (Perron)."""
    weights = [1.0 / len(matrix)] * len(matrix)
    for _ in range(1_000):
        product = [math.fsum(map(operator.mul, row, weights)) for row in matrix]
        grown = math.fsum(product)
        following = [each / grown for each in product]
        moved = max(abs(a - b) for a, b in zip(weights, following, strict=True))
        weights = following
        if moved < 1e-15:
            break
    return tuple(weights), grown
