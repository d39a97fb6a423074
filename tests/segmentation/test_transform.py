"""Coordinates come from stored numbers alone, and a unit never decides a segment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.segmentation.domain.transform import NothingLeft, fit

Floats = NDArray[np.float64]
NAMES = ("a", "b", "c")


def rows(n: int = 400, seed: int = 1) -> Floats:
    random = np.random.default_rng(seed)
    return np.exp(random.normal(size=(n, 3))) * [1, 1e4, 1e-3]


def test_a_feature_is_winsorised_logged_and_scaled_in_that_order() -> None:
    x = rows()
    found = fit(NAMES, x, frozenset({"b"}))

    z = found.apply(NAMES, x)

    low, high = np.quantile(x[:, 1], [0.01, 0.99], method="inverted_cdf")
    logged = np.log1p(np.clip(x[:, 1], low, high))
    q1, q2, q3 = np.quantile(logged, [0.25, 0.5, 0.75], method="inverted_cdf")
    assert z[:, 1] == pytest.approx((logged - q2) / ((q3 - q1) / 1.349), rel=1e-12)
    assert z.max(axis=0) == pytest.approx(found.apply(NAMES, x * 1e6).max(axis=0))


@given(st.sampled_from([1e-6, 1e-3, 1e3, 1e9]))
def test_the_unit_of_a_share_changes_no_coordinate(unit: float) -> None:
    x = rows()

    there, here = (fit(NAMES, x * k, frozenset()).apply(NAMES, x * k) for k in (unit, 1))

    assert there == pytest.approx(here, rel=1e-9, abs=1e-9)


def test_a_new_subject_passes_through_the_stored_numbers_only() -> None:
    x = rows()
    found = fit(NAMES, x, frozenset({"a"}))

    alone = found.apply(NAMES, x[7:8])
    swapped = found.apply(("c", "b", "a"), x[:, ::-1])

    assert (alone == found.apply(NAMES, x)[7:8]).all()
    assert (swapped == found.apply(NAMES, x)).all(), "features are found by name, not by place"
    middle = found.columns[0].undone(found.columns[0].apply(np.array([1.5]))[0])
    assert middle == pytest.approx(1.5)


def test_a_row_of_weight_two_is_a_row_given_twice() -> None:
    x = rows(50)
    weights = np.array([1.0, 2.0, 0.0] * 16 + [1.0, 3.0])
    repeated = np.repeat(x, weights.astype(int), axis=0)

    weighed, given_twice = fit(NAMES, x, frozenset(), weights), fit(NAMES, repeated, frozenset())

    for one, other in zip(weighed.columns, given_twice.columns, strict=True):
        assert vars(one) == pytest.approx(vars(other), rel=1e-12)


def test_what_tells_nothing_is_dropped_and_named() -> None:
    x = rows()
    x[:, 0] = 7.0
    x = np.column_stack([x, x[:, 1] ** 3, np.r_[np.ones(399), 0.0]])

    found = fit((*NAMES, "cubed", "almost"), x, frozenset())

    assert found.names == ("b", "c")
    assert found.dropped == {
        "a": "constant", "cubed": "orders subjects as b does", "almost": "constant",
    }  # fmt: skip


def test_where_most_are_equal_the_standard_deviation_scales() -> None:
    values = np.r_[np.zeros(90), np.ones(10)]

    column = fit(("a",), values[:, None], frozenset()).columns[0]

    assert column.scale == pytest.approx(0.3)


def test_a_weight_multiplies_by_its_square_root() -> None:
    x = rows()
    plain, heavy = fit(NAMES, x, frozenset()), fit(NAMES, x, frozenset(), None, {"b": 4.0})

    assert heavy.apply(NAMES, x) == pytest.approx(plain.apply(NAMES, x) * [1, 2, 1])


def test_nothing_left_is_told() -> None:
    with pytest.raises(NothingLeft, match="constant"):
        fit(("a",), np.ones((5, 1)), frozenset())
