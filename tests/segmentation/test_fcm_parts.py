"""Fuzzy c-means on large data, on streams, with noise, by several hands; and what it refuses."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs

from services.segmentation.domain.fcm import FuzzyCMeans, OrderedStreamWarning
from services.segmentation.domain.fcm.engine import Engine, running, tree_sum
from services.segmentation.domain.fcm.frame import measured
from services.segmentation.domain.fcm.rows import BLOCK, Rows
from services.segmentation.domain.fcm.sweep import Sums


def blobs(rows: int, width: int = 4, centers: int = 3, seed: int = 0) -> NDArray[np.float64]:
    x: NDArray[np.float64] = make_blobs(
        rows, width, centers=centers, cluster_std=2.5, random_state=seed
    )[0]
    return x


@pytest.mark.parametrize("m", [2.0, 1.5, 1.7])
def test_every_engine_gives_the_same_bits(m: float) -> None:
    x = blobs(3 * BLOCK + 12_345)
    weights = np.random.default_rng(0).uniform(0.1, 2, len(x))
    fitted = [
        FuzzyCMeans(3, m=m, init=x[:3], engine=engine, copy=copy, tol=0, max_iter=4).fit(
            x, sample_weight=weights
        )
        for engine, copy in (("serial", True), ("threads", True), ("threads", False))
    ]
    for model in fitted[1:]:
        assert (model.cluster_centers_ == fitted[0].cluster_centers_).all()
        assert (model.objective_history_ == fitted[0].objective_history_).all()


def test_the_tree_of_blocks_is_fixed() -> None:
    class Named(Sums):
        def __add__(self, other: Sums) -> Sums:
            return Named(self.moments, f"({self.objective}{other.objective})")  # type: ignore[arg-type]

    leaves: list[Sums] = [Named(np.zeros(1), letter) for letter in "abcde"]  # type: ignore[arg-type]
    assert str(tree_sum(leaves).objective) == "(((ab)(cd))e)"


def test_a_block_is_sixteen_chunks_and_every_row_is_in_one() -> None:
    x = blobs(BLOCK + 8_193)
    for kept in (True, False):
        rows = Rows(x, None, measured(x, None), np.float64, kept=kept)
        sizes = [[c.features.shape[1] for c in rows.block(b)] for b in range(rows.blocks)]
        assert sizes == [[8_192] * 16, [8_192, 1]]


def test_dask_is_refused_by_name_and_so_is_an_unknown_engine() -> None:
    for engine, said in (("dask", "threads"), ("gpu", "one of")):
        with pytest.raises(ValueError, match=said), running(engine, 10):
            pass
    with running("serial", 10**9) as alone:
        assert isinstance(alone, Engine)


def test_a_sample_then_exact_sweeps_end_where_the_direct_fit_does() -> None:
    x = blobs(220_000, width=5, centers=4, seed=3)

    quick = FuzzyCMeans(4, random_state=0).fit(x)
    direct = FuzzyCMeans(4, sample=None, n_init=1, tol=1e-6, random_state=0).fit(x)

    assert 2 <= quick.n_sweeps_ < 10 < quick.n_iter_
    assert direct.n_sweeps_ == direct.n_iter_
    assert quick.objective_ == pytest.approx(direct.objective_, rel=1e-6)
    assert quick.start_objectives_.min() == pytest.approx(quick.objective_, rel=0.02)
    assert (quick.labels_ == quick.predict(x)).all()


def test_the_best_start_is_kept() -> None:
    x = blobs(2_000, width=2, centers=7, seed=5)
    alone = [FuzzyCMeans(7, m=1.25, n_init=1, random_state=k).fit(x).objective_ for k in range(8)]
    many = FuzzyCMeans(7, m=1.25, n_init=20, random_state=0).fit(x)
    assert max(alone) > 1.01 * min(alone)  # some starts are bad, so the choice is tested
    assert many.objective_ <= min(alone) * (1 + 1e-6)
    assert len(many.start_objectives_) == 20
    assert min(many.start_objectives_) == pytest.approx(many.objective_, rel=1e-6)


def test_noise_takes_what_is_far_from_every_centre() -> None:
    x = np.vstack([blobs(300, width=2, centers=2, seed=4), [[500.0, 500.0]]])
    plain = FuzzyCMeans(2, random_state=0).fit(x)
    model = FuzzyCMeans(2, noise_distance=10.0, init=plain.cluster_centers_ / 50).fit(x)

    u = model.soft_predict(x, with_noise=True)

    squares = ((x[:, None] - model.cluster_centers_) ** 2).sum(axis=2)
    inverse = 1 / np.column_stack([squares, np.full(len(x), 10.0**2)])
    assert u == pytest.approx(inverse / inverse.sum(axis=1, keepdims=True), abs=1e-9)
    assert u.sum(axis=1) == pytest.approx(1)
    assert u[-1, 2] > 0.99
    assert (np.diff(model.objective_history_) <= 1e-10 * model.objective_history_[:-1]).all()
    assert model.objective_ == pytest.approx((1 / inverse.sum(axis=1)).sum(), rel=1e-9)
    clean = FuzzyCMeans(2, random_state=0).fit(x[:-1]).cluster_centers_
    order = np.argsort(clean[:, 0]), np.argsort(model.cluster_centers_[:, 0])
    assert np.abs(clean[order[0]] - model.cluster_centers_[order[1]]).max() < 1
    assert np.abs(plain.cluster_centers_).max() > 100  # without noise one row takes a centre


@pytest.mark.parametrize("m", [1.5, 1.9])
def test_noise_at_other_m_is_a_row_of_its_own_too(m: float) -> None:
    x = blobs(400, width=2, centers=2, seed=4)
    model = FuzzyCMeans(2, m=m, noise_distance=6.0, tol=0, max_iter=30, random_state=0).fit(x)

    squares = ((x[:, None] - model.cluster_centers_) ** 2).sum(axis=2)
    powers = np.column_stack([squares, np.full(len(x), 36.0)]) ** (-1 / (m - 1))
    u = powers / powers.sum(axis=1, keepdims=True)
    assert model.soft_predict(x, with_noise=True) == pytest.approx(u, abs=1e-9)
    assert model.objective_ == pytest.approx((powers.sum(axis=1) ** (1 - m)).sum(), rel=1e-9)
    assert (np.diff(model.objective_history_) <= 1e-10 * model.objective_history_[:-1]).all()


def test_a_shuffled_stream_comes_near_the_whole_and_an_ordered_one_is_told() -> None:
    x = blobs(20_000, centers=4, seed=9)
    whole = FuzzyCMeans(4, random_state=0).fit(x)
    shuffled = np.random.default_rng(0).permutation(x)

    stream = FuzzyCMeans(4, random_state=0)
    for chunk in np.array_split(shuffled, 20):
        stream.partial_fit(chunk)

    assert -stream.score(x) == pytest.approx(whole.objective_, rel=1e-3)
    assert stream.mass_.sum() == pytest.approx(len(x))
    ordered = FuzzyCMeans(4, random_state=0)
    chunks = np.array_split(x[np.argsort(x[:, 0])], 5)
    ordered.partial_fit(chunks[0])
    with pytest.warns(OrderedStreamWarning, match="shuffle"):
        ordered.partial_fit(chunks[1])


def test_forgetting_follows_what_moves() -> None:
    x = np.random.default_rng(1).normal(size=(2_000, 2))
    x[::2] += 8
    far = {}
    for forgetting in (1.0, 0.2):
        model = FuzzyCMeans(2, forgetting=forgetting, random_state=0)
        for step in range(6):
            model.partial_fit(x + 0.3 * step)
        far[forgetting] = np.abs(np.sort(model.cluster_centers_[:, 0]) - [1.5, 9.5]).max()
    assert far[0.2] < 0.3 < far[1.0]


def test_a_stream_of_one_chunk_twice_is_weights_doubled() -> None:
    x = blobs(500)
    model = FuzzyCMeans(3, tol=1e-10, max_iter=2_000, random_state=0).fit(x)
    before = model.cluster_centers_.copy()
    model.partial_fit(x)
    assert model.cluster_centers_ == pytest.approx(before, abs=1e-8)
    assert model.mass_.sum() == pytest.approx(1_000)


def test_rows_are_never_written_to() -> None:
    x = blobs(1_000)
    for order in ("C", "F"):
        for kind in (np.float64, np.float32, np.int64):
            rows = np.array(x, dtype=kind, order=order)
            rows.setflags(write=False)
            model = FuzzyCMeans(3, copy=False, random_state=0).fit(rows)
            assert (model.predict(rows) == model.labels_).all()


def test_one_cluster_is_the_mean() -> None:
    x = blobs(500)
    weights = np.linspace(1, 2, 500)
    model = FuzzyCMeans(1).fit(x, sample_weight=weights)
    assert model.cluster_centers_[0] == pytest.approx(np.average(x, axis=0, weights=weights))
    assert FuzzyCMeans(1).fit(np.ones((4, 2))).cluster_centers_.tolist() == [[1, 1]]


def test_near_m_one_it_is_k_means() -> None:
    x = blobs(1_000, centers=3, seed=6)
    crisp = KMeans(3, n_init=10, random_state=0).fit(x)
    model = FuzzyCMeans(3, m=1.005, random_state=0).fit(x)
    assert model.objective_ == pytest.approx(crisp.inertia_, rel=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_single_far_value_does_not_break_a_prediction(dtype: str) -> None:
    model = FuzzyCMeans(3, dtype=dtype, random_state=0).fit(blobs(500))
    u = model.soft_predict(np.array([[1e30, -1e30, 0, 0], [0, 0, 0, 1e9]]))
    assert np.isfinite(u).all()
    assert u.sum(axis=1) == pytest.approx(1)
    assert u == pytest.approx(1 / 3, abs=1e-3)


def test_what_cannot_be_fitted_is_refused_with_a_remedy() -> None:
    x = blobs(50)
    holed = x.copy()
    holed[[7, 9], [2, 1]] = math.nan, math.inf
    refused: list[tuple[dict[str, Any], Any, Any, str]] = [
        ({}, holed, None, "row 7, column 2, 2 in all"),
        ({"n_clusters": 4}, np.repeat(x[:3], 5, axis=0), None, "3 distinct rows, 4 clusters asked"),
        ({"n_clusters": 0}, x, None, "n_clusters=0"),
        ({"m": 1.001}, x, None, "use KMeans"),
        ({"m": math.inf}, x, None, "use KMeans"),
        ({"m": math.nan}, x, None, "use KMeans"),
        ({}, x, np.zeros(50), "zero for every row"),
        ({}, x, np.r_[-1.0, np.ones(49)], "negative"),
        ({"init": x[:2]}, x, None, r"\(2, 4\), expected"),
        ({"init": x[[0, 1, 1]]}, x, None, "equal rows"),
        ({"init": "random"}, x, None, "k-means"),
        ({"noise_distance": 0}, x, None, "noise_distance"),
        ({"forgetting": 0}, x, None, "forgetting"),
        ({"dtype": "float16"}, x, None, "dtype"),
        ({"sample": "half"}, x, None, "sample"),
        ({"max_iter": 0}, x, None, "max_iter"),
        ({"tol": -1}, x, None, "tol"),
    ]
    for parameters, rows, weights, said in refused:
        with pytest.raises(ValueError, match=said):
            FuzzyCMeans(**parameters).fit(rows, sample_weight=weights)
    with pytest.raises(ValueError, match="features"):
        FuzzyCMeans(3, random_state=0).fit(x).predict(x[:, :2])
    with pytest.raises(ValueError, match="2 in all"):
        FuzzyCMeans(3, random_state=0).fit(x).predict(holed)


def test_a_row_of_no_weight_is_labelled_and_changes_nothing() -> None:
    x = blobs(300)
    wild = np.vstack([x, [[1e12, 0, 0, 0]]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = FuzzyCMeans(3, random_state=0).fit(wild, sample_weight=np.r_[np.ones(300), 0])
        plain = FuzzyCMeans(3, random_state=0).fit(x)
    assert len(model.labels_) == 301
    assert model.cluster_centers_ == pytest.approx(plain.cluster_centers_, rel=1e-9)
