"""The courier between a real database and real sockets, and the routes before it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chassis.db import now
from contracts.orders import OrderCompleted
from gateway import queries
from gateway.adapters.receiver import Receiver
from gateway.app import SERVICE
from gateway.commands import webhooks
from gateway.courier import ATTEMPTS, Courier
from gateway.domain.addresses import networks
from gateway.schemas.webhooks import DeliveriesAsked, NewEndpoint
from tests.gateway.shop import Shop, until
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService, signed_in

LOOPBACK = networks(["127.0.0.0/8"])
PATIENCE_S = 10


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[RunningService]:
    service = RunningService(SERVICE, tmp_path, webhook_networks=("127.0.0.0/8",))
    yield service
    service.close()


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as shop:
        yield shop


class Clock:
    """Real time, and the leaps of a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead


@asynccontextmanager
async def carrying(
    gateway: RunningService, clock: Callable[[], datetime] = now, within_s: float = 5.0
) -> AsyncIterator[None]:
    async with Courier(gateway.db, Receiver(LOOPBACK, within_s=within_s), clock):
        yield


def listens(gateway: RunningService, url: str, tenant: str = MERCHANT) -> str:
    made = gateway.does(webhooks.create_endpoint, tenant, NewEndpoint(url=url))
    return str(made.endpoint_id)


def completes(gateway: RunningService, *orders: str, tenant: str = MERCHANT) -> None:
    for order in orders:
        gateway.hears(OrderCompleted(tenant=tenant, order_id=order))


def states(gateway: RunningService, tenant: str = MERCHANT) -> list[str]:
    page = gateway.reads(queries.deliveries, tenant, DeliveriesAsked())
    return [each.state for each in reversed(page.data)]


async def eventually(found: Callable[[], bool]) -> None:
    await asyncio.to_thread(until, found, PATIENCE_S)


def orders_of(shop: Shop, path: str) -> list[Any]:
    return [json.loads(got.body)["subject"] for got in shop.got if got.path == path]


def test_events_arrive_in_the_order_they_were_said(gateway: RunningService, shop: Shop) -> None:
    orders = [f"ord_{number}" for number in range(30)]
    listens(gateway, f"{shop.url}/ok")

    async def run() -> None:
        async with carrying(gateway):
            await asyncio.to_thread(completes, gateway, *orders)
            await eventually(lambda: states(gateway) == ["delivered"] * 30)

    asyncio.run(run())
    assert orders_of(shop, "/ok") == orders


def test_endpoints_do_not_wait_for_each_other(gateway: RunningService, shop: Shop) -> None:
    listens(gateway, f"{shop.url}/slow")
    listens(gateway, f"{shop.url}/ok", OTHER_MERCHANT)
    completes(gateway, "a")
    for order in ("b", "c", "d"):
        completes(gateway, order, tenant=OTHER_MERCHANT)

    async def run() -> None:
        async with carrying(gateway):
            await eventually(lambda: states(gateway, OTHER_MERCHANT) == ["delivered"] * 3)
            assert states(gateway) == ["pending"]
            shop.go_on.set()
            await eventually(lambda: states(gateway) == ["delivered"])

    asyncio.run(run())


def test_a_receiver_that_recovers_gets_the_same_bytes_again(
    gateway: RunningService, shop: Shop
) -> None:
    clock = Clock()
    listens(gateway, f"{shop.url}/error")
    completes(gateway, "a", "b")

    async def run() -> None:
        async with carrying(gateway, clock):
            await eventually(lambda: len(shop.got) == 1)
            shop.swap["error"] = "ok"
            clock.ahead += timedelta(seconds=6)
            await eventually(lambda: states(gateway) == ["delivered"] * 2)

    asyncio.run(run())
    assert orders_of(shop, "/error") == ["a", "a", "b"]
    first, again = shop.got[:2]
    assert first.body == again.body
    assert first.headers["webhook-id"] == again.headers["webhook-id"]


def test_every_kind_of_bad_behaviour_is_one_failed_attempt_and_counted(
    gateway: RunningService, shop: Shop
) -> None:
    outcomes = {"error": "refused", "moved": "redirected", "early": "unreadable",
                "slow": "timed_out"}  # fmt: skip
    before = {each: ATTEMPTS.labels(each)._value.get() for each in outcomes.values()}
    for how in outcomes:
        listens(gateway, f"{shop.url}/{how}")
    completes(gateway, "a")

    def all_failed_once() -> bool:
        page = gateway.reads(queries.deliveries, MERCHANT, DeliveriesAsked())
        return [each.attempts for each in page.data] == [1] * len(outcomes)

    async def run() -> None:
        async with carrying(gateway, within_s=0.5):
            await eventually(all_failed_once)

    asyncio.run(run())
    assert sorted(shop.paths()) == sorted(f"/{how}" for how in outcomes)
    for outcome, count in before.items():
        assert ATTEMPTS.labels(outcome)._value.get() == count + 1


def test_what_was_on_its_way_at_a_crash_is_sent_again(gateway: RunningService, shop: Shop) -> None:
    clock = Clock()
    listens(gateway, f"{shop.url}/slow")
    completes(gateway, "a")

    async def run() -> None:
        async with carrying(gateway, clock):
            await eventually(lambda: len(shop.got) == 1)
        shop.go_on.set()
        clock.ahead += timedelta(seconds=26)
        async with carrying(gateway, clock):
            await eventually(lambda: states(gateway) == ["delivered"])

    asyncio.run(run())
    assert orders_of(shop, "/slow") == ["a", "a"]


def test_by_the_routes_a_merchant_registers_tests_looks_and_repeats(
    gateway: RunningService, shop: Shop
) -> None:
    me, other = signed_in(), signed_in(tenant=OTHER_MERCHANT)
    with gateway.client() as client:
        new = {"url": f"{shop.url}/ok", "event_types": ["orders.order-completed.v1"]}
        made = client.post("/v1/webhook-endpoints", json=new, headers=me)
        where = f"/v1/webhook-endpoints/{made.json()['endpoint_id']}"
        tested = client.post(f"{where}/test", headers=me)

    async def run() -> None:
        async with carrying(gateway):
            await eventually(lambda: states(gateway) == ["delivered"])

    asyncio.run(run())
    with gateway.client() as client:
        listed = client.get("/v1/webhook-deliveries?state=delivered", headers=me).json()["data"]
        shown = client.get(f"/v1/webhook-deliveries/{listed[0]['delivery_id']}", headers=me).json()
        repeated = client.post(
            f"/v1/webhook-deliveries/{listed[0]['delivery_id']}/redeliver", headers=me
        )
        hidden = client.get(where, headers=other)
        shopper = client.get(where, headers=signed_in("storefront"))

    assert (made.status_code, tested.status_code, repeated.status_code) == (201, 202, 202)
    assert made.json()["secret"].startswith("whsec_")
    assert "secret" not in json.dumps(listed)
    assert [(each["status"], each["answer"]) for each in shown["log"]] == [(200, "thanks")]
    assert shown["body"].encode() == shop.got[0].body
    assert (hidden.status_code, shopper.status_code) == (404, 403)
