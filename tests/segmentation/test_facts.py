"""What is heard is kept once, in any order, and a snapshot holds what was known then."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis.db import now
from contracts.catalog import ProductChanged, Variant
from contracts.event import Event
from contracts.gateway import BuyerErased, ConsentChanged
from contracts.orders import OrderPlaced
from services.segmentation.app import SERVICE
from services.segmentation.commands import fits
from services.segmentation.domain.features import NAMES
from services.segmentation.models import Base, ErasedBuyer
from services.segmentation.queries import snapshots
from services.segmentation.queries.snapshots import Taken
from services.segmentation.schemas.models import NewModel
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, caller, signed_in
from tests.segmentation.world import (
    ago,
    bought,
    cancelled,
    delivered,
    history,
    order,
    paid,
    refunded,
    shop,
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    yield running
    running.close()


def taken(service: RunningService, tenant: str = MERCHANT, **asked: Any) -> Taken:
    key = service.reads(fits.key_of, tenant, NewModel(**{"clusters": 2} | asked))
    found: Taken = service.reads(snapshots.take, tenant, key)
    return found


def rows(found: Taken) -> dict[str, dict[str, float]]:
    return {
        subject: dict(zip(NAMES, row, strict=True))
        for subject, row in zip(found.snapshot.subjects, found.snapshot.rows, strict=True)
    }


def kept_rows(session: Session) -> list[Any]:
    """Every fact, without when it was recorded."""
    found: list[Any] = []
    for name in ("order_fact", "order_mark"):
        table = Base.metadata.tables[name]
        columns = [column for column in table.c if column.name != "recorded_at"]
        found += [tuple(row) for row in session.execute(select(*columns))]
    return sorted(found, key=repr)


FIRST, SECOND, THIRD = order("a", 40), order("a", 20, 3000, destination="US"), order("b", 5)
EVENTS: list[Event] = [
    *shop(), FIRST, paid(FIRST), delivered(FIRST, 3), delivered(FIRST, 0, sequence=2), SECOND,
    paid(SECOND), refunded(SECOND, 500), THIRD, paid(THIRD), cancelled(THIRD), *bought("c", 8),
]  # fmt: skip


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.permutations(EVENTS), st.lists(st.sampled_from(EVENTS), max_size=8))
def test_any_order_and_repetition_of_events_keeps_the_same_facts_and_rows(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event], again: list[Event]
) -> None:
    apart = [RunningService(SERVICE, tmp_path_factory.mktemp("facts")) for _ in range(2)]
    apart[0].hears(*EVENTS)
    apart[1].hears(*events, *(event.model_copy() for event in again))

    facts = [each.reads(kept_rows) for each in apart]
    found = [taken(each, cutoff=ago(0)) for each in apart]
    for each in apart:
        each.close()

    assert facts[0] == facts[1]
    assert found[0].snapshot.sha256() == found[1].snapshot.sha256()
    row = rows(found[0])["a"]
    assert (row["frequency"], row["monetary"]) == (2, 3500)
    assert row["category_entropy"] == 0, "all of it is of chapter 09"
    assert row["late_share"] == 0, "the carrier's newest word is that it came in time"
    assert set(rows(found[0])) == {"a", "c"}
    assert found[0].snapshot.left_out == {"prospect": 1}


def test_a_snapshot_taken_again_holds_what_was_known_then(service: RunningService) -> None:
    first = order("a", 40)
    service.hears(*shop(), first, paid(first), *bought("b", 20))
    asked: dict[str, Any] = {"cutoff": ago(1), "known_at": now()}
    before = taken(service, **asked)
    variant = Variant(sku="TEA", title="TEA", hs_code="610910")
    chapter = ProductChanged(
        tenant=MERCHANT, sequence=2, product_id="prd_1", kind="goods", title="Tea",
        status="published", variants=(variant,),
    )  # fmt: skip

    service.hears(refunded(first, 900), *bought("a", 30), chapter)
    again, later = taken(service, **asked), taken(service, cutoff=ago(1))

    assert again == before
    assert rows(later)["a"]["monetary"] == 1000 + 1000 - 900
    assert later.key.sha256(MERCHANT) != again.key.sha256(MERCHANT)


def test_who_was_heard_of_late_is_stale_and_the_kept_snapshot_stays(
    service: RunningService,
) -> None:
    first = order("a", 40)
    service.hears(*shop(), first, paid(first), *bought("b", 20, 5000), *bought("c", 3, 70))
    asked = NewModel(cutoff=ago(1), known_at=now(), clusters=2)
    found = service.reads(fits.take, MERCHANT, asked)
    fit = service.does(fits.start_fit, caller(), asked, found)

    service.hears(refunded(first, 900), *bought("b", -0.5))
    kept = service.reads(snapshots.kept, MERCHANT, found.key)

    assert service.reads(snapshots.stale_subjects, kept) == 1, "b's new order is after the cut-off"
    assert kept.rows_sha256 == found.snapshot.sha256()
    again = service.does(fits.start_fit, caller(), asked, service.reads(fits.take, MERCHANT, asked))
    assert (again.id, again.model_id) == (fit.id, fit.model_id), "the same question, the same job"


def test_two_merchants_never_meet(service: RunningService) -> None:
    service.hears(*shop(), *shop(OTHER_MERCHANT), *bought("a", eur=100))
    service.hears(*bought("a", eur=9000, tenant=OTHER_MERCHANT))

    assert rows(taken(service))["a"]["monetary"] == 100
    assert rows(taken(service, tenant=OTHER_MERCHANT))["a"]["monetary"] == 9000


def test_foreign_money_counts_by_the_rate_given_or_not_at_all(service: RunningService) -> None:
    service.hears(*shop(), *bought("a", eur=1000, currency="USD"), *bought("b"))

    without, given_one = taken(service), taken(service, rates={"USD": "0.9"})

    assert (set(rows(without)), without.snapshot.left_out) == ({"b"}, {"no_rate": 1})
    assert rows(given_one)["a"]["monetary"] == 900
    spelled = taken(service, rates={"USD": "0.90"}, cutoff=ago(0), known_at=ago(0))
    alike = taken(service, rates={"USD": "0.9"}, cutoff=ago(0), known_at=ago(0))
    assert spelled.key == alike.key


def test_an_order_of_old_that_says_no_values_is_known_by_its_goods_if_it_has_one_line(
    service: RunningService,
) -> None:
    def silent(placed: OrderPlaced, **more: Any) -> OrderPlaced:
        return placed.model_copy(update={"values": {}, **more})

    one, two = silent(order("a", eur=700)), order("b", eur=900)
    line = two.lines[0]
    two = silent(two, lines=(line, line.model_copy(update={"line_id": "l1"})))
    service.hears(*shop(), one, paid(one), two, paid(two))

    found = taken(service)

    assert rows(found)["a"]["monetary"] == 700
    assert found.snapshot.left_out == {"no_value": 1}


def test_an_erased_buyer_leaves_nothing_and_late_words_bring_nothing_back(
    service: RunningService,
) -> None:
    consent = ConsentChanged(
        tenant=MERCHANT, sequence=1, buyer_id="a", purposes={"marketing": ago(9)}
    )
    service.hears(*shop(), *bought("a"), consent, *bought("b", 20), *bought("c", 3, 50))
    asked = NewModel(clusters=2)
    service.does(fits.start_fit, caller(), asked, service.reads(fits.take, MERCHANT, asked))

    erased = BuyerErased(tenant=MERCHANT, buyer_id="a")
    late = order("a", 4)
    service.hears(erased, erased.model_copy(), late, paid(late), consent.model_copy())

    assert service.reads(places_of, "a") == {"erased_buyer": 1}
    assert set(rows(taken(service))) == {"b", "c"}


def test_who_is_erased_between_reading_and_keeping_is_not_kept(service: RunningService) -> None:
    service.hears(*shop(), *bought("a"), *bought("b", 20), *bought("c", 3, 50))
    asked = NewModel(clusters=2)
    found = service.reads(fits.take, MERCHANT, asked)

    service.hears(BuyerErased(tenant=MERCHANT, buyer_id="a"))
    service.does(fits.start_fit, caller(), asked, found)

    assert service.reads(places_of, "a") == {"erased_buyer": 1}


def places_of(session: Session, buyer: str) -> dict[str, int]:
    """Every table of the service in which a buyer's id still stands."""
    found: dict[str, int] = {}
    for table in Base.metadata.sorted_tables:
        for name in ("buyer_id", "subject"):
            if name in table.c:
                there = select(func.count()).select_from(table).where(table.c[name] == buyer)
                if number := session.execute(there).scalar_one():
                    found[table.name] = number
    assert ErasedBuyer.__tablename__ in found
    return found


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"cutoff": now() + timedelta(days=1)}, "/cutoff"),
        ({"known_at": now() + timedelta(days=1)}, "/known_at"),
        ({"features": ["monetary", "age"]}, "/features/1"),
        ({"weights": {"religion": 2.0}}, "/weights/religion"),
        ({"cutoff": ago(2000)}, "/cutoff"),
        ({"clusters": 4}, "/clusters"),
        ({"clusters": 2, "features": ["markets"]}, "/clusters"),
    ],
)
def test_a_fit_that_cannot_be_is_refused_with_its_place(
    service: RunningService, asked: dict[str, Any], pointer: str
) -> None:
    service.hears(*shop(), *bought("a"), *bought("b", 20), *bought("c", 30))
    body = NewModel(**{"clusters": 2} | asked).model_dump(mode="json", exclude_unset=True)
    with service.client() as client:
        refused = client.post("/v1/segment-models", json=body, headers=signed_in())

    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["pointer"] == pointer


def test_sixty_buyers_are_counted_alike_alone_and_together(service: RunningService) -> None:
    """A batch holds some buyers at a time; where it is cut changes nothing."""
    service.hears(*shop(), *history(12))
    whole = taken(service, cutoff=ago(0), known_at=now())
    size, snapshots.BATCH = snapshots.BATCH, 5
    try:
        found = service.reads(snapshots.take, MERCHANT, whole.key)
    finally:
        snapshots.BATCH = size

    assert found == whole
    assert len(whole.snapshot.subjects) == 12
