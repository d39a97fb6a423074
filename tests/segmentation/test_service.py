"""The whole way: orders heard, a model fitted, published, memberships read, an offer made and told.

Real SQLite, real workers, the fit in its own process.
"""

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from chassis import tokens
from chassis.db import now
from contracts.gateway import ConsentChanged
from contracts.segmentation import (
    OfferChanged,
    OfferClaims,
    SegmentModelPublished,
    SegmentsChanged,
)
from contracts.values import canonical
from services.segmentation.app import SERVICE
from services.segmentation.commands import offers
from services.segmentation.domain.artefact import opened
from services.segmentation.models import Offer
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, signed_in
from tests.segmentation.world import (
    FIT,
    bought,
    does,
    fitted,
    get,
    history,
    offer,
    published,
    shop,
    told,
    with_key,
)

OFFER_ID = f"off_{1:032x}"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    yield running
    running.close()


def test_from_orders_heard_to_an_offers_effect(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offers, "new_id", lambda _: OFFER_ID)  # who is held out follows from it
    consent = ConsentChanged(
        tenant=MERCHANT, sequence=1, buyer_id="buyer-001", purposes={"marketing": now()}
    )
    service.hears(*shop(), *history(60), consent)
    with_key(service)
    with service.client() as client:
        model = published(client)
        by_kind = _memberships_follow_the_kinds(client)
        made = _an_offer_by_segment(client, by_kind)
        tokens_read = _tokens(client, made["offer_id"])
        running = get(client, f"/v1/offers/{made['offer_id']}/result")
        assert (running["status"], running["effect"]) == ("running", None), "nobody peeks"
    heard = told(service)
    _words_are_signed(service, heard, made, tokens_read)
    assert [event.model_id for event in heard if isinstance(event, SegmentModelPublished)] == [
        model["model_id"]
    ]
    held = [claims for claims in tokens_read.values() if claims["arm"] == "hold_out"]
    assert 2 <= len(held) <= 8, "near a tenth of forty"

    service.hears(*_bought_by(tokens_read))
    service.does(_has_ended, made["offer_id"])
    with service.client() as client:
        result = get(client, f"/v1/offers/{made['offer_id']}/result")

    assert result["status"] == "counted"
    effect = result["effect"]
    assert (effect["n_offer"], effect["n_hold_out"]) == (len(tokens_read) - len(held), len(held))
    assert effect["mean_offer"] - effect["mean_hold_out"] == pytest.approx(effect["difference"])
    assert effect["mean_hold_out"] == 1000, "who was held out counts, though it used no offer"
    assert effect["mean_offer"] == 3000
    assert result["orders_with_offer"] == effect["n_offer"]
    assert result["base_currency"] == "EUR"
    assert set(result["by_segment"]) == {each["segment_id"] for each in model["segments"]}


def _memberships_follow_the_kinds(client: TestClient) -> dict[int, str]:
    """Buyers were made in three kinds: each kind has a segment of its own."""
    by_kind: dict[int, str] = {}
    for n in range(60):
        found = get(client, f"/v1/memberships/buyer-{n:03}")
        assert sum(found["shares"].values()) == pytest.approx(1)
        if found["main"] is not None:
            assert by_kind.setdefault(n % 3, found["main"]) == found["main"]
    assert len(set(by_kind.values())) == 3
    listed = get(client, "/v1/memberships", segment=by_kind[0], least=0.6, limit=100)["data"]
    assert {int(each["subject"][-3:]) % 3 for each in listed} == {0}
    return by_kind


def _an_offer_by_segment(client: TestClient, by_kind: dict[int, str]) -> dict[str, Any]:
    """Deep for the lapsed, shallow for the middling, nothing for the best."""
    depths = {by_kind[1]: "5", by_kind[2]: "20"}
    margin = {"gross_pct": "50", "floor_pct": "30"}
    body = offer(depth_by_segment=depths, margin=margin, largest_pct="15", markets=["DE"])
    made = does(client, "/v1/offers", body)
    seen = get(client, f"/v1/offers/{made['offer_id']}/preview")
    assert (seen["consenting"], seen["margin_left_pct"]) == (1, "41.17")
    assert max(map(Decimal, seen["depths"])) <= 15
    assert sum(seen["depths"].values()) == seen["subjects"] >= 38
    assert get(client, "/v1/offers", buyer="buyer-002", market="DE")["data"] == [], "a draft"
    return does(client, f"/v1/offers/{made['offer_id']}/publish")


def _tokens(client: TestClient, offer_id: str) -> dict[str, Any]:
    shop_key = signed_in("storefront")
    found: dict[str, Any] = {}
    for n in range(60):
        answer = client.get(
            "/v1/offers", params={"buyer": f"buyer-{n:03}", "market": "DE"}, headers=shop_key
        ).json()
        for each in answer["data"]:
            assert each["offer_id"] == offer_id
            found[f"buyer-{n:03}"] = each
    elsewhere = {"buyer": "buyer-002", "market": "FR"}
    assert client.get("/v1/offers", params=elsewhere, headers=shop_key).json()["data"] == []
    return found


def _words_are_signed(
    service: RunningService, heard: list[Any], made: dict[str, Any], read: dict[str, Any]
) -> None:
    """As orders checks them: by the public key, the expiry, the hash of the terms it heard."""
    (said,) = [event for event in heard if isinstance(event, OfferChanged)]
    assert (
        said.terms_sha256
        == hashlib.sha256(canonical(said.terms.model_dump(mode="json"))).hexdigest()
    )
    assert (said.status, said.terms.depends_on_segment) == ("published", True)
    keys = {row.kid: row.public for row in service.reads(_keys)}
    for buyer, each in read.items():
        claims = OfferClaims(**tokens.verify(each["token"], keys[tokens.kid_of(each["token"])]))
        assert (claims.buyer_id, claims.tenant, claims.arm) == (buyer, MERCHANT, each["arm"])
        assert claims.terms_sha256 == said.terms_sha256 == made["terms_sha256"]
        assert 0 < claims.exp - claims.iat <= 24 * 3600
        assert claims.depth_pct == Decimal(each["depth_pct"]) <= said.terms.largest_pct
        assert (claims.depth_pct == 0) == (claims.arm == "hold_out")


def _keys(session: Session) -> list[Any]:
    return list(session.execute(select(tokens.signing_keys)))


def _bought_by(read: dict[str, Any]) -> list[Any]:
    """Everybody buys for ten euros; who had the offer for twenty more, with it."""
    said: list[Any] = []
    for buyer, each in read.items():
        said += bought(buyer, days=0.01, eur=1000)
        if each["arm"] == "offer":
            said += bought(buyer, 0.005, 2000, offer_id=each["offer_id"], arm="offer")
            said += bought(buyer, 0.005, 7777, market="AT")  # another market's is not the offer's
    return said


def _has_ended(session: Session, offer_id: str) -> None:
    session.execute(update(Offer).where(Offer.offer_id == offer_id).values(valid_to=now()))


def test_a_segment_keeps_its_id_and_its_own_name_across_versions(service: RunningService) -> None:
    service.hears(*shop(), *history(60))
    with service.client() as client:
        first = published(client)
        kept = first["segments"][0]["segment_id"]
        named = client.put(
            f"/v1/segments/{kept}/name", json={"name": "Regulars"}, headers=signed_in()
        )
        assert named.status_code == 200
        service.hears(*bought("buyer-001", 50, 5000), *history(6, first=60))

        second = fitted(client, seed=99)
        stale = fitted(client, seed=100)
        published_second = does(client, f"/v1/segment-models/{second['model_id']}/publish")
        late = client.post(f"/v1/segment-models/{stale['model_id']}/publish", headers=signed_in())

        ids = [{each["segment_id"] for each in model["segments"]} for model in (first, second)]
        assert ids[0] == ids[1]
        assert second["matching"]["moved_share"] <= 0.05
        assert max(second["matching"]["costs"]) < 0.5
        names = {each["segment_id"]: each["name"] for each in published_second["segments"]}
        assert names[kept] == "Regulars"
        assert late.json()["type"] == "urn:hansa:problem:published-meanwhile"
        assert get(client, f"/v1/segment-models/{first['model_id']}")["status"] == "retired"
        old = get(client, "/v1/memberships/buyer-000", as_of=1)
        new = get(client, "/v1/memberships/buyer-000")
        assert (old["version"], new["version"]) == (1, 2)
        again = client.post(f"/v1/segment-models/{second['model_id']}/publish", headers=signed_in())
        assert again.status_code == 409
    changed = [event for event in told(service) if isinstance(event, SegmentsChanged)]
    assert [set(event.kept) for event in changed] == [ids[0]]


def test_an_artefact_predicts_what_training_said(service: RunningService) -> None:
    service.hears(*shop(), *history(60))
    with service.client() as client:
        model = published(client)
        path = f"/v1/segment-models/{model['model_id']}"
        text = client.get(f"{path}/artefact", headers=signed_in()).text
        document = opened(text)
        lowest = {name: each["edges"][0] for name, each in document["quantiles"]["bins"].items()}
        asked = {"rows": [lowest, lowest | {"monetary": 1e14, "frequency": 1e6}]}
        found = does(client, f"{path}/predictions", asked)["data"]
        twice = does(client, f"{path}/predictions", asked)["data"]
        missing = client.post(
            f"{path}/predictions", json={"rows": [{"monetary": 1}]}, headers=signed_in()
        )

    assert found == twice
    assert all(sum(each["shares"].values()) == pytest.approx(1) for each in found)
    assert missing.status_code == 422
    assert document["snapshot"]["sha256"] == model["snapshot_sha256"]
    assert document["snapshot"]["subjects"] == 60
    assert "buyer-0" not in text, "a published model holds aggregates only"
    by_id = {each["id"]: each for each in document["segments"]}
    assert sum(each["value_share"] for each in by_id.values()) == pytest.approx(1)


def test_drift_is_counted_against_training(service: RunningService) -> None:
    service.hears(*shop(), *history(60))
    with service.client() as client:
        path = f"/v1/segment-models/{published(client)['model_id']}/drift"
        before = get(client, path)
        for n in range(60):
            service.hears(*bought(f"new-{n}", 1 + n % 5, 90_000, destination="JP"))
        after = get(client, path)

    assert {each["verdict"] for each in before["features"].values()} == {"stable"}
    assert (before["asks_for_refit"], after["asks_for_refit"]) == (False, True)
    assert after["features"]["monetary"]["verdict"] == "drift"
    assert (before["subjects"], after["subjects"]) == (60, 120)
    assert before["distance_ks"] < 0.05
    assert after["distance_ks"] > 0.4
    assert after["unusual_now"] > 3 * after["unusual_then"]


def test_a_fit_asked_twice_gives_the_same_numbers(service: RunningService) -> None:
    service.hears(*shop(), *history(30))
    asked = {"cutoff": now().isoformat(), "known_at": now().isoformat()}
    with service.client() as client:
        first, second = fitted(client, **asked), fitted(client, **asked)
        texts = [
            json.loads(
                client.get(
                    f"/v1/segment-models/{model['model_id']}/artefact", headers=signed_in()
                ).text
            )
            for model in (first, second)
        ]

    assert first["model_id"] != second["model_id"]
    for name in ("centres", "mass", "quantiles", "snapshot", "transform"):
        assert texts[0][name] == texts[1][name]


def test_segments_that_collapsed_are_never_published(service: RunningService) -> None:
    service.hears(*shop(), *history(30))
    with service.client() as client:
        model = fitted(client, clusters=9, m=4.0)
        path = f"/v1/segment-models/{model['model_id']}/publish"
        refused = client.post(path, headers=signed_in())

    assert model["is_collapsed"] is True
    assert refused.json()["type"] == "urn:hansa:problem:collapsed"


def test_a_fit_that_was_cancelled_makes_no_draft(service: RunningService) -> None:
    service.hears(*shop(), *history(30))
    with service.client() as client:
        started = client.post("/v1/segment-models", json=FIT, headers=signed_in()).json()
        job = f"/v1/segmentation/jobs/{started['id']}"
        assert client.delete(job, headers=signed_in()).json()["status"] == "cancelled"
        model = get(client, f"/v1/segment-models/{started['model_id']}")
        assert (model["status"], model["segments"]) == ("failed", [])
        assert fitted(client)["status"] == "draft", "the same question may be asked again"


def test_a_tampered_artefact_is_refused(service: RunningService) -> None:
    from services.segmentation.models import SegmentModel  # noqa: PLC0415

    service.hears(*shop(), *history(30))

    def tamper(session: Session) -> None:
        row = session.scalars(select(SegmentModel)).one()
        row.artefact = str(row.artefact).replace('"m":1.5', '"m":1.6')

    with service.client() as client:
        model = fitted(client)
        service.does(tamper)
        refused = client.post(
            f"/v1/segment-models/{model['model_id']}/publish", headers=signed_in()
        )

    assert refused.status_code == 409
    assert "altered" in refused.json()["detail"]


def test_another_merchant_never_learns_that_it_exists(service: RunningService) -> None:
    service.hears(*shop(), *history(30))
    other = signed_in(tenant=OTHER_MERCHANT)
    with service.client() as client:
        model = published(client)
        made = does(client, "/v1/offers", offer(depth_pct="10"))
        for path in (
            f"/v1/segment-models/{model['model_id']}", "/v1/memberships/buyer-001",
            f"/v1/offers/{made['offer_id']}", f"/v1/offers/{made['offer_id']}/preview",
        ):  # fmt: skip
            assert client.get(path, headers=other).status_code == 404
        assert client.get("/v1/segments", headers=other).json()["data"] == []
        assert client.get("/v1/offers", headers=other).json()["data"] == []
        shop_key = signed_in("storefront")
        assert client.get("/v1/segments", headers=shop_key).status_code == 403
        assert client.get("/v1/offers", headers=shop_key).status_code == 422


def test_a_fit_on_rows_given_inline_is_the_reference(service: RunningService) -> None:
    """Iris, three clusters from rows 0, 50 and 100, m = 2: J = 60.505711 (reference cases)."""
    from sklearn.datasets import load_iris  # noqa: PLC0415

    x = load_iris().data
    body = {
        "rows": x.tolist(), "clusters": 3, "m": 2, "tol": 1e-9,
        "init": x[[0, 50, 100]].tolist(),
    }  # fmt: skip
    with service.client() as client:
        found = does(client, "/v1/segmentation/calculations/fit", body)
        bad = [
            client.post("/v1/segmentation/calculations/fit", json=body | wrong, headers=signed_in())
            for wrong in (
                {"rows": [[1, 2], [1]]}, {"rows": [[1.0]] * 3, "init": None}, {"m": 1.001},
                {"weights": [0.0] * 150}, {"clusters": 0}, {"init": [[1, 2, 3, 4]] * 3},
                {"rows": [["x"]]},
            )
        ]  # fmt: skip

    assert found["objective"] == pytest.approx(60.505711, abs=5e-7)
    assert sorted(found["centres"])[0] == pytest.approx(
        [5.003966, 3.414089, 1.482816, 0.253546], abs=1e-6
    )
    assert all(sum(row) == pytest.approx(1) for row in found["memberships"])
    assert [answer.status_code for answer in bad] == [422] * 7
    assert all(answer.json()["errors"] for answer in bad)


def test_indices_of_centres_given_inline_are_the_reference(service: RunningService) -> None:
    """Iris in the centres of three clusters: XB = 0.136908 and FS = -444.563902 at m = 2."""
    from sklearn.datasets import load_iris  # noqa: PLC0415

    x = load_iris().data
    fit = {"rows": x.tolist(), "clusters": 3, "m": 2, "tol": 1e-9, "init": x[[0, 50, 100]].tolist()}
    with service.client() as client:
        centres = does(client, "/v1/segmentation/calculations/fit", fit)["centres"]
        body = {"rows": x.tolist(), "centres": centres}
        found = does(client, "/v1/segmentation/calculations/indices", body)["indices"]
        alone = does(
            client, "/v1/segmentation/calculations/indices", body | {"centres": centres[:1]}
        )
        wrongs: list[dict[str, Any]] = [
            {"centres": [[1, 2]]}, {"m": 1}, {"weights": [1.0]}, {"centres": []},
        ]  # fmt: skip
        bad = [
            client.post(
                "/v1/segmentation/calculations/indices", json=body | wrong, headers=signed_in()
            )
            for wrong in wrongs
        ]

    assert found["xb"] == pytest.approx(0.136908, abs=1e-6)
    assert found["fs"] == pytest.approx(-444.563902, abs=1e-5)
    assert set(alone["indices"].values()) == {None}
    assert [answer.status_code for answer in bad] == [422] * 4
