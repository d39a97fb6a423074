"""What segmentation hears of a shop, and the shop's questions."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from starlette.testclient import TestClient

from chassis.db import now
from contracts.catalog import ProductChanged, Variant
from contracts.event import Event
from contracts.gateway import MerchantChanged
from contracts.logistics import ShipmentMoved
from contracts.orders import OrderCancelled, OrderLine, OrderPaid, OrderPlaced, RefundIssued
from contracts.segmentation import (
    OfferChanged,
    OfferKeyChanged,
    SegmentModelPublished,
    SegmentsChanged,
)
from contracts.values import Money
from services.segmentation import jobs
from tests.running import MERCHANT, RunningService, finished, signed_in

_numbers = count(1)
START = now().replace(microsecond=0)
EUR = "EUR"


def ago(days: float) -> datetime:
    return START - timedelta(days=days)


def shop(tenant: str = MERCHANT, **changed: Any) -> list[Event]:
    known: dict[str, Any] = {
        "title": "Tea", "status": "active", "base_currency": EUR, "countries": ("DE",),
        "languages": ("en",), "sequence": next(_numbers),
    }  # fmt: skip
    variants = tuple(
        Variant(sku=sku, title=sku, hs_code=code)
        for sku, code in (("TEA", "090230"), ("CUP", "691110"))
    )
    return [
        MerchantChanged(tenant=tenant, merchant_id=tenant, **(known | changed)),
        ProductChanged(
            tenant=tenant, sequence=1, product_id="prd_1", kind="goods", title="Tea",
            status="published", variants=variants,
        ),
    ]  # fmt: skip


def order(buyer: str, days: float = 10, eur: int = 1000, **more: Any) -> OrderPlaced:
    """One line of tea, in euro cents."""
    number = next(_numbers)
    known: dict[str, Any] = {
        "tenant": MERCHANT, "market": "DE", "destination": "DE", "sku": "TEA", "offer_id": None,
        "arm": None, "currency": EUR,
    }  # fmt: skip
    known |= more
    value = Money.of(eur, known.pop("currency"))
    sku = known.pop("sku")
    return OrderPlaced(
        order_id=f"ord_{number:032x}", buyer_id=buyer, goods=value, total=value, quote_id="qte_1",
        lines=(OrderLine(line_id="l0", sku=sku, quantity=1, kind="goods"),), at=ago(days),
        values={"l0": value}, **known,
    )  # fmt: skip


def paid(placed: OrderPlaced) -> OrderPaid:
    return OrderPaid(
        tenant=placed.tenant, order_id=placed.order_id, total=placed.total, at=placed.at
    )


def bought(buyer: str, days: float = 10, eur: int = 1000, **more: Any) -> list[Event]:
    placed = order(buyer, days, eur, **more)
    return [placed, paid(placed)]


def cancelled(placed: OrderPlaced) -> OrderCancelled:
    return OrderCancelled(
        tenant=placed.tenant, order_id=placed.order_id, reason="buyer", at=placed.at
    )


def refunded(placed: OrderPlaced, eur: int) -> RefundIssued:
    nothing = Money.of(0, EUR)
    return RefundIssued(
        tenant=placed.tenant, order_id=placed.order_id, refund_id=f"rfd_{placed.order_id[4:]}",
        lines={"l0": 1}, goods=Money.of(eur, EUR), duties=nothing, taxes=nothing, revision=1,
        at=placed.at,
    )  # fmt: skip


def delivered(placed: OrderPlaced, late_days: int = 0, sequence: int = 1) -> ShipmentMoved:
    promised = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return ShipmentMoved(
        tenant=placed.tenant, sequence=sequence, shipment_id=f"shp_{placed.order_id[4:]}",
        order_id=placed.order_id, status="delivered", at=promised + timedelta(days=late_days),
        promised_on=promised.date(),
    )  # fmt: skip


def history(buyers: int = 60, first: int = 0) -> list[Event]:
    """Three kinds of buyers: many large orders lately, a few middling, one small long ago."""
    said: list[Event] = []
    for n in range(first, first + buyers):
        buyer, kind = f"buyer-{n:03}", n % 3
        if kind == 0:
            for k in range(8):
                said += bought(buyer, 3 + 20 * k + n % 7 + n / 99, 20_000 + 150 * n, sku="CUP")
        elif kind == 1:
            for k in range(3):
                said += bought(buyer, 60 + 40 * k + n % 5 + n / 99, 5_000 + 40 * n)
        else:
            said += bought(buyer, 300 + n % 9 + n / 99, 900 + 5 * n, market="AT", destination="AT")
    return said


def with_key(service: RunningService) -> None:
    """A signing key that has been told."""
    service.does(jobs.keep_an_offer_key, now())
    service.said()


def told(service: RunningService) -> list[Event]:
    """What has reached the log, in order; of a state, its last."""
    kinds: tuple[type[Event], ...] = (
        OfferChanged, OfferKeyChanged, SegmentModelPublished, SegmentsChanged,
    )  # fmt: skip
    named = {kind.name: kind for kind in kinds}
    with sqlite3.connect(service.settings.log_url.removeprefix("sqlite:///")) as log:
        found = log.execute("SELECT type, tenant, sequence, body FROM record ORDER BY id")
        return [
            named[name].model_validate(json.loads(body) | {"tenant": tenant, "sequence": sequence})
            for name, tenant, sequence, body in found
        ]


FIT = {"clusters": 3, "seed": 7, "m": 1.5}


def fitted(client: TestClient, **asked: Any) -> dict[str, Any]:
    """The model that a finished job has made."""
    started = client.post("/v1/segment-models", json=FIT | asked, headers=signed_in())
    assert started.status_code == 202, started.text
    job = finished(client, f"/v1/segmentation/jobs/{started.json()['id']}", signed_in())
    assert job["status"] == "done", job
    return get(client, f"/v1/segment-models/{started.json()['model_id']}")


def get(client: TestClient, path: str, **params: Any) -> dict[str, Any]:
    answer = client.get(path, params=params, headers=signed_in())
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def does(client: TestClient, path: str, body: Any = None) -> dict[str, Any]:
    answer = client.post(path, json=body, headers=signed_in())
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


def published(client: TestClient, **asked: Any) -> dict[str, Any]:
    model = fitted(client, **asked)
    return does(client, f"/v1/segment-models/{model['model_id']}/publish")


def offer(**changed: Any) -> dict[str, Any]:
    known = {
        "title": "Ten off",
        "valid_from": (now() - timedelta(hours=1)).isoformat(),
        "valid_to": (now() + timedelta(days=7)).isoformat(),
    }
    return known | changed
