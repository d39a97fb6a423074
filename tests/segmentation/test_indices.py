"""Validity indices: the reference cases, their definitions, and where there is none."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris, make_blobs
from sklearn.metrics import silhouette_samples

from services.segmentation.domain import indices
from services.segmentation.domain.fcm import FuzzyCMeans
from services.segmentation.domain.indices import silhouettes, validity

CASES = Path(__file__).resolve().parents[3] / "shared/cases/segmentation/reference.json"
IRIS: Any = load_iris().data
WORDS = {
    "pc": "fpc", "mpc": "mpc", "pe": "pe_nat", "xb": "xie_beni_um", "xb2": "xie_beni_u2",
    "fs": "fukuyama_sugeno", "silhouette": "silhouette", "fuzzy_silhouette": "fuzzy_silhouette",
}  # fmt: skip


def test_the_reference_cases_are_met_and_squared_silhouettes_are_not() -> None:
    if not CASES.exists():
        pytest.skip(f"no reference cases: {CASES} is missing")
    for case in json.loads(CASES.read_text())["cases"]:
        start = IRIS[case["init_rows"]]
        model = FuzzyCMeans(case["c"], m=case["m"], init=start, tol=1e-12, max_iter=2_000)
        centres = model.fit(IRIS).cluster_centers_

        found = validity(IRIS, centres, case["m"])

        for name, word in WORDS.items():
            assert found[name] == pytest.approx(case[word], abs=2e-6), (case["id"], name)
        assert found["npe"] == pytest.approx(case["pe_nat"] / math.log(case["c"]), abs=1e-6)
        assert found["silhouette"] != pytest.approx(case["silhouette_squared"], abs=0.05)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1.3, 2.0]), st.integers(2, 4))
def test_repetition_is_weight_but_for_silhouettes_and_rows_of_no_weight_do_not_count(
    seed: int, m: float, c: int
) -> None:
    random = np.random.default_rng(seed)
    x, centres = random.normal(size=(40, 2)), random.normal(size=(c, 2))
    counts = random.integers(0, 3, 40)
    counts[:2] = 1
    weights = counts.astype(np.float64)

    weighed = validity(x, centres, m, weights)
    repeated = validity(np.repeat(x, counts, axis=0), centres, m)
    scaled = validity(x, centres, m, weights * 7.5)
    without = validity(x[weights > 0], centres, m, weights[weights > 0])

    for name in indices.NAMES:
        assert without[name] == pytest.approx(weighed[name], rel=1e-9), name
        if "silhouette" not in name:
            assert repeated[name] == pytest.approx(weighed[name], rel=1e-9), name
        unit = 7.5 if name == "fs" else 1.0
        assert (scaled[name] or 0) / unit == pytest.approx(weighed[name], rel=1e-9), name


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
def test_silhouettes_are_those_of_scikit_learn(seed: int, clusters: int) -> None:
    random = np.random.default_rng(seed)
    x = np.round(random.normal(size=(30, 2)), 1)
    labels = np.r_[np.arange(clusters), random.integers(0, clusters, 30 - clusters)]
    labels = labels.astype(np.int32)
    found = silhouettes(x, labels, np.ones(30))
    assert found == pytest.approx(silhouette_samples(x, labels), abs=1e-12)


def test_what_is_not_defined_is_null_and_never_infinite() -> None:
    x = make_blobs(50, 2, random_state=0)[0]
    assert set(validity(x, x[:1], 2.0).values()) == {None}

    coincident = validity(x, x[[0, 0]], 2.0)
    assert (coincident["xb"], coincident["xb2"]) == (None, None)
    assert coincident["silhouette"] is None, "all rows tie, so all have the first label"
    assert coincident["pc"] == pytest.approx(0.5)

    crisp = validity(np.array([[0.0], [1.0]]), np.array([[0.0], [1.0]]), 2.0)
    assert (crisp["pc"], crisp["pe"], crisp["xb"]) == (1, 0, 0)
    assert crisp["silhouette"] == 0, "each alone in its cluster"


def test_many_rows_have_the_silhouette_of_a_seeded_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    x, truth = make_blobs(3_000, 3, centers=4, cluster_std=2.0, random_state=0)
    centres = np.stack([x[truth == k].mean(axis=0) for k in range(4)])

    sampled = [validity(x, centres, 1.5, seed=seed)["silhouette"] for seed in (1, 1, 2)]
    monkeypatch.setattr(indices, "SILHOUETTE_ROWS", 10_000)
    whole = validity(x, centres, 1.5)["silhouette"]

    assert sampled[0] == sampled[1] != sampled[2]
    assert sampled[0] == pytest.approx(whole, abs=0.02)
    assert sampled[0] != whole
