"""The pass that closes a fit: memberships that belong to the final centres."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.segmentation.domain.fcm.frame import Floats
from services.segmentation.domain.fcm.membership import Partition

CLEAR = 0.1  # by how much the partition coefficient must exceed 1/c
APART = 0.05  # s: centres closer than that are one


@dataclass(frozen=True, slots=True)
class Closing:
    """Of rows in final centres, weighted, in the caller's units."""

    labels: NDArray[np.int32]  # (n,)
    mass: Floats  # (c,)
    objective: float
    partition_coefficient: float


def closed(x: Floats, weights: Floats | None, partition: Partition) -> Closing:
    labels = np.empty(len(x), np.int32)
    mass, totals = np.zeros(partition.clusters), np.zeros(3)
    for rows, each in partition.memberships(x):
        labels[rows] = each.labels()
        weight = np.ones(len(each.cost), each.u.dtype) if weights is None else weights[rows]
        mass += each.u @ weight
        squares = np.einsum("ij,ij->j", each.u, each.u)
        totals += (each.cost @ weight, squares @ weight, (1 - each.noise) ** 2 @ weight)
    return Closing(labels, mass, float(totals[0]), float(totals[1] / totals[2]))


def mass_of(x: Floats, weights: Floats | None, partition: Partition) -> Floats:
    """Sums of membership alone, (c,)."""
    mass = np.zeros(partition.clusters)
    for rows, each in partition.memberships(x):
        mass += each.u.sum(axis=1) if weights is None else each.u @ weights[rows]
    return mass


def ordered(mass: Floats, centres: Floats) -> NDArray[np.intp]:
    """By decreasing mass (6 significant digits), then by centre: labels forget the start."""
    rounded = [-float(f"{value:.6g}") for value in mass]
    return np.lexsort((*centres.T[::-1], rounded))


def is_collapsed(closing: Closing, centres: Floats, spread: float) -> bool:
    """True if memberships or centres do not tell segments apart. `spread` is s."""
    clusters = len(centres)
    if clusters == 1:
        return False
    if closing.partition_coefficient < 1 / clusters + CLEAR:
        return True
    apart = centres[:, None] - centres
    distances = np.sqrt(np.square(apart).sum(axis=2))[np.triu_indices(clusters, 1)]
    return bool(distances.min() < APART * spread)
