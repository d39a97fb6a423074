"""One subject among segments: mixed, unusual, and why it is nearer to one than to the next."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
UNUSUAL_FROM = 0.995  # quantile of training's smallest distances
LEAST_CLARITY = 0.25
LEAST_LEAD = 0.15
TIE = 1e-7


@dataclass(frozen=True)
class Part:
    """What one feature adds to `d(second) - d(first)`."""

    feature: str
    part: float


def squared_distances(x: Floats, centres: Floats) -> Floats:
    """(n, d), (c, d) -> (n, c), by direct differences."""
    return np.stack([((x - centre) ** 2).sum(axis=1) for centre in centres], axis=1)


def main_segment(memberships: Sequence[float]) -> int:
    """Index of the largest; within 1e-7 the lowest index wins."""
    largest = max(memberships)
    return next(at for at, share in enumerate(memberships) if share >= largest - TIE)


def is_mixed(memberships: Sequence[float]) -> bool:
    """Too evenly shared to be forced into one segment. One segment alone mixes with nothing."""
    if len(memberships) < 2:
        return False
    first, second = sorted(memberships, reverse=True)[:2]
    c = len(memberships)
    return (c * first - 1) / (c - 1) < LEAST_CLARITY or first - second < LEAST_LEAD


def explained(row: Floats, centres: Floats, names: Sequence[str]) -> list[Part]:
    """Per feature its part of how much farther the second centre is than the first (d units).

    Largest first. The parts sum to the difference of the squared distances.
    """
    if len(centres) < 2:
        return []
    moved = (row - centres) ** 2
    nearest, second = np.argsort(moved.sum(axis=1), kind="stable")[:2]
    parts = (moved[second] - moved[nearest]).tolist()
    found = [Part(name, part) for name, part in zip(names, parts, strict=True)]
    return sorted(found, key=lambda each: -abs(each.part))
