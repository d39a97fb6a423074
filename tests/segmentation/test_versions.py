"""A segment keeps its id across versions where it is the same subjects; drift is told by size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.segmentation.domain.drift import asks_for_refit, decile_edges, psi, shares, verdict
from services.segmentation.domain.names import band_names, language_of, segment_names
from services.segmentation.domain.subjects import explained, is_mixed, main_segment
from services.segmentation.domain.versions import match, soft_jaccard

Floats = NDArray[np.float64]
IDS = ("seg_a", "seg_b", "seg_c")


def hard(labels: list[int], c: int = 3, sure: float = 0.9) -> Floats:
    u = np.full((len(labels), c), (1 - sure) / (c - 1))
    u[np.arange(len(labels)), labels] = sure
    return u


LABELS = [0] * 30 + [1] * 20 + [2] * 10


@given(st.permutations([0, 1, 2]))
def test_ids_follow_the_subjects_and_not_the_index(order: list[int]) -> None:
    u = hard(LABELS)

    found = match(u, u[:, order], IDS, np.ones((3, 3)))

    assert found.ids == tuple(IDS[k] for k in order)
    assert (found.kept, found.vanished, found.moved_share) == (IDS, (), 0.0)
    assert found.costs == pytest.approx([0.0] * 3)


def test_a_segment_that_parts_is_told_as_split_and_keeps_its_id_with_the_larger_part() -> None:
    new = hard([0] * 18 + [3] * 12 + [1] * 20 + [2] * 10, 4, 0.99)

    found = match(hard(LABELS, 3, 0.99), new, IDS, np.ones((3, 4)))

    assert found.ids == (*IDS, None)
    assert (found.split, found.merged) == (("seg_a",), ())
    assert found.moved_share == pytest.approx(12 / 60)


def test_two_that_become_one_are_told_as_merged_and_one_vanishes() -> None:
    new = hard([0] * 50 + [1] * 10, 2, 0.99)

    found = match(hard(LABELS, 3, 0.99), new, IDS, np.ones((3, 2)))

    assert found.ids == ("seg_a", "seg_c")
    assert (found.vanished, found.merged, found.split) == (("seg_b",), (0,), ())


@pytest.mark.parametrize(("third", "kept"), [(0.0, True), (0.001, False)])
def test_at_most_half_apart_is_the_same_segment(third: float, kept: bool) -> None:
    old = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    new = np.array([[1.0, 0.0], [0.0, 1.0], [third, 1 - third], [0.0, 1.0]])

    found = match(old, new, ("p", "q"), np.ones((2, 2)))

    assert soft_jaccard(old, new)[0, 0] == pytest.approx(1 / (2 + third))
    assert found.ids == ("p" if kept else None, "q")
    assert found.vanished == (() if kept else ("p",))


def test_the_distance_of_centres_breaks_a_tie_and_nothing_more() -> None:
    u = np.full((4, 2), 0.5)

    crossed = match(u, u, ("p", "q"), np.array([[1.0, 0.0], [0.0, 1.0]]))
    straight = match(u, u, ("p", "q"), np.array([[0.0, 1.0], [1.0, 0.0]]))

    assert (crossed.ids, straight.ids) == (("q", "p"), ("p", "q"))
    sure = hard([0, 0, 1, 1], 2)
    held = match(sure, sure, ("p", "q"), np.array([[9.0, 0.0], [0.0, 9.0]]))
    assert held.ids == ("p", "q")


@pytest.mark.parametrize(
    ("memberships", "mixed"),
    [
        ([0.51, 0.3, 0.19], False),
        ([0.49, 0.3, 0.21], True),  # u_max < 0.5 at three segments
        ([0.62, 0.38], True),  # too little clear of the half
        ([0.63, 0.37], False),
        ([0.55, 0.41, 0.04], True),  # leads by less than 0.15
        ([1.0], False),
    ],
)
def test_who_stands_between_segments_is_mixed(memberships: list[float], mixed: bool) -> None:
    assert is_mixed(memberships) is mixed


def test_within_a_tie_the_lowest_index_wins() -> None:
    assert main_segment([0.5 - 1e-9, 0.5 + 1e-9]) == 0
    assert main_segment([0.4, 0.6]) == 1


@given(st.lists(st.floats(-50, 50), min_size=9, max_size=9))
def test_the_parts_of_an_explanation_sum_to_the_difference(numbers: list[float]) -> None:
    row, *centres = np.array(numbers).reshape(3, 3)
    parts = explained(row, np.array(centres), ("x", "y", "z"))

    near, far = sorted(float(((row - v) ** 2).sum()) for v in centres)
    assert sum(each.part for each in parts) == pytest.approx(far - near, abs=1e-9)
    assert {each.feature for each in parts} == {"x", "y", "z"}


def test_names_take_the_two_features_that_tell_most_and_a_third_where_they_clash() -> None:
    z = [
        {"monetary": 2.0, "recency_days": 1.0, "markets": 0.9},
        {"monetary": 2.0, "recency_days": 1.0, "markets": -0.8},
        {"monetary": 0.1, "recency_days": -0.2, "markets": 0.0},
        {"monetary": 0.1, "recency_days": -0.29, "markets": 0.0},
    ]

    assert segment_names(z, "en") == [
        "high value, lapsed, many countries", "high value, lapsed, one country",
        "average (1)", "average (2)",
    ]  # fmt: skip
    assert segment_names(z, "de")[0].startswith("hoher Wert, abgewandert")
    assert language_of(["xx", "fr-CA", "de"]) == "fr"
    assert language_of([]) == "en"


def test_bands_are_told_along_what_spreads_widest_and_name_no_kind_of_people() -> None:
    z = [{"monetary": m, "markets": 0.1} for m in (2.0, -1.0, 0.3)]

    assert band_names(z, "en") == [f"band {k} of 3: high value" for k in (3, 1, 2)]


def test_every_feature_has_words_in_every_language() -> None:
    from services.segmentation.domain.features import NAMES  # noqa: PLC0415

    for language in ("en", "de", "fr"):
        words = [segment_names([{name: z}], language)[0] for name in NAMES for z in (1.0, -1.0)]
        assert len(set(words)) == 2 * len(NAMES)
        assert not [word for word in words if "_" in word]


def test_drift_is_nothing_for_equal_shares_and_grows_with_a_shift() -> None:
    random = np.random.default_rng(3)
    then = random.normal(size=2000)
    edges = decile_edges(then)
    was = shares(then, edges)

    found = [psi(was, shares(then + shift, edges), 2000, 2000) for shift in (0, 0.35, 1.0)]

    assert was == pytest.approx([0.1] * 10, abs=1e-3)
    assert found[0] == 0.0
    assert [verdict(each) for each in found] == ["stable", "watch", "drift"]
    assert psi([1.0, 0.0], [0.5, 0.5], 100, 100) == pytest.approx(
        (0.5 - 1) * np.log(0.5) + (0.5 - 0.005) * np.log(0.5 / 0.005)
    )


def test_equal_deciles_are_merged_and_shares_sum_to_one() -> None:
    values = np.r_[np.zeros(80), np.arange(20.0)]
    edges = decile_edges(values)

    assert len(edges) == len(set(edges)) < 9
    assert sum(shares(values, edges)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("indices", "unusual", "asks"),
    [
        ([0.2, 0.05], 0.01, False),
        ([0.26], 0.0, True),
        ([0.11] * 3, 0.0, True),
        ([0.11] * 2, 0.0, False),
        ([], 0.016, True),
    ],
)
def test_a_refit_is_asked_for_by_size(indices: list[float], unusual: float, asks: bool) -> None:
    assert asks_for_refit(indices, unusual, 0.005) is asks
