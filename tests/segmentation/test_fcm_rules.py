"""Fuzzy c-means: when it stops, what breaks a tie, what it works in, what memory it takes."""

import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import make_blobs

from services.segmentation.domain.fcm import CollapseWarning, FuzzyCMeans, Memberships
from services.segmentation.domain.fcm.engine import Engine
from services.segmentation.domain.fcm.frame import measured
from services.segmentation.domain.fcm.rows import BLOCK, Rows
from services.segmentation.domain.fcm.sweep import Rule

BLOBS: NDArray[np.float64] = make_blobs(900, 3, centers=3, cluster_std=2, random_state=3)[0]


def test_it_stops_at_the_first_step_that_moves_no_centre_by_more_than_tol_times_s() -> None:
    weights = np.where(BLOBS[:, 0] > 0, 1.0, 0.01)  # s is weighted, too
    mean = np.average(BLOBS, axis=0, weights=weights)
    s = np.sqrt(np.average((BLOBS - mean) ** 2, axis=0, weights=weights).mean())

    def centres(steps: int) -> Any:
        model = FuzzyCMeans(3, init=BLOBS[:3], tol=0, max_iter=steps)
        return model.fit(BLOBS, sample_weight=weights).cluster_centers_

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapseWarning)
        model = FuzzyCMeans(3, init=BLOBS[:3], tol=1e-3).fit(BLOBS, sample_weight=weights)
        n = model.n_iter_
        last = [centres(steps) for steps in (n - 2, n - 1, n)]

    shifts = [np.sqrt(((b - a) ** 2).sum(axis=1)).max() for a, b in pairwise(last)]
    assert shifts[0] > 1e-3 * s >= shifts[1]
    assert (model.cluster_centers_ == last[-1]).all()


def test_memberships_within_1e_7_tie_and_the_lowest_index_wins() -> None:
    u = np.array([[0.3, 0.3, 0.2], [0.35 - 5e-8, 0.35 - 2e-7, 0.4], [0.35, 0.35, 0.4 + 9e-8]])
    found = Memberships(u, np.zeros(3), np.zeros(3)).labels()
    assert found.tolist() == [1, 2, 1]


def test_segments_of_one_mass_come_in_the_order_of_their_centres() -> None:
    half = np.random.default_rng(0).normal((6, 0), size=(200, 2))
    mirrored = np.vstack([half, half * [-1, 1]])
    for rows in ([0, 200], [200, 0]):
        model = FuzzyCMeans(2, init=mirrored[rows]).fit(mirrored)
        assert model.mass_[0] == pytest.approx(model.mass_[1], rel=1e-7)
        assert model.cluster_centers_[0, 0] < 0 < model.cluster_centers_[1, 0]


@pytest.mark.parametrize("m", [2.0, 1.25, 1.7])
def test_any_number_of_workers_gives_the_same_bits(m: float) -> None:
    x = make_blobs(2 * BLOCK + 999, 3, random_state=0)[0].astype(np.float32)
    rows = Rows(x, None, measured(x, None), np.float32, kept=True)
    centres = np.array([[-1.0, 0, 0], [0, 1, 0], [0.5, 0.5, 0.5]])

    alone = Engine(None).sweep(rows, centres, Rule(m))

    for workers in (1, 2, 5):
        with ThreadPoolExecutor(workers) as pool:
            shared = Engine(pool).sweep(rows, centres, Rule(m))
        assert (shared.moments == alone.moments).all()
        assert shared.objective == alone.objective


def test_it_works_in_float32_where_that_pays_and_no_value_takes_the_digits_of_the_others() -> None:
    large = make_blobs(1 << 18, 4, random_state=0)[0]  # n d = 2^20
    far, weights = large.copy(), np.ones(len(large))
    far[0, 0], weights[0] = 2e4 * large.std(), 1e-6  # so light that s does not see it

    def kind(x: NDArray[np.float64]) -> Any:
        model = FuzzyCMeans(2, init=large[1:3], max_iter=2, tol=0, engine="serial")
        return model.fit(x, sample_weight=weights[: len(x)]).soft_predict(x[:5]).dtype

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapseWarning)
        assert (kind(large), kind(large[:-1]), kind(far)) == (np.float32, np.float64, np.float64)


def test_a_fit_holds_one_copy_of_the_rows_or_none_and_never_all_memberships() -> None:
    x = make_blobs(150_000, 6, random_state=1)[0]

    def extra_mb(**chosen: Any) -> float:
        model = FuzzyCMeans(20, m=1.25, init=x[:20], tol=0, max_iter=2, engine="serial", **chosen)
        tracemalloc.start()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CollapseWarning)
            model.fit(x)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak / 2**20

    labels_mb, x_mb, u_mb = 0.6, x.nbytes / 2**20, 150_000 * 20 * 8 / 2**20
    kept, cast = extra_mb(dtype="float64"), extra_mb(dtype="float64", copy=False)
    single = extra_mb(dtype="float32")
    assert x_mb * 8 / 6 < kept < x_mb * 8 / 6 + 8 + labels_mb < u_mb
    assert single < x_mb * 4 / 6 + 8 + labels_mb
    assert cast < 8 + labels_mb


def test_a_file_of_rows_is_read_where_it_lies(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", BLOBS)
    before = (tmp_path / "x.npy").read_bytes()
    for mode in ("r", "c", "r+"):
        rows = np.load(tmp_path / "x.npy", mmap_mode=mode)
        model = FuzzyCMeans(3, copy=False, random_state=0).fit(rows)
        assert (model.predict(rows) == model.labels_).all()
        rows.flush()
    assert (tmp_path / "x.npy").read_bytes() == before


def test_a_prediction_is_of_each_row_alone() -> None:
    model = FuzzyCMeans(3, m=1.7, random_state=0).fit(BLOBS)
    whole = model.soft_predict(BLOBS)
    order = np.random.default_rng(0).permutation(len(BLOBS))
    assert model.soft_predict(BLOBS[order]) == pytest.approx(whole[order], abs=1e-13)
    for at in order[:20]:
        assert model.soft_predict(BLOBS[[at]]) == pytest.approx(whole[[at]], abs=1e-13)
    assert (model.soft_predict(BLOBS) == whole).all()


@pytest.mark.parametrize("unit", [1e-150, 1e200])
def test_only_the_ratio_of_weights_counts(unit: float) -> None:
    weights = np.linspace(0.1, 3, len(BLOBS))
    for dtype in ("float64", "float32"):
        model = FuzzyCMeans(3, dtype=dtype, random_state=0)
        plain = clone(model).fit(BLOBS, sample_weight=weights)
        other = clone(model).fit(BLOBS, sample_weight=weights * unit)
        same = pytest.approx(plain.cluster_centers_, rel=1e-9 if dtype == "float64" else 1e-4)
        assert other.cluster_centers_ == same
        assert other.objective_ / unit == pytest.approx(plain.objective_, rel=1e-6)
        assert other.mass_ / unit == pytest.approx(plain.mass_, rel=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("m", [1.002, 1.005, 40.0])
def test_no_fuzzifier_overflows(m: float, dtype: str) -> None:
    model = FuzzyCMeans(3, m=m, dtype=dtype, init=BLOBS[:3], max_iter=5, tol=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapseWarning)
        model.fit(BLOBS)
    assert np.isfinite(model.objective_history_).all()
    assert np.isfinite(model.soft_predict(np.vstack([BLOBS * 1e9, BLOBS]))).all()


@pytest.mark.parametrize("unit", [1e160, 1e-165])
def test_values_whose_squares_no_float_holds_are_refused(unit: float) -> None:
    with pytest.raises(ValueError, match="in other units"):
        FuzzyCMeans(3, random_state=0).fit(BLOBS * unit)


def test_the_first_chunk_of_a_stream_needs_as_many_rows_as_clusters() -> None:
    with pytest.raises(ValueError, match="2 distinct rows, 3 clusters asked"):
        FuzzyCMeans(3).partial_fit(np.repeat(BLOBS[:2], 4, axis=0))
