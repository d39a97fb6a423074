"""Fuzzy c-means: its formula, the reference cases, and what must not change the answer."""

import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.datasets import load_iris, make_blobs
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import check_estimator

from services.segmentation.domain.fcm import CollapseWarning, FuzzyCMeans

CASES = Path(__file__).resolve().parents[3] / "shared/cases/segmentation/reference.json"
IRIS: NDArray[np.floating[Any]] = load_iris().data
BLOBS: NDArray[np.floating[Any]] = make_blobs(600, 3, centers=4, cluster_std=1.2, random_state=7)[0]


def cases() -> Any:
    if not CASES.exists():
        pytest.skip(f"no reference cases: {CASES} is missing")
    return json.loads(CASES.read_text())


def sorted_centres(model: FuzzyCMeans) -> NDArray[np.floating[Any]]:
    centres = model.cluster_centers_
    ordered: NDArray[np.floating[Any]] = centres[np.lexsort(centres.T[::-1])]
    return ordered


def definition(x: Any, centres: Any, m: float, exponent: float | None = None) -> Any:
    """u_ik = 1 / sum_j (||x_i - v_k|| / ||x_i - v_j||)^exponent, term by term."""
    power = 2 / (m - 1) if exponent is None else exponent
    u = np.empty((len(x), len(centres)))
    for i, row in enumerate(x):
        apart = [math.dist(row, centre) for centre in centres]
        for k, own in enumerate(apart):
            u[i, k] = 1 / sum((own / other) ** power for other in apart)
    return u


def objective(x: Any, model: FuzzyCMeans, weights: Any = 1.0) -> float:
    u = definition(x, model.cluster_centers_, model.m)
    squares = ((x[:, None] - model.cluster_centers_) ** 2).sum(axis=2)
    return float(((u**model.m * squares).sum(axis=1) * weights).sum())


def test_the_reference_cases_are_met() -> None:
    for case in cases()["cases"]:
        model = FuzzyCMeans(
            case["c"], m=case["m"], init=IRIS[case["init_rows"]], tol=1e-12, max_iter=2_000
        ).fit(IRIS)

        expected = np.array(case["sorted_centres"])
        assert sorted_centres(model) == pytest.approx(expected, abs=6e-7)
        assert model.objective_ == pytest.approx(case["objective"], abs=6e-7)
        assert sorted(np.bincount(model.labels_)) == sorted(case["hard_sizes"])
        assert model.converged_


def test_the_exponent_is_that_of_the_lagrangian_not_the_printed_one() -> None:
    model = FuzzyCMeans(3, random_state=0).fit(IRIS)
    centres = model.cluster_centers_

    product = model.soft_predict(IRIS)

    assert product == pytest.approx(definition(IRIS, centres, 2.0), abs=1e-9)
    assert np.abs(product - definition(IRIS, centres, 2.0, exponent=1 / 2.0)).max() > 0.3
    apart = np.sqrt(((centres[:, None] - centres) ** 2).sum(axis=2))
    assert apart[np.triu_indices(3, 1)].min() > 1


@pytest.mark.parametrize("m", [1.005, 1.125, 1.25, 1.4, 1.5, 2.0, 3.3])
def test_memberships_and_objective_are_the_definition_at_any_m(m: float) -> None:
    weights = np.linspace(0.5, 3, len(BLOBS))
    start = FuzzyCMeans(4, random_state=0).fit(BLOBS).cluster_centers_

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapseWarning)
        model = FuzzyCMeans(4, m=m, init=start, tol=1e-10, max_iter=3_000)
        model.fit(BLOBS, sample_weight=weights)

    u = model.soft_predict(BLOBS)
    with np.errstate(over="ignore"):
        if m > 1.01:  # below, the definition itself overflows
            assert u == pytest.approx(definition(BLOBS, model.cluster_centers_, m), abs=1e-8)
            assert model.objective_ == pytest.approx(objective(BLOBS, model, weights), rel=1e-9)
    assert np.isfinite(u).all()
    assert u.sum(axis=1) == pytest.approx(1)
    pull = (u**m * weights[:, None]).T  # a fixed point: each centre is the mean of what it pulls
    assert pull @ BLOBS / pull.sum(axis=1)[:, None] == pytest.approx(
        model.cluster_centers_, abs=1e-7
    )
    assert model.mass_ == pytest.approx(weights @ u)
    assert model.score(BLOBS, sample_weight=weights) == pytest.approx(-model.objective_)


@pytest.mark.parametrize(("dtype", "slack"), [("float64", 1e-10), ("float32", 1e-6)])
@pytest.mark.parametrize("m", [1.25, 2.0, 2.7])
def test_the_objective_never_rises(dtype: str, slack: float, m: float) -> None:
    model = FuzzyCMeans(4, m=m, n_init=1, tol=0, max_iter=60, dtype=dtype, random_state=3)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CollapseWarning)
        model.fit(BLOBS)

    history = model.objective_history_
    assert len(history) == 61  # tol = 0 runs all of them, without a warning; and the last J
    assert (np.diff(history) <= slack * history[:-1]).all()
    assert history[-1] == model.objective_


def test_float32_agrees_with_float64() -> None:
    x = make_blobs(30_000, 8, centers=5, cluster_std=3, random_state=1)[0]
    start = x[:5]
    found = {
        kind: FuzzyCMeans(5, init=start, dtype=kind, tol=0, max_iter=40).fit(x)
        for kind in ("float32", "float64")
    }
    s = math.sqrt(x.var(axis=0).mean())
    single, double = found["float32"], found["float64"]
    assert np.abs(single.cluster_centers_ - double.cluster_centers_).max() < 1e-5 * s
    assert single.objective_ == pytest.approx(double.objective_, rel=1e-6)
    assert (single.labels_ != double.labels_).mean() < 1e-3


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("scale", "offset"), [(1e-7, 0), (1e12, 0), (1e25, 0), (1e-30, 0), (1, 1e6), (1e-7, 1e-3)]
)
def test_units_and_offsets_change_nothing_but_rounding(
    scale: float, offset: float, dtype: str
) -> None:
    plain = FuzzyCMeans(4, init=BLOBS[:4], dtype=dtype).fit(BLOBS)
    moved = FuzzyCMeans(4, init=BLOBS[:4] * scale + offset, dtype=dtype).fit(BLOBS * scale + offset)

    back = (moved.cluster_centers_ - offset) / scale
    assert back == pytest.approx(plain.cluster_centers_, abs=2e-6 if dtype == "float64" else 2e-5)
    assert (moved.labels_ == plain.labels_).all()
    assert moved.objective_ / scale**2 == pytest.approx(plain.objective_, rel=1e-6)


def test_a_row_on_a_centre_belongs_to_it_alone_and_on_several_evenly() -> None:
    model = FuzzyCMeans(3, random_state=0).fit(BLOBS)
    centres = model.cluster_centers_

    assert (model.soft_predict(centres) == np.eye(3)).all()

    model.cluster_centers_ = centres[[0, 1, 1]]
    assert model.soft_predict(centres[[1]]).tolist() == [[0, 0.5, 0.5]]
    assert model.predict(centres[[1]]).tolist() == [1]  # a tie: the lowest index


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_row_very_near_a_centre_is_told_by_direct_differences(dtype: str) -> None:
    model = FuzzyCMeans(2, dtype=dtype, random_state=0).fit(BLOBS + 1e4)
    centre, other = model.cluster_centers_
    near = centre + np.array([[1e-7, 0, 0]])

    u = model.soft_predict(near)

    far = math.dist(near[0], other)
    assert u[0, 1] == pytest.approx((near[0] - centre)[0] ** 2 / far**2, rel=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.sampled_from([1.25, 1.5, 2.0]))
def test_order_and_repetition_of_rows_and_rows_of_no_weight_do_not_matter(
    seed: int, clusters: int, m: float
) -> None:
    random = np.random.default_rng(seed)
    x = np.round(random.normal(size=(60, 2)) * 2 + random.integers(0, 3, (60, 1)) * 8, 2)
    weights = random.integers(0, 4, 60)
    weights[:clusters] += 1
    repeated = np.repeat(x, weights, axis=0)
    order = random.permutation(len(repeated))

    def fit(rows: Any, w: Any = None) -> FuzzyCMeans:
        return FuzzyCMeans(clusters, m=m, tol=1e-9, max_iter=5_000, random_state=5).fit(
            rows, sample_weight=w
        )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = [fit(x, weights), fit(repeated[order]), fit(repeated)]

    first = models[0]
    for model in models[1:]:
        assert model.objective_ == pytest.approx(first.objective_, rel=1e-7)
        assert model.cluster_centers_ == pytest.approx(first.cluster_centers_, abs=1e-5)
        assert model.mass_ == pytest.approx(first.mass_, rel=1e-5)


@pytest.mark.parametrize("copy", [True, False])
def test_labels_are_what_predict_says_of_the_same_rows(copy: bool) -> None:
    for dtype in ("float32", "float64"):
        model = FuzzyCMeans(4, dtype=dtype, copy=copy, random_state=1).fit(BLOBS)
        assert (model.predict(BLOBS) == model.labels_).all()
        u = model.soft_predict(BLOBS)
        assert (u.argmax(axis=1) == model.labels_).all()
        assert (np.diff(model.mass_) <= 0).all()


def test_segments_come_by_mass_whatever_the_start() -> None:
    x, truth = make_blobs([100, 300, 200], 2, cluster_std=0.4, random_state=2)
    rows = [np.flatnonzero(truth == k)[0] for k in range(3)]
    models = [
        FuzzyCMeans(3, init=x[list(order)]).fit(x)
        for order in (rows, rows[::-1], [rows[1], rows[2], rows[0]])
    ]
    for model in models:
        assert np.bincount(model.labels_).tolist() == [300, 200, 100]
        assert (model.labels_ == models[0].labels_).all()


def test_scikit_learn_has_no_complaint() -> None:
    """Two checks cannot run: pandas is not installed, SCIPY_ARRAY_API is not set."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = check_estimator(FuzzyCMeans(), on_fail=None, on_skip=None)
    failed = [
        (each["check_name"], each["exception"]) for each in found if each["status"] != "passed"
    ]
    allowed = {"check_sample_weights_pandas_series", "check_array_api_input"}
    assert len(found) > 45
    assert {name for name, _ in failed} <= allowed, failed
    assert not [each for each in found if each["status"] == "failed"]


def test_a_fit_that_has_not_stopped_says_so() -> None:
    with pytest.warns(ConvergenceWarning, match="raise max_iter"):
        model = FuzzyCMeans(4, max_iter=2, n_init=1, random_state=0).fit(BLOBS)
    assert not model.converged_
    assert model.n_iter_ == 2


def test_segments_that_are_not_told_apart_are_called_collapsed() -> None:
    x = make_blobs(600, 100, centers=6, cluster_std=6, random_state=0)[0]
    with pytest.warns(CollapseWarning, match="smaller m"):
        blurred = FuzzyCMeans(6, random_state=0).fit(x)
    crisp = FuzzyCMeans(6, m=1.04, random_state=0).fit(x)
    assert (blurred.collapsed_, crisp.collapsed_) == (True, False)
    assert not FuzzyCMeans(1).fit(x).collapsed_
