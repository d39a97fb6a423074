"""How many segments: what is admissible, what is best, and when the answer is none."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_iris, make_blobs

from services.segmentation.domain import selection
from services.segmentation.domain.fcm import FuzzyCMeans
from services.segmentation.domain.selection import (
    Candidate,
    Search,
    Selection,
    best,
    fuzzifier,
    ranked,
    select,
)
from services.segmentation.domain.stability import RESAMPLES, resamples, stability, structure

Floats = NDArray[np.float64]
OPEN = tuple(range(2, 9))
FIVE: Floats = make_blobs(500, 6, centers=5, cluster_std=1.3, random_state=1)[0]


def chosen(x: Floats, clusters: tuple[int, ...] = OPEN, m: float | None = None) -> Selection:
    return select(x, Search(clusters, m, seed=1), lambda _: None)


def test_clear_groups_are_found_and_called_groups() -> None:
    found = chosen(FIVE)

    assert found.chosen is not None
    assert (found.chosen.clusters, found.kind) == (5, "groups")
    assert found.chosen.stability == pytest.approx(1, abs=0.02)
    assert min(found.chosen.found_again) > 0.8
    assert [each.clusters for each in found.candidates] == list(OPEN)
    assert len({each.m for each in found.candidates}) == 1, "XB compares at equal m only"
    assert all(each.mean_rank is None for each in found.candidates if each.refused)
    assert "5 segments: best mean rank" in found.reason()


def test_one_cloud_has_no_stable_segments_and_none_is_forced() -> None:
    cloud = np.random.default_rng(0).normal(size=(1_000, 2))
    found = chosen(cloud)
    assert (found.chosen, found.kind) == (None, None)
    assert found.reason() == "no stable segments: of 7 tried, 7 not found again in resamples"
    assert found.told()["chosen_by"] == "platform"


def test_a_stable_cut_through_one_cloud_is_a_continuum() -> None:
    """A long cloud is cut across the same way every time: stable, and yet no groups."""
    cloud = np.random.default_rng(3).normal(size=(600, 2)) * [4, 1]
    found = chosen(cloud, (2, 3))
    assert found.chosen is not None
    assert found.chosen.stability is not None
    assert found.chosen.stability > 0.8
    assert found.kind == "continuum"


def test_clouds_are_called_groups_about_as_seldom_as_one_in_twenty() -> None:
    called = 0
    for seed in range(12):
        x = np.random.default_rng(100 + seed).normal(size=(150, 2))
        centres = FuzzyCMeans(3, random_state=0).fit(x).cluster_centers_
        found = structure(x, centres, 2.0, seed, lambda _: None)
        assert found is not None
        assert len(found.references) == 20
        called += found.is_grouped
    assert called <= 3


def test_one_count_asked_is_taken_as_it_is_and_told_to_be_the_merchants() -> None:
    found = chosen(FIVE, (3,))
    assert found.chosen is not None
    told = found.told()
    assert (told["chosen"], told["chosen_by"]) == (3, "merchant")
    assert told["reason"].startswith("asked for")
    alone = chosen(FIVE, (1,))
    assert (alone.kind, set(alone.candidates[0].indices.values())) == (None, {None})


def test_m_goes_down_while_every_count_collapses() -> None:
    """Six blobs in 100 dimensions are one at m = 2 (partition coefficient near 1/c)."""
    x: Floats = make_blobs(300, 100, centers=6, cluster_std=6, random_state=0)[0]
    asked, free = chosen(x, (5, 6, 7), m=2.0), chosen(x, (5, 6, 7))
    assert asked.chosen is None
    assert all(each.refused == ("collapsed",) for each in asked.candidates)
    assert free.chosen is not None
    assert (free.chosen.clusters, free.chosen.m) == (6, 1.25)
    assert asked.reason() == "no stable segments: of 3 tried, 3 collapsed"


def test_the_next_smaller_m_is_tried_only_if_all_collapse(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float] = []
    known = selection._candidate

    def collapsing(x: Floats, clusters: int, m: float, seed: int, say: Any) -> Candidate:
        tried.append(m)
        found = known(x, clusters, m, seed, say)
        return found if m < 2 else found.__class__(**{**vars(found), "refused": ("collapsed",)})

    monkeypatch.setattr(selection, "_candidate", collapsing)
    found = chosen(load_iris().data, (2, 3))
    assert tried == [2.0, 2.0, 1.5, 1.5]
    assert {each.m for each in found.candidates} == {1.5}


@pytest.mark.parametrize(
    ("rows", "width", "m"),
    [(150, 4, 2.0), (300, 10, 1.5), (100_000, 10, 1.25), (600, 100, 1.25), (60, 13, 1.5)],
)
def test_m_starts_by_the_formula(rows: int, width: int, m: float) -> None:
    """By hand: 1 + (1418/n + 22.05)/d^2 + (12.33/n + 0.243) d^(-0.0406 ln n - 0.1134)."""
    power = -0.0406 * np.log(rows) - 0.1134
    by_hand = 1 + (1418 / rows + 22.05) / width**2 + (12.33 / rows + 0.243) * width**power
    distances = {each: abs(each - min(2, max(1.25, by_hand))) for each in (1.25, 1.5, 2.0)}
    assert fuzzifier(rows, width) == m == min(distances, key=lambda each: distances[each])


def candidate(clusters: int, xb: float, silhouette: float, stable: float, **more: Any) -> Candidate:
    indices: dict[str, float | None] = {"xb": xb, "fuzzy_silhouette": silhouette}
    return Candidate(clusters, 2.0, np.zeros((clusters, 1)), indices, 0.2, stable, **more)


def test_the_best_has_the_smallest_mean_rank_and_of_equal_ones_the_fewest_segments() -> None:
    table = [
        candidate(5, 0.1, 0.5, 0.90),
        candidate(2, 0.2, 0.6, 0.85),
        candidate(4, 0.05, 0.9, 0.99, refused=("small_segment",)),
        candidate(3, 0.3, 0.4, 0.80),
    ]
    found = ranked(table)
    assert [each.mean_rank for each in found] == [
        pytest.approx(4 / 3),
        pytest.approx(5 / 3),
        None,
        3,
    ]
    assert best(found) is found[0]

    equal = ranked([candidate(4, 0.1, 0.5, 0.9), candidate(3, 0.2, 0.5, 0.95)])
    assert [each.mean_rank for each in equal] == [1.5, 1.5]
    assert best(equal) is equal[1]


def test_what_is_too_small_or_not_found_again_is_refused() -> None:
    """Two far rows of 300 are a stable segment, but no segment of a market."""
    x = np.vstack([FIVE[:300], np.full((2, 6), 300.0) + np.eye(2, 6)])
    found = {each.clusters: each for each in chosen(x, (2, 3)).candidates}
    assert found[2].refused == ("small_segment",)
    assert found[2].smallest_share < 0.03


def test_resamples_draw_as_many_rows_as_there_are_the_same_for_every_count() -> None:
    drawn = list(resamples(50, seed=4))
    assert len(drawn) == RESAMPLES == 20
    assert {each.sum() for each in drawn} == {50}
    assert all(np.array_equal(*pair) for pair in zip(drawn, resamples(50, seed=4), strict=True))
    assert len({tuple(each) for each in drawn}) == 20
    assert np.mean([(each == 0).mean() for each in drawn]) == pytest.approx(np.exp(-1), abs=0.05)


def test_a_segment_that_is_not_found_again_dissolves_though_the_others_stand() -> None:
    random = np.random.default_rng(0)
    x = np.vstack([random.normal(0, 1, (200, 2)), random.normal((12, 0), 0.4, (200, 2))])
    centres = FuzzyCMeans(3, m=1.25, random_state=0).fit(x).cluster_centers_
    lone = int(np.argmin(((centres - [12, 0]) ** 2).sum(axis=1)))
    found = stability(x, centres, 1.25, 1, lambda _: None)
    assert found.segments[lone] > 0.95
    assert max(np.delete(found.segments, lone)) < 0.8
    assert found.agreement < 0.9


def test_fewer_distinct_rows_than_clusters_leave_fewer_counts_to_try() -> None:
    x = np.repeat(np.array([[0.0, 0], [5, 5], [9, 0]]), 20, axis=0)
    found = chosen(x)
    assert [each.clusters for each in found.candidates] == [2, 3]
    with pytest.raises(ValueError, match="3 distinct rows, 4 clusters asked"):
        chosen(x, (4,))


def test_many_rows_are_selected_on_a_seeded_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "ROWS", 200)
    found, again = chosen(FIVE, (4, 5)), chosen(FIVE, (4, 5))
    assert found.rows == 200
    assert found.told() == again.told()
    assert found.chosen is not None
    moved = found.chosen.centres[::-1] + 0.01
    assert found.chosen.found_again_at(moved) == list(found.chosen.found_again[::-1])


def test_progress_only_rises_to_the_end() -> None:
    said: list[float] = []
    select(FIVE, Search((2, 5), None, 1), said.append)
    assert said == sorted(said)
    assert said[-1] == pytest.approx(1)
    assert len(said) > 50, "a cancel is seen at each of these"
