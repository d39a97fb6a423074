"""Weights of facts by age, and how many equal ones they are worth."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]


def decay(age_days: Floats, half_life_days: float) -> Floats:
    """1 today, a half after a half-life. An age below zero is a clock's fault, and taken as 0."""
    faded: Floats = np.exp2(-np.maximum(age_days, 0.0) / half_life_days)
    return faded


def effective(total: Floats, squared: Floats) -> Floats:
    """n_eff = (sum w)^2 / sum w^2 (Kish 1965), 0 without any weight."""
    some = squared > 0
    return np.where(some, total**2 / np.where(some, squared, 1.0), 0.0)


def ratio(part: Floats, whole: Floats) -> Floats:
    """part / whole, NaN where whole is 0: without evidence there is no mean."""
    some = whole > 0
    return np.where(some, part / np.where(some, whole, 1.0), np.nan)


def totals(row: Ints, values: Floats, rows: int) -> Floats:
    """The sum of the values of each row."""
    return np.bincount(row, values, rows).astype(np.float64, copy=False)
