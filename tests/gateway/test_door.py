"""The door: who is let in, as whom, how often, and where to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from limits import RateLimitItemPerSecond
from starlette.testclient import TestClient

from chassis.caller import HEADER
from gateway.ratelimit import WINDOW_S
from gateway.routes import OWNERS, SERVICES
from onebox.app import OneBox
from tests.onebox.box import running

Box = tuple[TestClient, dict[str, str]]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with running(tmp_path_factory.mktemp("door")) as found:
        yield found


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_each_key_is_taken_for_what_it_is(box: Box) -> None:
    client, keys = box
    kinds = {
        name: client.get("/v1/session", headers=bearer(keys[name])).json()["kind"]
        for name in ("publishable", "secret", "provider", "operator")
    }

    assert kinds == {
        "publishable": "storefront", "secret": "merchant", "provider": "provider",
        "operator": "operator",
    }  # fmt: skip
    assert client.get("/v1/session").json()["kind"] == "anonymous"


@pytest.mark.parametrize(
    "header",
    ["Bearer sk_000000000000_" + "0" * 64, "Bearer x", "Basic abc", "Bearer", "Bearer \xe9" * 3],
)
def test_a_key_that_is_not_ours_is_401_with_a_problem(box: Box, header: str) -> None:
    client, _ = box
    refused = client.get("/v1/products", headers={b"Authorization": header.encode("latin-1")})

    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["request_id"] == refused.headers["x-request-id"]


def test_an_identity_from_outside_is_never_believed(box: Box) -> None:
    client, keys = box
    shop = bearer(keys["publishable"])
    stolen = {HEADER: "eyJhbGciOiJub25lIn0.eyJraW5kIjoib3BlcmF0b3IifQ."}

    assert client.get("/v1/session", headers=shop | stolen).json()["kind"] == "storefront"
    assert client.get("/v1/merchants", headers=stolen).status_code == 401
    assert client.get("/v1/merchants", headers=shop | stolen).status_code == 403


def test_a_revoked_key_is_refused_at_once(box: Box) -> None:
    client, keys = box
    merchant = bearer(keys["secret"])
    made = client.post("/v1/api-keys", json={"kind": "storefront"}, headers=merchant).json()
    assert client.get("/v1/session", headers=bearer(made["secret"])).status_code == 200

    client.delete(f"/v1/api-keys/{made['key_id']}", headers=merchant)

    assert client.get("/v1/session", headers=bearer(made["secret"])).status_code == 401
    listed = client.get("/v1/api-keys", headers=merchant).json()["data"]
    assert all("secret" not in key for key in listed)


def test_a_merchant_makes_no_keys_of_others(box: Box) -> None:
    client, keys = box
    merchant = bearer(keys["secret"])
    other = client.post(
        "/v1/merchants",
        json={"title": "Other", "base_currency": "USD"},
        headers=bearer(keys["operator"]),
    ).json()["merchant_id"]

    wanted: list[tuple[dict[str, Any], int]] = [
        ({"kind": "operator"}, 403),
        ({"kind": "provider", "provider_id": "prv_" + "0" * 32}, 403),
        ({"kind": "merchant", "merchant_id": other}, 404),
    ]
    for body, status in wanted:
        assert client.post("/v1/api-keys", json=body, headers=merchant).status_code == status


def test_a_tenant_that_a_key_does_not_act_for_is_refused(box: Box) -> None:
    client, keys = box
    named = bearer(keys["secret"]) | {"Hansa-Tenant": "mer_" + "9" * 32}

    assert client.get("/v1/products", headers=named).status_code == 403


def test_too_many_requests_are_told_when_to_come_back(tmp_path: Path) -> None:
    with running(tmp_path) as (client, keys):
        door = client.app
        assert isinstance(door, OneBox)
        door.gateway.limits._limit = RateLimitItemPerSecond(3, WINDOW_S)
        answers = [client.get("/v1/session", headers=bearer(keys["secret"])) for _ in range(5)]
        others = client.get("/v1/session", headers=bearer(keys["publishable"]))

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers[:3]] == ["2", "1", "0"]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 11
    assert others.status_code == 200


def test_every_path_is_owned_by_the_service_the_door_sends_it_to(box: Box) -> None:
    client, _ = box
    document = client.get("/openapi.json").json()
    app = client.app
    assert isinstance(app, OneBox)

    for name, service in app.services.items():
        for path in service.openapi()["paths"]:
            assert OWNERS[path.split("/")[2]] == name, path
    operations = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    ]
    assert len(operations) == len(set(operations))
    assert set(OWNERS.values()) == {"gateway", *SERVICES}


def test_the_documentation_needs_no_network(box: Box) -> None:
    client, _ = box
    page = client.get("/docs").text

    assert "//cdn" not in page
    assert client.get("/docs/swagger-ui-bundle.js").status_code == 200
    assert client.get("/docs/..%2Fopenapi.py").status_code == 404


def test_the_framework_s_own_refusals_are_problems_too(box: Box) -> None:
    client, keys = box
    merchant = bearer(keys["secret"])
    for answer, status in (
        (client.get("/v1/nowhere", headers=merchant), 404),
        (client.delete("/v1/products", headers=merchant), 405),
        (client.post("/v1/products", content=b"{", headers=merchant), 422),
        (client.post("/v1/products", content=b"x" * (1 << 20 | 1), headers=merchant), 413),
    ):
        assert answer.status_code == status
        assert answer.json()["type"].startswith("urn:hansa:problem:")
