"""Offers as a merchant makes them and a storefront meets them: real SQLite, real workers."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chassis.db import now
from contracts.gateway import BuyerErased
from contracts.segmentation import (
    OfferChanged,
    OfferKeyChanged,
)
from services.segmentation import jobs
from services.segmentation.app import SERVICE
from tests.running import MERCHANT, RunningService, signed_in
from tests.segmentation.world import (
    bought,
    does,
    get,
    history,
    offer,
    published,
    shop,
    told,
    with_key,
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    yield running
    running.close()


def test_an_erased_buyer_is_offered_nothing_and_belongs_nowhere(service: RunningService) -> None:
    service.hears(*shop(), *history(30))
    with_key(service)
    with service.client() as client:
        published(client)
        everybody = does(client, "/v1/offers", offer(depth_pct="10", hold_out_share="0"))
        does(client, f"/v1/offers/{everybody['offer_id']}/publish")
        asked = {"buyer": "buyer-001", "market": "DE"}
        assert len(get(client, "/v1/offers", **asked)["data"]) == 1

        gone = client.delete("/v1/memberships/buyer-001", headers=signed_in())
        service.hears(BuyerErased(tenant=MERCHANT, buyer_id="buyer-002"))

        assert gone.json() == {"erased": "buyer-001"}
        for buyer in ("buyer-001", "buyer-002"):
            assert get(client, "/v1/offers", buyer=buyer, market="DE")["data"] == []
            assert client.get(f"/v1/memberships/{buyer}", headers=signed_in()).status_code == 404
        preview = get(client, f"/v1/offers/{everybody['offer_id']}/preview")
        assert preview["subjects"] == 28


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"depth_pct": None}, "/"),
        ({"depth_by_segment": {"seg_1": "5"}}, "/"),
        ({"depth_pct": "101"}, "/depth_pct"),
        ({"valid_to": "2020-01-01T00:00:00Z"}, "/"),
        ({"valid_to": "2030-01-01T00:00:00"}, "/"),
        ({"margin": {"gross_pct": "30", "floor_pct": "25"}}, "/margin/floor_pct"),
        ({"hold_out_share": "0.9"}, "/hold_out_share"),
        ({"budget": {"amount": 5, "currency": "EUR"}}, "/budget"),
    ],
)
def test_a_wrong_offer_is_refused_with_its_place(
    service: RunningService, changed: dict[str, Any], pointer: str
) -> None:
    with service.client() as client:
        refused = client.post(
            "/v1/offers", json=offer(depth_pct="10") | changed, headers=signed_in()
        )

    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["pointer"].rstrip("/") == pointer.rstrip("/")


def test_an_offer_by_segment_names_segments_of_the_published_version(
    service: RunningService,
) -> None:
    body = offer(depth_by_segment={"seg_x": "5"})
    service.hears(*shop(), *history(30))
    with service.client() as client:
        before = client.post("/v1/offers", json=body, headers=signed_in())
        published(client)
        after = client.post("/v1/offers", json=body, headers=signed_in())

    assert before.json()["type"] == "urn:hansa:problem:no-segments"
    assert after.json()["errors"][0]["pointer"] == "/depth_by_segment/seg_x"


def test_an_offer_that_ended_or_was_withdrawn_is_signed_no_more(service: RunningService) -> None:
    service.hears(*shop(), *bought("a"))
    with_key(service)
    with service.client() as client:
        made = does(client, "/v1/offers", offer(depth_pct="7.5", hold_out_share="0"))
        path = f"/v1/offers/{made['offer_id']}"
        does(client, f"{path}/publish")
        asked = {"buyer": "a", "market": "DE"}
        (signed,) = get(client, "/v1/offers", **asked)["data"]
        does(client, f"{path}/withdraw")
        does(client, f"{path}/withdraw")
        assert get(client, "/v1/offers", **asked)["data"] == []
        assert client.post(f"{path}/publish", headers=signed_in()).status_code == 409
    said = [event for event in told(service) if isinstance(event, OfferChanged)]
    assert [(each.status, each.sequence) for each in said] == [("withdrawn", 3)]
    assert Decimal(signed["depth_pct"]) == Decimal("7.5")
    assert datetime.fromisoformat(signed["expires_at"]) <= now() + timedelta(hours=24)


def test_keys_are_told_before_they_sign_and_follow_one_another(service: RunningService) -> None:
    service.does(jobs.keep_an_offer_key, now())
    service.does(jobs.keep_an_offer_key, now())
    (first,) = service.said()
    service.does(jobs.keep_an_offer_key, now() + jobs.KEY_LIFE - jobs.ROTATED_BEFORE / 2)
    (second,) = service.said()

    assert isinstance(first, OfferKeyChanged)
    assert isinstance(second, OfferKeyChanged)
    assert first.kid != second.kid
    assert first.not_before < second.not_before < first.not_after, "they overlap"
