"""Catalog as a merchant and a storefront meet it: real SQLite, real workers."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from contracts.catalog import ListingChanged, ProductChanged
from contracts.gateway import MerchantChanged
from services.catalog import commands, queries
from services.catalog.app import SERVICE
from services.catalog.domain.rows import read
from services.catalog.jobs import parse
from services.catalog.schemas import NewProduct, ProductChange
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, caller, finished, signed_in

SAMPLE = Path(__file__).resolve().parents[2] / "services" / "catalog" / "sample"
TEA: dict[str, Any] = {
    "handle": "assam", "title": "Assam", "kind": "goods", "status": "published",
    "variants": [{"sku": "TEA", "title": "Assam 250 g", "hs_code": "090230", "origin": "IN"}],
}  # fmt: skip


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    running = RunningService(SERVICE, tmp_path)
    yield running
    running.close()


def create(service: RunningService, body: dict[str, Any] = TEA, tenant: str = MERCHANT) -> Any:
    new = NewProduct.model_validate(body)
    return service.does(commands.create_product, caller(tenant=tenant), new)


def test_a_change_says_the_whole_state_with_a_rising_sequence(service: RunningService) -> None:
    product = create(service)
    change = ProductChange(title="Assam tea")
    service.does(commands.change_product, caller(), product.product_id, change, None)
    service.does(commands.change_product, caller(), product.product_id, change, None)

    said = [event for event in service.said() if isinstance(event, ProductChanged)]
    assert [(event.sequence, event.title) for event in said] == [(1, "Assam"), (2, "Assam tea")]
    assert said[1].variants[0].hs_code == "090230"


def test_a_storefront_sees_only_what_is_published(service: RunningService) -> None:
    product = create(service, {**TEA, "status": "draft"})
    path = f"/v1/products/{product.product_id}"
    with service.client() as client:
        shop, merchant = signed_in("storefront"), signed_in()

        assert client.get(path, headers=shop).status_code == 404
        assert client.get(path, headers=merchant).json()["title"] == "Assam"
        client.post(f"{path}/publish", headers=merchant)
        assert client.get(path, headers=shop).status_code == 200
        assert client.post("/v1/products", json=TEA, headers=shop).status_code == 403


def test_another_tenant_never_learns_that_it_exists(service: RunningService) -> None:
    product = create(service)
    with service.client() as client:
        other = signed_in(tenant=OTHER_MERCHANT)
        path = f"/v1/products/{product.product_id}"

        assert client.get(path, headers=other).status_code == 404
        assert client.patch(path, json={"title": "x"}, headers=other).status_code == 404
        assert client.get("/v1/products", headers=other).json()["data"] == []
        assert client.post("/v1/products", json=TEA, headers=other).status_code == 201


def test_a_version_seen_before_is_not_overwritten(service: RunningService) -> None:
    product = create(service)
    path = f"/v1/products/{product.product_id}"
    with service.client() as client:
        seen = client.get(path, headers=signed_in()).headers["etag"]
        held = signed_in() | {"If-Match": seen}

        assert client.patch(path, json={"title": "A"}, headers=held).status_code == 200
        refused = client.patch(path, json={"title": "B"}, headers=held)
        assert refused.status_code == 412
        assert refused.json()["type"] == "urn:hansa:problem:changed-meanwhile"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"hs_code": "9023"}, "/variants/0/hs_code"),
        ({"hs_extensions": {"US": "1234567890"}}, "/variants/0"),
        ({"origin": "ZZ"}, "/variants/0/origin"),
        ({"gtin": "9520000000012"}, "/variants/0/gtin"),
        ({"weight_g": 0}, "/variants/0/weight_g"),
    ],
)
def test_a_wrong_variant_is_refused_with_its_place(
    service: RunningService, change: dict[str, Any], pointer: str
) -> None:
    body = {**TEA, "variants": [TEA["variants"][0] | change]}
    with service.client() as client:
        refused = client.post("/v1/products", json=body, headers=signed_in())

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert service.said() == []


def test_an_sku_belongs_to_one_product(service: RunningService) -> None:
    create(service)
    with service.client() as client:
        taken = client.post("/v1/products", json={**TEA, "handle": "b"}, headers=signed_in())

    assert (taken.status_code, taken.json()["errors"][0]["pointer"]) == (409, "/variants/0/sku")


def test_a_suspended_merchants_catalogue_cannot_change(service: RunningService) -> None:
    service.hears(
        MerchantChanged(
            tenant=MERCHANT, sequence=2, merchant_id=MERCHANT, title="T", status="suspended",
            base_currency="EUR",
        )
    )  # fmt: skip
    with service.client() as client:
        assert client.post("/v1/products", json=TEA, headers=signed_in()).status_code == 403
        sent = signed_in() | {"Content-Type": "text/csv"}
        assert client.post("/v1/market-imports", content=b"x", headers=sent).status_code == 403


def send(client: TestClient, kind: str, content: bytes) -> dict[str, Any]:
    headers = signed_in() | {"Content-Type": "text/csv"}
    answer = client.post(f"/v1/{kind}-imports", content=content, headers=headers)
    assert answer.status_code == 202
    return finished(client, f"/v1/catalog/jobs/{answer.json()['id']}", signed_in())


def test_the_sample_is_imported_and_the_same_files_change_nothing(service: RunningService) -> None:
    with service.client() as client:
        for kind, count in (("market", 6), ("product", 48), ("listing", 242)):
            content = (SAMPLE / f"{kind}s.csv").read_bytes()
            assert send(client, kind, content)["result"]["imported"] == count
            again = send(client, kind, content)["result"]
            assert (again["imported"], again["unchanged"]) == (0, count)
        shown = client.get("/v1/listings?market=DE&sku=TEA-SENCHA-100", headers=signed_in())

    assert shown.json()["data"][0]["prices"][0]["currency"] == "EUR"


def test_one_bad_row_imports_nothing_and_every_bad_row_is_listed(service: RunningService) -> None:
    lines = (SAMPLE / "products.csv").read_text().splitlines()
    lines[3] = lines[3].replace(",goods,", ",weapons,")
    lines[7] = lines[7].replace(lines[7].split(",")[0], "", 1)
    with service.client() as client:
        report = send(client, "product", "\n".join(lines).encode())["result"]
        assert client.get("/v1/products", headers=signed_in()).json()["data"] == []

    assert {error["row"] for error in report["errors"]} >= {4, 8}
    assert all(error["message"] and error["column"] for error in report["errors"])


def test_a_listing_of_an_unknown_sku_imports_nothing(service: RunningService) -> None:
    rows = "sku,market,title,price,currency\nNONE,DE,x,1.00,EUR\n"
    with service.client() as client:
        send(client, "market", (SAMPLE / "markets.csv").read_bytes())
        report = send(client, "listing", rows.encode())["result"]

    assert report["errors"][0]["code"] == "unknown"
    assert not any(isinstance(event, ListingChanged) for event in service.said())


@given(st.text(max_size=300), st.sampled_from(["products", "markets", "listings"]))
def test_any_text_is_read_or_refused_by_rows(text: str, kind: str) -> None:
    parsed = read(kind, text)

    assert parsed.found or parsed.errors
    assert all(error.row >= 1 for error in parsed.errors)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wrong=st.sets(st.integers(1, 48), max_size=6))
def test_every_wrong_row_is_named(wrong: set[int]) -> None:
    lines = (SAMPLE / "products.csv").read_text().splitlines()
    for at in wrong:
        cells = lines[at].split(",")
        lines[at] = ",".join([cells[0], cells[1], "", *cells[3:]])
    content = base64.b64encode("\n".join(lines).encode()).decode()
    given_file = {"kind": "products", "name": "p.csv", "zipped": False, "content": content}

    checked = parse(given_file, lambda _: None)

    named = {error["row"] - 1 for error in checked["errors"]}
    assert named >= wrong
    assert bool(named) == bool(wrong)
    assert (checked["found"] == []) == bool(wrong)


def test_states_say_everything_again(service: RunningService) -> None:
    create(service)
    service.said()

    again = service.reads(lambda session: list(queries.states(session)))
    assert [event.name for event in again] == ["catalog.product-changed.v1"]
