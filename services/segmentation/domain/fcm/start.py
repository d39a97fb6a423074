"""Where a fit starts: k-means++ on the distinct rows (Arthur & Vassilvitskii 2007)."""

from dataclasses import dataclass

import numpy as np

from services.segmentation.domain.fcm.frame import Floats

CANDIDATES = 50_000  # rows above which candidates are a sample


@dataclass(frozen=True, slots=True)
class Candidates:
    """Distinct rows in lexicographic order, so that neither order nor repetition is seen."""

    rows: Floats  # (n, d)
    weights: Floats  # (n,): equal rows' weights, summed


def distinct(x: Floats, weights: Floats) -> Candidates:
    order = np.argsort(x[:, 0], kind="stable")
    if not (np.diff(x[order, 0]) > 0).all():  # the first column alone does not tell rows apart
        order = np.lexsort(x.T[::-1])
    ordered = x[order]
    new = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))
    starts = np.flatnonzero(new)
    return Candidates(ordered[starts], np.add.reduceat(weights[order], starts))


def drawn(candidates: Candidates, uniforms: Floats, unit: float) -> Floats:
    """Centres (c, d), one row for each uniform, by inverse CDF: first by weight, then by weight
    times the squared distance to the nearest chosen. Raises ValueError if rows run out.
    """
    rows = np.ascontiguousarray(candidates.rows.T, dtype=np.float64) * unit
    chosen: list[int] = []
    nearest = np.ones(rows.shape[1])
    for uniform in uniforms:
        cumulated = np.cumsum(candidates.weights * nearest)
        if cumulated[-1] == 0:
            raise ValueError(too_few(len(chosen), len(uniforms), rows.shape[1]))
        at = np.searchsorted(cumulated, uniform * cumulated[-1], side="right")
        last = np.searchsorted(cumulated, cumulated[-1])
        chosen.append(int(min(at, last)))
        apart = rows - rows[:, chosen[-1] :][:, :1]
        squares = np.einsum("ij,ij->j", apart, apart)
        nearest = squares if len(chosen) == 1 else np.minimum(nearest, squares)
    centres: Floats = candidates.rows[chosen].astype(np.float64)
    return centres


def too_few(rows: int, clusters: int, samples: int) -> str:
    return f"{rows} distinct rows, {clusters} clusters asked (n_samples={samples})"
