"""Memberships of rows in given centres. Pure: they follow from the centres, m and noise alone."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.segmentation.domain.fcm.frame import CHUNK, Floats, Frame, near_power_of_two
from services.segmentation.domain.fcm.rows import Rows
from services.segmentation.domain.fcm.sweep import (
    Chunk,
    Rule,
    least_distances,
    lifted_centres,
    raised,
    squared_distances,
)

TIE = 1e-7  # memberships that differ by less are equal


@dataclass(frozen=True, slots=True)
class Memberships:
    """Of some rows, in the order asked. Each row and its noise sum to 1."""

    u: Floats  # (c, r)
    noise: Floats  # (r,), 0 without a noise cluster
    cost: Floats  # (r,), float64: each row's part of J, unweighted, in the caller's units squared

    def labels(self) -> NDArray[np.int32]:
        """The largest membership; of equal ones the lowest index."""
        least = self.u.max(axis=0) - self.u.dtype.type(TIE)
        labels = np.zeros(self.u.shape[1], np.int32)
        below = np.ones(self.u.shape[1], np.bool_)
        for each in self.u[:-1]:  # counted: how many come before the first that ties
            below &= each < least
            labels += below
        return labels


@dataclass(frozen=True, slots=True)
class Partition:
    """What predicts, and nothing else does: centres (c, d) in the caller's units, m, noise."""

    centres: Floats
    m: float = 2.0
    noise_distance: float | None = None
    dtype: str = "float64"  # what it works in

    @property
    def clusters(self) -> int:
        return len(self.centres)

    def soft(self, x: Floats) -> Floats:
        """Memberships (n, c) of rows x (n, d); with a noise cluster, its own as one column more."""
        noisy = self.noise_distance is not None
        u = np.empty((len(x), self.clusters + noisy), self.dtype)
        for rows, found in self.memberships(x):
            u[rows, : self.clusters] = found.u.T
            if noisy:
                u[rows, -1] = found.noise
        return u

    def hard(self, x: Floats) -> NDArray[np.int32]:
        """The segment of the largest membership, (n,)."""
        labels = np.empty(len(x), np.int32)
        for rows, found in self.memberships(x):
            labels[rows] = found.labels()
        return labels

    def memberships(self, x: Floats) -> Iterator[tuple[slice, Memberships]]:
        """By chunks of rows.

        u_ik = 1 / sum_j (d_ik / d_ij)^(1/(m-1)), d squared distances (Bezdek 1981). A row on a
        centre belongs to it alone, on several coincident ones to each evenly.
        """
        frame = _frame(self.centres, self.noise_distance)
        noise = math.inf if self.noise_distance is None else (self.noise_distance * frame.unit) ** 2
        rule = Rule(self.m, noise)
        rows = Rows(x, None, frame, self.dtype, kept=False)
        inside = frame.inward(self.centres)
        start = 0
        for block in range(rows.blocks):
            for chunk in rows.block(block):
                part = slice(start, start + chunk.features.shape[1])
                outside = (x[part], self.centres)
                yield part, _of_chunk(chunk, inside, rule, frame.unit, outside)
                start = part.stop


def memberships(
    x: Floats, centres: Floats, m: float = 2.0, noise_distance: float | None = None
) -> Iterator[tuple[slice, Memberships]]:
    """By chunks of rows, in float64."""
    return Partition(centres, m, noise_distance).memberships(x)


def _frame(centres: Floats, noise_distance: float | None) -> Frame:
    origin = centres.mean(axis=0)
    size = float(np.abs(centres - origin).max()) or noise_distance or 1.0
    return Frame(origin, near_power_of_two(1 / size))


def _of_chunk(
    chunk: Chunk, inside: Floats, rule: Rule, unit: float, outside: tuple[Floats, Floats]
) -> Memberships:
    lifted, slack = lifted_centres(inside, chunk.features)
    distances = squared_distances(lifted, chunk.features)
    nearest = distances.min(axis=0)
    sure = nearest > least_distances(chunk)  # false for what overflowed, too
    found = _shares(distances, nearest, rule, unit)
    if slack.any():
        left_out = slack.astype(found.u.dtype) @ found.u**rule.m
        found.cost[:] += left_out.astype(np.float64) / unit**2
    if not sure.all():
        x, centres = outside
        _redo(found, np.flatnonzero(~sure), _apart(x[~sure], centres, unit), rule, unit)
    return found


def _shares(distances: Floats, nearest: Floats, rule: Rule, unit: float) -> Memberships:
    """Used up: the distances' place holds the memberships."""
    noisy = rule.noise < math.inf
    if noisy:
        nearest = np.minimum(nearest, nearest.dtype.type(rule.noise))
    with np.errstate(all="ignore"):  # rows that overflow or vanish are redone
        powers = raised(np.divide(nearest, distances, out=distances), rule.power)
        apart = nearest / nearest.dtype.type(rule.noise)
        noise = raised(apart, rule.power) if noisy else np.zeros_like(nearest)
        total = np.add.reduce(powers, axis=0) + noise
        cost = nearest * total ** total.dtype.type(1 - rule.m)
        np.multiply(powers, np.reciprocal(total), out=powers)
    return Memberships(powers, noise / total, cost.astype(np.float64) / unit**2)


def _redo(
    found: Memberships, rows: NDArray[np.intp], exact: Floats, rule: Rule, unit: float
) -> None:
    nearest = exact.min(axis=0)
    on = exact == 0
    again = _shares(exact, nearest, rule, unit)
    u = np.where(on.any(axis=0), on / np.maximum(on.sum(axis=0), 1), again.u)
    found.u[:, rows] = u
    found.noise[rows] = np.where(nearest > 0, again.noise, 0)
    found.cost[rows] = np.where(nearest > 0, again.cost, 0)


def _apart(x: Floats, centres: Floats, unit: float) -> Floats:
    """Squared distances (c, r) by differences in the caller's own units: equal is exactly 0."""
    found = np.empty((len(centres), len(x)))
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        for k, centre in enumerate(centres):
            apart = (x[part] - centre) * unit
            np.einsum("ij,ij->i", apart, apart, out=found[k, part])
    return found
