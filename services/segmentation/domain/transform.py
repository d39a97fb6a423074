"""From features to coordinates: fitted once on the training snapshot, then only applied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NORMAL_IQR = 1.349  # interquartile range of the standard normal
SAME_ORDER = 0.95  # |Spearman| from which the later of two features says nothing new


class NothingLeft(ValueError):
    """Every feature is constant."""


@dataclass(frozen=True)
class Column:
    """How one feature becomes one coordinate."""

    name: str
    low: float
    high: float
    is_logged: bool
    centre: float
    scale: float
    weight: float  # its square root multiplies

    def apply(self, values: Floats) -> Floats:
        held = np.clip(values, self.low, self.high)
        unscaled = np.log1p(held) if self.is_logged else held
        return np.asarray((unscaled - self.centre) / self.scale * np.sqrt(self.weight))

    def undone(self, coordinate: float) -> float:
        """The value in original units that stands at a coordinate."""
        value = coordinate / np.sqrt(self.weight) * self.scale + self.centre
        return float(np.expm1(value) if self.is_logged else value)


@dataclass(frozen=True)
class Transform:
    columns: tuple[Column, ...]
    dropped: Mapping[str, str]  # feature -> why

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def apply(self, names: Sequence[str], x: Floats) -> Floats:
        """(n, features as named) -> (n, coordinates). Stored numbers only."""
        place = {name: at for at, name in enumerate(names)}
        kept = [column.apply(x[:, place[column.name]]) for column in self.columns]
        return np.ascontiguousarray(np.stack(kept, axis=1))


def fit(
    names: Sequence[str],
    x: Floats,
    logged: frozenset[str],
    weights: Floats | None = None,
    feature_weights: Mapping[str, float] | None = None,
) -> Transform:
    """x (n, features) in original units, finite; weights (n). Raises NothingLeft.

    Quantiles are inverses of the weighted distribution: a row given twice equals a weight of two.
    """
    weighed = np.ones(len(x)) if weights is None else weights
    columns: list[Column] = []
    dropped: dict[str, str] = {}
    ranks: list[Floats] = []
    for at, name in enumerate(names):
        share = (feature_weights or {}).get(name, 1.0)
        column = _column(name, x[:, at], name in logged, weighed, share)
        if column is None:
            dropped[name] = "constant"
            continue
        rank = _ranks(column.apply(x[:, at]))
        twin = _twin(rank, ranks)
        if twin is not None:
            dropped[name] = f"orders subjects as {columns[twin].name} does"
            continue
        columns.append(column)
        ranks.append(rank)
    if not columns:
        raise NothingLeft("every feature is constant; there is nothing to tell subjects apart by")
    return Transform(tuple(columns), dropped)


def _column(
    name: str, values: Floats, is_logged: bool, weights: Floats, share: float
) -> Column | None:
    """None for a feature that tells nothing: constant, or of weight 0."""
    low, high = quantiles(values, (0.01, 0.99), weights)
    held = np.clip(values, low, high)
    unscaled = np.log1p(held) if is_logged else held
    if share == 0 or np.ptp(unscaled[weights > 0]) == 0:
        return None
    lower, middle, upper = quantiles(unscaled, (0.25, 0.5, 0.75), weights)
    scale = (upper - lower) / NORMAL_IQR
    if scale == 0:
        mean = np.average(unscaled, weights=weights)
        scale = float(np.sqrt(np.average((unscaled - mean) ** 2, weights=weights)))
    return Column(name, low, high, is_logged, middle, scale, share)


def quantiles(values: Floats, at: Sequence[float], weights: Floats) -> list[float]:
    found = np.quantile(values, at, method="inverted_cdf", weights=weights)
    return cast(list[float], found.tolist())


def _ranks(values: Floats) -> Floats:
    """From 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place])


def _twin(rank: Floats, earlier: Sequence[Floats]) -> int | None:
    for number, other in enumerate(earlier):
        if abs(_correlation(rank, other)) > SAME_ORDER:
            return number
    return None


def _correlation(a: Floats, b: Floats) -> float:
    """Pearson's of ranks, that is Spearman's of the values."""
    x, y = a - a.mean(), b - b.mean()
    spread: Any = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / spread) if spread > 0 else 0.0
