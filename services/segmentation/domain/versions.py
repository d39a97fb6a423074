"""Segments that keep their names across versions: matched on the same subjects, scored by both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

Floats = NDArray[np.float64]
SAME_FROM = 0.5  # cost up to which a segment is the one it was
PART_FROM = 0.3  # overlap from which an old segment went into a new one
_TIE = 1e-9  # so much, and no more, the distance of centres counts


@dataclass(frozen=True)
class Matching:
    """`ids` of the new segments, None for a new one; what became of the old ones."""

    ids: tuple[str | None, ...]
    costs: tuple[float | None, ...]
    kept: tuple[str, ...]
    vanished: tuple[str, ...]
    split: tuple[str, ...]
    merged: tuple[int, ...]  # new segments that two old ones went into, by index
    moved_share: float  # of subjects whose main segment changed


def soft_jaccard(a: Floats, b: Floats) -> Floats:
    """Memberships (n, p), (n, q) -> (p, q): sum of the smaller over sum of the larger."""
    found = np.zeros((a.shape[1], b.shape[1]))
    for i in range(a.shape[1]):
        for j in range(b.shape[1]):
            union = float(np.maximum(a[:, i], b[:, j]).sum())
            found[i, j] = float(np.minimum(a[:, i], b[:, j]).sum()) / union if union else 0.0
    return found


def match(old: Floats, new: Floats, old_ids: Sequence[str], apart: Floats) -> Matching:
    """Old and new memberships (n, p), (n, q) of the same subjects; `apart` (p, q) are the distances
    of centres in one unit, which break ties alone.

    Hungarian assignment on 1 - soft Jaccard (Kuhn 1955); at most half apart keeps the id.
    """
    overlap = soft_jaccard(old, new)
    farthest = float(apart.max()) if apart.size else 0.0
    tie = apart / farthest * _TIE if farthest > 0 else np.zeros_like(apart)
    rows, columns = linear_sum_assignment(1 - overlap + tie)
    ids: list[str | None] = [None] * new.shape[1]
    costs: list[float | None] = [None] * new.shape[1]
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        costs[j] = float(1 - overlap[i, j])
        if overlap[i, j] >= 1 - SAME_FROM:
            ids[j] = old_ids[i]
    kept = tuple(old_id for old_id in old_ids if old_id in ids)
    went = overlap >= PART_FROM
    return Matching(
        ids=tuple(ids),
        costs=tuple(costs),
        kept=kept,
        vanished=tuple(old_id for old_id in old_ids if old_id not in kept),
        split=tuple(old_ids[i] for i in np.flatnonzero(went.sum(axis=1) >= 2).tolist()),
        merged=tuple(np.flatnonzero(went.sum(axis=0) >= 2).tolist()),
        moved_share=_moved(old, new, old_ids, ids),
    )


def _moved(old: Floats, new: Floats, old_ids: Sequence[str], ids: Sequence[str | None]) -> float:
    if not len(new):
        return 0.0
    before = [old_ids[i] for i in old.argmax(axis=1).tolist()]
    after = [ids[j] for j in new.argmax(axis=1).tolist()]
    moved = [a != b for a, b in zip(before, after, strict=True)]
    return float(sum(moved) / len(moved))
