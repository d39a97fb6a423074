"""Who is told what, and how it is signed and kept."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chassis.db import now
from chassis.http import PageAsked, Problem
from contracts.event import PLATFORM
from contracts.orders import OrderCompleted
from contracts.servqual import ProviderDocumentExpiring
from gateway import queries
from gateway.app import SERVICE
from gateway.commands import telling, webhooks
from gateway.domain.webhooks import Told, envelope, signed
from gateway.events import PUBLIC
from gateway.schemas.webhooks import DeliveriesAsked, EndpointChange, NewEndpoint, Since
from services.logistics.adapters.tracking import standard_webhooks
from tests.gateway.merchant import SECOND, SORRY, URL, Merchant
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[RunningService]:
    service = RunningService(SERVICE, tmp_path)
    yield service
    service.close()


@pytest.fixture
def merchant(gateway: RunningService) -> Merchant:
    return Merchant(gateway)


def test_what_is_sent_satisfies_our_own_verifier_and_is_what_is_stored(merchant: Merchant) -> None:
    merchant.hears_of("ord_1")
    attempt = merchant.claim()
    assert attempt is not None

    at = merchant.at.timestamp()
    assert standard_webhooks.verify(attempt.body, attempt.headers, [merchant.secret], at)
    assert not standard_webhooks.verify(attempt.body + b" ", attempt.headers, [merchant.secret], at)
    assert not standard_webhooks.verify(attempt.body, attempt.headers, [merchant.secret], at + 301)
    said = json.loads(attempt.body)
    assert said["id"] == attempt.headers["webhook-id"]
    assert (said["type"], said["subject"], said["tenant"]) == (
        OrderCompleted.name,
        "ord_1",
        MERCHANT,
    )
    assert said["data"] == {"order_id": "ord_1", "at": None}
    shown = merchant.gateway.reads(queries.delivery, MERCHANT, attempt.delivery_id)
    assert shown.body.encode() == attempt.body


def test_the_published_vectors_are_signed_alike() -> None:
    path = Path(__file__).parents[3] / "shared/cases/standardwebhooks/vectors.json"
    if not path.exists():
        pytest.skip("../shared/cases/standardwebhooks is missing")
    genuine = [
        each for each in json.loads(path.read_text())["vectors"] if each["expect"] == "valid"
    ]
    assert genuine
    for vector in genuine:
        headers = vector["headers"]
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        ours = signed(vector["payload"].encode(), headers["webhook-id"], at, [vector["secret"]])
        assert ours["webhook-signature"] in headers["webhook-signature"].split(), vector["id"]
        assert ours["webhook-timestamp"] == headers["webhook-timestamp"]


def test_an_event_heard_twice_is_told_once_and_only_to_its_own_merchant(
    gateway: RunningService, merchant: Merchant
) -> None:
    gateway.does(webhooks.create_endpoint, OTHER_MERCHANT, NewEndpoint(url=URL))
    event = OrderCompleted(tenant=MERCHANT, order_id="ord_1")

    gateway.hears(event, event)

    assert len(merchant.deliveries()) == 1
    assert gateway.reads(queries.deliveries, OTHER_MERCHANT, DeliveriesAsked()).data == []


def test_an_endpoint_hears_the_types_it_named_and_the_platform_s_are_everybody_s(
    gateway: RunningService,
) -> None:
    expiring = ProviderDocumentExpiring.name
    for tenant in (MERCHANT, OTHER_MERCHANT):
        new = NewEndpoint(url=URL, event_types=[expiring])
        gateway.does(webhooks.create_endpoint, tenant, new)

    gateway.hears(
        OrderCompleted(tenant=MERCHANT, order_id="ord_1"),
        ProviderDocumentExpiring(
            tenant=PLATFORM,
            provider_id="prv_1",
            document_id="doc_1",
            kind="insurance",
            valid_to=now().date(),
            days_left=30,
        ),
    )

    for tenant in (MERCHANT, OTHER_MERCHANT):
        told = gateway.reads(queries.deliveries, tenant, DeliveriesAsked()).data
        assert [each.event_type for each in told] == [expiring]


def test_every_public_event_is_heard_and_no_other() -> None:
    assert {event for event in SERVICE.handlers if not event.public} == set()
    assert OrderCompleted in SERVICE.handlers
    assert {event.name for event in SERVICE.handlers} == set(PUBLIC)


def test_both_secrets_sign_for_a_day_after_a_rotation(merchant: Merchant) -> None:
    fresh = merchant.gateway.does(webhooks.rotate_secret, MERCHANT, merchant.endpoint_id).secret
    merchant.hears_of("a", "b")

    def is_signed_with(secret: str) -> bool:
        attempt = merchant.claim()
        assert attempt is not None
        merchant.at += telling.LEASE
        at = (merchant.at - telling.LEASE).timestamp()
        return standard_webhooks.verify(attempt.body, attempt.headers, [secret], at)

    assert is_signed_with(fresh)
    assert is_signed_with(merchant.secret)
    fresher = merchant.gateway.does(webhooks.rotate_secret, MERCHANT, merchant.endpoint_id).secret
    assert is_signed_with(fresher)
    assert is_signed_with(fresh)
    assert not is_signed_with(merchant.secret)  # never three
    merchant.at += timedelta(hours=24)
    assert is_signed_with(fresher)
    assert not is_signed_with(fresh)


def test_a_test_event_goes_the_way_of_every_other(merchant: Merchant) -> None:
    said = merchant.gateway.does(webhooks.test_endpoint, MERCHANT, merchant.endpoint_id)
    merchant.at = now() + SECOND

    assert merchant.attempts() == merchant.endpoint_id
    assert merchant.deliveries()[0].delivery_id == said.delivery_id


def test_another_merchant_s_endpoint_does_not_exist(
    gateway: RunningService, merchant: Merchant
) -> None:
    merchant.hears_of("a")
    delivery_id = merchant.deliveries()[0].delivery_id
    since = Since(since=now())
    for command, *given_ in (
        (webhooks.change_endpoint, merchant.endpoint_id, EndpointChange(state="disabled")),
        (webhooks.rotate_secret, merchant.endpoint_id),
        (webhooks.test_endpoint, merchant.endpoint_id),
        (webhooks.redeliver_failed, merchant.endpoint_id, since),
        (webhooks.redeliver, delivery_id),
        (queries.endpoint, merchant.endpoint_id),
        (queries.delivery, delivery_id),
    ):
        with pytest.raises(Problem) as refused:
            gateway.does(command, OTHER_MERCHANT, *given_)
        assert refused.value.status == 404
    assert gateway.reads(queries.endpoints, OTHER_MERCHANT, PageAsked()).data == []


def test_a_url_or_an_event_type_that_cannot_be_is_refused_with_its_place(
    gateway: RunningService,
) -> None:
    for new, pointer in (
        (NewEndpoint(url="http://shop.example/"), "/url"),
        (NewEndpoint(url="https://10.0.0.1/"), "/url"),
        (NewEndpoint(url=URL, event_types=["*", "orders.order-confirmed.v1"]), "/event_types/1"),
    ):
        with pytest.raises(Problem) as refused:
            gateway.does(webhooks.create_endpoint, MERCHANT, new)
        assert [error.pointer for error in refused.value.errors] == [pointer]


def test_the_secret_is_kept_sealed_and_never_listed(merchant: Merchant) -> None:
    row = merchant.gateway.reads(queries.endpoint_for_update, MERCHANT, merchant.endpoint_id)
    assert merchant.secret.encode() not in row.secrets
    listed = merchant.gateway.reads(queries.endpoints, MERCHANT, PageAsked())
    assert merchant.secret not in listed.model_dump_json()


def test_what_would_be_too_long_is_abridged_to_its_key() -> None:
    told = Told("evt_1", "catalog.product-changed.v1", "prd_1", MERCHANT, 7, now())
    fields = {"product_id": "prd_1", "title": "\N{EURO SIGN}" * 7000}

    short, whole = envelope(told, fields, "product_id"), envelope(told, {"a": 1}, "a")

    assert len(short) < 20_000
    assert json.loads(short)["data"] == {"product_id": "prd_1"}
    assert json.loads(short)["abridged"] is True
    assert "abridged" not in json.loads(whole)
    assert json.loads(whole)["sequence"] == 7


def test_deliveries_are_kept_for_thirty_days(merchant: Merchant) -> None:
    merchant.hears_of("a")
    merchant.attempts(SORRY)
    for days, left in ((29, 1), (31, 0)):
        merchant.gateway.does(telling.prune_deliveries, now() + timedelta(days=days))
        assert len(merchant.deliveries()) == left
