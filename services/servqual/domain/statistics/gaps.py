"""Gaps by dimension and overall, plain and weighted (Parasuraman, Zeithaml and Berry 1988)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from services.servqual.domain.statistics.figures import (
    FEW,
    Correlation,
    Floats,
    Interval,
    Mean,
    correlation,
    mean_of,
    means,
)

Items = Mapping[str, Sequence[int]]  # dimension -> its columns


@dataclass(frozen=True)
class Gap:
    """`gap` is the mean over respondents of their mean of P - E over the items answered in both."""

    expectation: Mean
    perception: Mean
    gap: Mean
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Overall:
    """Dimensions count alike in `dimensions`, items in `items`: they differ where dimensions have
    different numbers of items. `weighted` uses the pooled mean importance, `respondents_weighted`
    each respondent's own. Null where a dimension or the importance is missing.
    """

    dimensions: float | None
    items: float | None
    weighted: float | None
    respondents_weighted: Mean
    servperf_weighted: float | None


@dataclass(frozen=True)
class Validity:
    """Against overall satisfaction; over respondents that have both."""

    r_perception: Correlation
    r_gap: Correlation
    r_weighted_gap: Correlation


def gaps(perception: Floats, expectation: Floats, items: Items) -> dict[str, Gap]:
    """(n, k) answers of 1 to 7, NaN for none."""
    difference = perception - expectation
    found = {}
    for name, columns in items.items():
        gap = mean_of(means(difference[:, columns]))
        found[name] = Gap(
            expectation=mean_of(means(expectation[:, columns])),
            perception=mean_of(means(perception[:, columns])),
            gap=gap,
            flags=("few",) if gap.n < FEW else (),
        )
    return found


def overall(
    perception: Floats, expectation: Floats, items: Items, importance: Floats | None = None
) -> Overall:
    """`importance` is (n, d), 100 points per row in the order of the items' dimensions."""
    difference = perception - expectation
    by_dimension, perceived = _by_dimension(difference, items), _by_dimension(perception, items)
    gap, used = _column_means(by_dimension), list(chain.from_iterable(items.values()))
    if importance is None:
        weights, own = np.full(len(gap), np.nan), np.full(len(perception), np.nan)
    else:
        weights = _column_means(importance) / 100.0
        own = (importance / 100.0 * by_dimension).sum(axis=1)
    return Overall(
        dimensions=_known(float(gap.mean())),
        items=_known(float(_column_means(difference[:, used]).mean())),
        weighted=_known(float(weights @ gap)),
        respondents_weighted=mean_of(own),
        servperf_weighted=_known(float(weights @ _column_means(perceived))),
    )


def servperf_interval(
    perception: Floats, items: Items, importance: Floats, *, replicates: int = 1000, seed: int = 1
) -> Interval | None:
    """95 % of the weighted perception: percentiles of a bootstrap that draws respondents. The
    seed makes it repeat. Null with fewer than two respondents.
    """
    n = len(perception)
    if n < 2:
        return None
    by_dimension = _by_dimension(perception, items)
    drawn = np.random.default_rng(seed).integers(0, n, (replicates, n))
    scores = np.array(
        [
            _column_means(importance[rows]) / 100.0 @ _column_means(by_dimension[rows])
            for rows in drawn
        ]
    )
    known = scores[~np.isnan(scores)]
    if len(known) < replicates / 2:
        return None
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def validity(
    perception: Floats, expectation: Floats, importance: Floats, satisfaction: Floats
) -> Validity:
    """`importance` is (n, k), of items; see `spread_over_items`."""
    difference = perception - expectation
    answered = ~np.isnan(difference) & ~np.isnan(importance)
    weight = np.where(answered, importance, 0.0)
    total = weight.sum(axis=1)
    weighted = (weight * np.nan_to_num(difference)).sum(axis=1)
    of_items = np.where(total > 0, weighted / np.where(total > 0, total, 1.0), np.nan)
    return Validity(
        r_perception=correlation(means(perception), satisfaction),
        r_gap=correlation(means(difference), satisfaction),
        r_weighted_gap=correlation(of_items, satisfaction),
    )


def spread_over_items(importance: Floats, items: Items) -> Floats:
    """(n, d) points of dimensions to (n, k) of items: each dimension's divided by its items."""
    width = 1 + max(column for columns in items.values() for column in columns)
    spread = np.full((len(importance), width), np.nan)
    for dimension, columns in enumerate(items.values()):
        for column in columns:
            spread[:, column] = importance[:, dimension] / len(columns)
    return spread


def _by_dimension(answers: Floats, items: Items) -> Floats:
    """(n, d)"""
    return np.stack([means(answers[:, columns]) for columns in items.values()], axis=1)


def _column_means(values: Floats) -> Floats:
    """Over the rows that have a value; NaN for a column without any."""
    return means(values.T)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
