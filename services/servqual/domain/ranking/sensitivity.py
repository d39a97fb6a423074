"""Other methods on the same matrix: how far an order hangs on the method. Read only; none decides.

A matrix has a row per alternative and a column per criterion; `types` says 1 where more is better
and -1 where less is. Weights sum to 1. Raises ValueError where shapes differ.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Matrix = Sequence[Sequence[float]]
Vector = Sequence[float]
Normalisation = Literal["min-max", "vector"]
NOTE = "TOPSIS changed its winner in 8 % of random cases when a dominated option was added"


def topsis(matrix: Matrix, weights: Vector, types: Sequence[int], by: Normalisation) -> list[float]:
    """Closeness to the ideal, 0 to 1 (Hwang and Yoon 1981; Opricovic and Tzeng 2004). Alternatives
    that are all alike are all at 0.5.
    """
    _check(matrix, weights, types)
    columns = [_NORMALISED[by](column) for column in zip(*matrix, strict=True)]
    weighted = [
        [weight * kind * value for value in column]
        for column, weight, kind in zip(columns, weights, types, strict=True)
    ]
    best, worst = [max(column) for column in weighted], [min(column) for column in weighted]
    near = [math.dist(row, best) for row in zip(*weighted, strict=True)]
    far = [math.dist(row, worst) for row in zip(*weighted, strict=True)]
    return [b / (a + b) if a + b > 0 else 0.5 for a, b in zip(near, far, strict=True)]


def promethee_ii(matrix: Matrix, weights: Vector, types: Sequence[int]) -> list[float]:
    """Net flow, -1 to 1, with the usual preference function (Brans and Vincke 1985)."""
    _check(matrix, weights, types)
    rivals = len(matrix) - 1
    if rivals < 1:
        return [0.0] * len(matrix)

    def preferred(one: Vector, other: Vector) -> float:
        terms = zip(weights, types, one, other, strict=True)
        return math.fsum(weight for weight, kind, x, y in terms if kind * (x - y) > 0)

    return [
        math.fsum(preferred(one, other) - preferred(other, one) for other in matrix) / rivals
        for one in matrix
    ]


@dataclass(frozen=True)
class Vikor:
    """Per alternative the group's loss S, the greatest single loss R, and the compromise Q."""

    s: list[float]
    r: list[float]
    q: list[float]


def vikor(matrix: Matrix, weights: Vector, types: Sequence[int], v: float = 0.5) -> Vikor:
    """Less is better; a criterion on which all are alike loses nothing (Opricovic 1998)."""
    _check(matrix, weights, types)
    losses = []
    for column, weight, kind in zip(zip(*matrix, strict=True), weights, types, strict=True):
        worth = _min_max([kind * value for value in column])
        spread = max(worth) > min(worth)
        losses.append([weight * (1.0 - value) if spread else 0.0 for value in worth])
    s = [math.fsum(row) for row in zip(*losses, strict=True)]
    r = [max(row) for row in zip(*losses, strict=True)]
    q = [v * a + (1 - v) * b for a, b in zip(_min_max(s), _min_max(r), strict=True)]
    return Vikor(s, r, q)


def entropy_weights(matrix: Matrix) -> list[float]:
    """How much a criterion tells alternatives apart (Shannon 1948), 1 together. Values above 0;
    raises ValueError otherwise. Spread, not importance.
    """
    if any(value <= 0 for row in matrix for value in row):
        raise ValueError("entropy is of values above 0")
    told = []
    for column in zip(*matrix, strict=True):
        shares = [value / math.fsum(column) for value in column]
        entropy = -math.fsum(share * math.log(share) for share in shares)
        told.append(max(0.0, 1.0 - entropy / math.log(len(shares))) if len(shares) > 1 else 0.0)
    return _shares(told)


def critic_weights(matrix: Matrix, types: Sequence[int]) -> list[float]:
    """Spread times conflict with the other criteria (Diakoulaki et al. 1995), 1 together."""
    columns = [
        _min_max([kind * value for value in column])
        for column, kind in zip(zip(*matrix, strict=True), types, strict=True)
    ]
    told = [_sd(one) * math.fsum(1.0 - _correlation(one, other) for other in columns)
            for one in columns]  # fmt: skip
    return _shares(told)


def _min_max(column: Vector) -> list[float]:
    low, span = min(column), max(column) - min(column)
    return [(value - low) / span if span > 0 else 0.0 for value in column]


def _unit(column: Vector) -> list[float]:
    length = math.hypot(*column)
    return [value / length if length > 0 else 0.0 for value in column]


_NORMALISED: dict[Normalisation, Callable[[Vector], list[float]]] = {
    "min-max": _min_max,
    "vector": _unit,
}


def _sd(column: Vector) -> float:
    mean = math.fsum(column) / len(column)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in column) / max(1, len(column) - 1))


def _correlation(one: Vector, other: Vector) -> float:
    """0 with a criterion that does not vary: its own spread of 0 leaves it out."""
    a, b = math.fsum(one) / len(one), math.fsum(other) / len(other)
    shared = math.fsum((x - a) * (y - b) for x, y in zip(one, other, strict=True))
    length = math.dist(one, [a] * len(one)) * math.dist(other, [b] * len(other))
    return shared / length if length > 0 else 0.0


def _shares(told: Vector) -> list[float]:
    """Equal where nothing varies."""
    whole = math.fsum(told)
    return [each / whole if whole > 0 else 1 / len(told) for each in told]


def _check(matrix: Matrix, weights: Vector, types: Sequence[int]) -> None:
    if not matrix or any(len(row) != len(weights) for row in matrix) or len(types) != len(weights):
        raise ValueError("a weight and a type per column, and at least one row")
    if not math.isclose(math.fsum(weights), 1.0, abs_tol=1e-9) or min(weights) < 0:
        raise ValueError("weights from 0 up, together 1")
