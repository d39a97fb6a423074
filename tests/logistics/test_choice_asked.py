"""Who is asked, how often, and for how much in a week; and whose rates count."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from contracts.logistics import ShipmentBooked, ShipmentRefused
from contracts.orders import CancelRequested
from contracts.servqual import ProviderChanged
from services.logistics.queries import exchange
from tests.logistics.carrying import (
    RATES,
    booked,
    carrying,
    choice,
    confirmed,
    import_cards,
    reserved,
)
from tests.logistics.test_choice_room import HANSE, POST, changed, load_tariff
from tests.running import MERCHANT, RunningService

TODAY = datetime.now(UTC).date()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    """With four more posts, each a little dearer by its name."""
    running = carrying(tmp_path)
    text = (RATES / "kontor_post.csv").read_text("utf-8")
    import_cards(running, {f"{n}.csv": text.replace(POST, f"prv_post_{n}") for n in range(4)})
    yield running
    running.close()


def suspended(provider: str) -> ProviderChanged:
    return changed(provider, 1, "suspended")


def test_three_are_asked_at_most_and_who_may_not_carry_is_none_of_them(
    service: RunningService,
) -> None:
    order_id = reserved(service)
    service.hears(confirmed(order_id, "99991"))
    service.hears(suspended("prv_post_0"))  # the second in turn, once the first was asked

    asked = service.makes_calls()

    (said,) = service.said()
    assert isinstance(said, ShipmentRefused)
    assert asked == ["booking.book"] * 3
    declined = {name for name, why in said.reasons.items() if "no capacity on this lane" in why}
    assert declined == {POST, "prv_post_1", "prv_post_2"}
    assert "suspended" in said.reasons["prv_post_0/postal"]
    assert "prv_post_3/postal" not in said.reasons


def test_who_may_not_carry_is_passed_over_and_has_declined_nothing(service: RunningService) -> None:
    order_id = reserved(service)
    service.hears(confirmed(order_id, "99990"))
    service.hears(suspended("prv_post_0"), suspended("prv_post_1"))
    assert service.makes_calls() == ["booking.book"] * 2
    (said,) = service.said()
    assert isinstance(said, ShipmentBooked)
    assert said.provider_id == "prv_post_2"
    assert said.declined_by == {POST: "no capacity today"}


def test_a_week_later_a_provisional_provider_may_carry_again(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.hears(changed(POST, 1, "provisional", weekly_cap=1))
    first, second = booked(service), booked(service)
    assert (first.provider_id, second.provider_id) == (POST, "prv_post_0")

    later = datetime.now(UTC) + timedelta(days=7, hours=1)
    monkeypatch.setattr("services.logistics.queries.providers.now", lambda: later)

    assert booked(service).provider_id == POST


def test_what_a_provider_declined_is_not_of_its_week(service: RunningService) -> None:
    service.hears(changed(POST, 1, "provisional", weekly_cap=1))
    order_id = reserved(service)
    service.hears(confirmed(order_id, "99990"))
    service.makes_calls()
    service.said()

    assert booked(service).provider_id == POST


def test_what_was_voided_is_not_of_its_week(service: RunningService) -> None:
    service.hears(changed(POST, 1, "provisional", weekly_cap=1))
    gone = booked(service)
    assert gone.provider_id == POST
    service.hears(CancelRequested(tenant=MERCHANT, order_id=gone.order_id, reason="no need"))
    service.makes_calls()
    service.said()

    assert booked(service).provider_id == POST


def test_the_rates_are_those_of_the_first_law_that_is_known(service: RunningService) -> None:
    assert service.reads(exchange.rates_of_the_day, "US", "DE") == {}
    load_tariff(service)
    rates = service.reads(exchange.rates_of_the_day, "BR", "DE")
    assert (rates["EUR"], rates["USD"]) == (1, Decimal("1.1684"))
    assert service.reads(exchange.rates_of_the_day, "BR") == {}


def test_a_provider_carries_through_its_last_day(service: RunningService) -> None:
    service.hears(changed(HANSE, 1, eligible_until=TODAY))
    why = choice(service, booked(service).shipment_id)
    assert HANSE in {offer.provider_id for offer in why.offers}
    assert abs(datetime.now(UTC) - why.decided_at) < timedelta(minutes=1)
