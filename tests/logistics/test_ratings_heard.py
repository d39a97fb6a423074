"""A rating heard is kept whole, and only the newest of each provider counts."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.servqual import RatingChanged, Theta
from services.logistics.app import SERVICE
from services.logistics.queries import providers
from tests.running import RunningService


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    yield running
    running.close()


def rated(provider: str, sequence: int, on_time: float = 0.9) -> RatingChanged:
    return RatingChanged(
        tenant="platform", sequence=sequence, provider_id=provider, rating=None, sd=None,
        without_reliability=60.0 + sequence, without_reliability_sd=2.0, dimensions={},
        on_time={"*": Theta(value=0.8, sd=0.1, n=3), "DE-US": Theta(value=on_time, sd=0.02, n=40)},
        loss_damage=Theta(value=0.004, sd=0.001, n=43), grade="low", is_insufficient=True,
        model="sq-1", as_of=datetime(2026, 11, sequence, tzinfo=UTC),
    )  # fmt: skip


def test_a_rating_is_kept_whole_with_its_lanes_also_where_it_is_insufficient(
    service: RunningService,
) -> None:
    said = rated("prv_a", 1)

    assert service.hears(said, rated("prv_b", 2)) == []

    assert service.reads(providers.ratings) == {"prv_a": said, "prv_b": rated("prv_b", 2)}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 9)), min_size=1, max_size=8))
def test_in_any_order_and_repeated_the_newest_of_each_provider_stays(
    heard: list[tuple[str, int]],
) -> None:
    with TemporaryDirectory() as folder:
        service = RunningService(SERVICE, Path(folder))
        events = [rated(f"prv_{name}", sequence) for name, sequence in heard]

        service.hears(*events, *events[:2])

        kept = service.reads(providers.ratings)
        service.close()
    newest = {name: max(n for other, n in heard if other == name) for name, _ in heard}
    assert kept == {f"prv_{name}": rated(f"prv_{name}", n) for name, n in newest.items()}
