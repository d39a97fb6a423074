"""Answers of 1 to 7 to means of dimensions. A dimension counts from half of its items on."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from services.servqual.domain.evidence.weights import Floats
from services.servqual.domain.instrument.items import DIMENSIONS, ITEMS

Answers = NDArray[np.int8]  # (n, 22), columns as ITEMS, 0 = no answer
_COLUMNS = tuple(tuple(map(ITEMS.index, items)) for items in DIMENSIONS.values())


def row(answers: Mapping[str, int | None]) -> Answers:
    """One valid response."""
    return np.array([[answers.get(item) or 0 for item in ITEMS]], np.int8)


def perception(answers: Answers) -> Floats:
    """(n, 5) means P, NaN where fewer than half of the items are answered."""
    return _means(answers, answers > 0)


def gap(perceptions: Answers, expectations: Answers) -> Floats:
    """(n, 5) means of P - E over the items that have both, by the same rule."""
    return _means(perceptions - expectations, (perceptions > 0) & (expectations > 0))


def points(means: Floats) -> Floats:
    """P of 1 to 7 as 0 to 100."""
    return 100.0 * (means - 1.0) / 6.0


def _means(values: Answers, is_answered: NDArray[np.bool_]) -> Floats:
    means = np.empty((len(values), len(DIMENSIONS)))
    for dimension, items in enumerate(_COLUMNS):
        total = np.zeros(len(values), np.int16)
        answered = np.zeros(len(values), np.int16)
        for item in items:
            total += np.where(is_answered[:, item], values[:, item], 0)
            answered += is_answered[:, item]
        counts = 2 * answered >= len(items)
        means[:, dimension] = np.where(counts, total / np.maximum(answered, 1), np.nan)
    return means
