"""What a fit refuses, each with a remedy. All raise ValueError."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.segmentation.domain.fcm.frame import Floats, chunks
from services.segmentation.domain.fcm.start import distinct, too_few

CRISP = 1.001  # m below which memberships are crisp to rounding


def require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)


def parameters(model: Any) -> None:
    clusters, m = model.n_clusters, model.m
    require(_whole(clusters) and clusters >= 1, f"n_clusters={clusters!r}: at least 1")
    require(
        _real(m) and m > CRISP,
        f"m={m!r}: finite and above {CRISP}; for crisp segments use KMeans",
    )
    for name in ("n_init", "max_iter"):
        value = getattr(model, name)
        require(_whole(value) and value >= 1, f"{name}={value!r}: at least 1")
    require(_real(model.tol) and model.tol >= 0, f"tol={model.tol!r}: 0 or more")
    require(
        _real(model.forgetting) and 0 < model.forgetting <= 1,
        f"forgetting={model.forgetting!r}: above 0, at most 1",
    )
    noise = model.noise_distance
    require(noise is None or (_real(noise) and noise > 0), f"noise_distance={noise!r}: above 0")
    require(
        str(model.dtype) in ("auto", "float32", "float64")
        or model.dtype in (np.float32, np.float64),
        f'dtype={model.dtype!r}: one of "auto", "float32", "float64"',
    )
    require(
        model.sample in ("auto", None) or (_whole(model.sample) and model.sample >= 1),
        f'sample={model.sample!r}: "auto", None or a number of rows',
    )


def finite(x: Floats) -> None:
    """A sum that is finite tells at less cost that all of its terms are."""
    with np.errstate(over="ignore", invalid="ignore"):
        if all(np.isfinite(x[rows].sum()) for rows in chunks(len(x))):
            return
    bad = ~np.isfinite(x)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(
            f"Input X contains NaN or infinity: first at row {row}, column {column},"
            f" {np.count_nonzero(bad)} in all. Remove or impute them."
        )


def weights(found: NDArray[np.float64]) -> None:
    require(bool((found >= 0).all()), "sample_weight is negative for a row")
    require(bool((found > 0).any()), "sample_weight is zero for every row: none is left to fit")


def start(init: Any, clusters: int, width: int) -> NDArray[np.float64] | None:
    """The centres given, None for k-means++."""
    if isinstance(init, str):
        require(init == "k-means++", f'init={init!r}: "k-means++" or an array')
        return None
    centres = np.array(init, dtype=np.float64)
    require(
        centres.shape == (clusters, width),
        f"init has the shape {centres.shape}, expected (n_clusters, features)"
        f" = {(clusters, width)}",
    )
    finite(centres)
    alike = len(distinct(centres, np.ones(clusters)).rows) < clusters
    require(not alike, "init has equal rows: coincident centres stay coincident for ever")
    return centres


def enough_distinct(x: Floats, clusters: int) -> None:
    """Looks at all rows only if a few do not answer it."""
    for rows in (x[:1_000], x):
        found = len(distinct(rows, np.ones(len(rows))).rows)
        if found >= clusters:
            return
    raise ValueError(too_few(found, clusters, len(x)))


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _real(value: Any) -> bool:
    return (
        isinstance(value, int | float | np.number)
        and not isinstance(value, bool)
        and bool(np.isfinite(value))
    )
