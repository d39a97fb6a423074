"""An offer's way through the platform: made, fetched, quoted with, ordered with, used up."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from tests.onebox.box import load_sample, running

SHIP_TO = {
    "name": "Ada", "street": "Weg 1", "city": "Berlin", "postal_code": "10115", "country": "DE",
}  # fmt: skip
TEN_PERCENT = {
    "kind": "percent",
    "title": "Tea week",
    "markets": ["DE"],
    "depth_pct": "10",
    "hold_out_share": "0",
    "valid_from": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
    "valid_to": (datetime.now(UTC) + timedelta(days=7)).isoformat(),
}


def said(answer: Any, status: int = 201) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def quote(client: TestClient, keys: dict[str, str], offers: list[str]) -> dict[str, Any]:
    """Asked again while a service has not yet heard what it rests on."""
    lines = [{"sku": "TEA-SENCHA-100", "quantity": 3}]
    asked = {"destination": {"country": "DE"}, "lines": lines, "offers": offers}
    return until_known(client, keys, "/v1/landed-cost-quotes", asked)


def until_known(
    client: TestClient, keys: dict[str, str], where: str, body: dict[str, Any]
) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {keys['publishable']}"}
    deadline = time.monotonic() + 20
    while (answer := client.post(where, json=body, headers=headers)).status_code in (409, 503):
        assert time.monotonic() < deadline, answer.text
    return said(answer)


def test_a_buyer_pays_duty_and_tax_on_what_the_offer_leaves_and_uses_it_once(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as (client, keys):
        load_sample(client, keys)
        merchant = {"Authorization": f"Bearer {keys['secret']}"}
        made = said(client.post("/v1/offers", json=TEN_PERCENT, headers=merchant))
        said(client.post(f"/v1/offers/{made['offer_id']}/publish", headers=merchant), 200)
        shop = {"Authorization": f"Bearer {keys['publishable']}"}
        deadline = time.monotonic() + 20
        asked = {"buyer": "ada", "market": "DE"}
        while (found := client.get("/v1/offers", params=asked, headers=shop)).status_code == 503:
            assert time.monotonic() < deadline, found.text
        (offer,) = said(found, 200)["data"]
        plain, lowered = quote(client, keys, []), quote(client, keys, [offer["token"]])
        order = {
            "quote": {"token": lowered["token"], "ledger": lowered["ledger"]},
            "buyer": {"name": "Ada", "buyer_id": "ada"},
            "ship_to": SHIP_TO,
            "payment": {"token": "tok_success"},
            "offers": [offer["token"]],
        }
        until_known(client, keys, "/v1/orders", order)
        again = client.post("/v1/orders", json=order, headers=shop)
        without = client.post("/v1/orders", json=order | {"offers": []}, headers=shop)

    before, after = plain["totals"], lowered["totals"]
    goods, discount = Decimal(before["goods"]["amount"]), Decimal(after["discounts"]["amount"])
    assert discount == (goods / 10).quantize(Decimal("0.01"))
    assert Decimal(after["goods"]["amount"]) == goods - discount
    assert Decimal(after["taxes"]["amount"]) < Decimal(before["taxes"]["amount"])
    declared = lowered["ledger"]["declaration"][0]["value"]["amount"]
    assert Decimal(declared) == goods - discount
    assert (again.status_code, without.status_code) == (422, 422)
    assert (
        again.json()["errors"][0]["code"] == without.json()["errors"][0]["code"] == "offer-invalid"
    )
