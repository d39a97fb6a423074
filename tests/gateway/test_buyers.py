"""Consent is said whenever it changes; an erasure is said whenever it is asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.http import Problem
from contracts.event import Event
from contracts.gateway import BuyerErased, ConsentChanged
from gateway import queries
from gateway.app import SERVICE
from gateway.commands import buyers
from gateway.schemas.buyers import ConsentGiven
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, signed_in


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[RunningService]:
    service = RunningService(SERVICE, tmp_path)
    yield service
    service.close()


def agrees(
    gateway: RunningService, *purposes: str, buyer: str = "b-1", tenant: str = MERCHANT
) -> list[Event]:
    """What the gateway then says."""
    given = ConsentGiven(purposes=list(purposes))
    gateway.does(buyers.give_consent, tenant, buyer, given)
    return gateway.said()


def test_consent_is_said_whole_and_a_purpose_keeps_its_moment(gateway: RunningService) -> None:
    (first,) = agrees(gateway, "marketing")
    (second,) = agrees(gateway, "marketing", "analytics")
    (third,) = agrees(gateway, "analytics")

    assert isinstance(first, ConsentChanged)
    assert isinstance(second, ConsentChanged)
    assert isinstance(third, ConsentChanged)
    assert (first.tenant, first.buyer_id, set(first.purposes)) == (MERCHANT, "b-1", {"marketing"})
    assert second.purposes["marketing"] == first.purposes["marketing"]
    assert second.purposes["analytics"] > first.purposes["marketing"]
    assert third.purposes == {"analytics": second.purposes["analytics"]}
    assert first.sequence < second.sequence < third.sequence


def test_a_first_refusal_is_said_and_a_repetition_is_not(gateway: RunningService) -> None:
    (refused,) = agrees(gateway)

    assert isinstance(refused, ConsentChanged)
    assert refused.purposes == {}
    assert agrees(gateway) == []


@settings(suppress_health_check=list(HealthCheck), max_examples=20, deadline=None)
@given(st.lists(st.one_of(st.sets(st.sampled_from(["marketing", "analytics"])), st.none())))
def test_the_last_said_is_what_holds_and_its_sequence_the_highest(
    gateway: RunningService, history: list[set[str] | None]
) -> None:
    """None is an erasure: what is agreed to afterwards is newer all the same."""
    said: list[Event] = []
    for purposes in history:
        if purposes is None:
            gateway.does(buyers.erase_buyer, MERCHANT, "b-2")
            said += gateway.said()
        else:
            said += agrees(gateway, *purposes, buyer="b-2")
    consents = [each for each in said if isinstance(each, ConsentChanged)]

    sequences = [each.sequence for each in consents]
    assert sequences == sorted(set(sequences))
    if consents:
        assert set(consents[-1].purposes) == (history[-1] or set())


def test_an_erasure_is_said_and_takes_the_consent_with_it(gateway: RunningService) -> None:
    agrees(gateway, "marketing")
    gateway.does(buyers.erase_buyer, MERCHANT, "b-1")
    withdrawn, erased = gateway.said()
    gateway.does(buyers.erase_buyer, MERCHANT, "b-1")
    again = gateway.said()

    assert isinstance(withdrawn, ConsentChanged)
    assert withdrawn.purposes == {}
    assert isinstance(erased, BuyerErased)
    assert (erased.tenant, erased.buyer_id) == (MERCHANT, "b-1")
    assert again == [erased]


def test_two_merchants_who_call_a_buyer_alike_speak_of_two(gateway: RunningService) -> None:
    agrees(gateway, "marketing")
    gateway.does(buyers.erase_buyer, OTHER_MERCHANT, "b-1")

    assert [each.tenant for each in gateway.said()] == [OTHER_MERCHANT]
    assert set(gateway.reads(queries.consent, MERCHANT, "b-1").purposes) == {"marketing"}
    with pytest.raises(Problem, match="no such consent"):
        gateway.reads(queries.consent, OTHER_MERCHANT, "b-1")


def test_all_consents_are_said_again_after_a_restore(gateway: RunningService) -> None:
    (said,) = agrees(gateway, "marketing")

    assert gateway.reads(lambda session: list(queries.states(session))) == [said]


def test_only_the_merchant_s_own_server_speaks_for_buyers(gateway: RunningService) -> None:
    with gateway.client() as client:
        put = client.put("/v1/consents/b-1", json={"purposes": ["marketing"]}, headers=signed_in())
        erased = client.delete("/v1/buyers/b-1", headers=signed_in())
        shown = client.get("/v1/consents/b-1", headers=signed_in())
        shopper = client.delete("/v1/buyers/b-1", headers=signed_in("storefront"))
        crooked = client.delete("/v1/buyers/b%20%00", headers=signed_in())

    assert (put.status_code, erased.status_code) == (200, 202)
    assert shown.json()["purposes"] == {}
    assert (shopper.status_code, crooked.status_code) == (403, 422)
