"""Webhooks as scripts: hear an event, attempt, fail, wait, give up, deliver again."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.db import now
from chassis.http import PageAsked, Problem
from contracts.event import PLATFORM
from contracts.orders import OrderCompleted
from contracts.servqual import ProviderDocumentExpiring
from gateway import queries
from gateway.app import SERVICE
from gateway.commands import telling, webhooks
from gateway.domain.webhooks import ATTEMPTS, Answer, Told, envelope, next_attempt, signed
from gateway.events import PUBLIC
from gateway.schemas.webhooks import DeliveriesAsked, EndpointChange, NewEndpoint, Since
from services.logistics.adapters.tracking import standard_webhooks
from tests.running import MERCHANT, OTHER_MERCHANT, RunningService

URL = "https://shop.example/hooks"
THANKS = Answer("delivered", 200, "thanks")
SORRY = Answer("refused", 500, "sorry")
SECOND = timedelta(seconds=1)


class Merchant:
    """One endpoint, and a clock that leaps."""

    def __init__(self, gateway: RunningService) -> None:
        self.gateway = gateway
        made = gateway.does(webhooks.create_endpoint, MERCHANT, NewEndpoint(url=URL))
        self.endpoint_id, self.secret = made.endpoint_id, made.secret
        self.at = now() + SECOND
        self.orders: dict[str, str] = {}

    def hears_of(self, *orders: str) -> None:
        for order in orders:
            self.gateway.hears(OrderCompleted(tenant=MERCHANT, order_id=order))

    def attempts(self, answer: Answer = THANKS, chance: float = 0.0) -> str | None:
        """The order that one attempt, due by now, was about."""
        made = self.claim()
        if made is None:
            return None
        self.gateway.does(telling.record_attempt, made, answer, self.at, chance)
        self.at += SECOND
        return str(json.loads(made.body)["subject"])

    def claim(self) -> telling.Attempt | None:
        claimed = self.gateway.does(telling.claim_attempts, self.at, 10)
        assert len(claimed) <= 1
        return claimed[0] if claimed else None

    def deliveries(self, **asked: Any) -> list[Any]:
        """The oldest first."""
        page = self.gateway.reads(queries.deliveries, MERCHANT, DeliveriesAsked(**asked))
        return list(reversed(page.data))

    def endpoint(self) -> Any:
        return self.gateway.reads(queries.endpoint, MERCHANT, self.endpoint_id)

    def exhausts(self, order: str) -> None:
        """Ten failures, as fast as the schedule lets them."""
        self.hears_of(order)
        for _ in range(ATTEMPTS):
            assert self.attempts(SORRY) == order
            self.at += timedelta(days=1, hours=3)


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


def test_one_is_in_flight_per_endpoint_and_they_go_in_order(merchant: Merchant) -> None:
    merchant.hears_of("a", "b", "c")
    flying = merchant.claim()
    assert flying is not None
    assert merchant.claim() is None

    merchant.gateway.does(telling.record_attempt, flying, THANKS, merchant.at, 0.0)
    merchant.at += SECOND

    assert [merchant.attempts() for _ in range(3)] == ["b", "c", None]


def test_an_attempt_whose_worker_died_is_made_again_with_the_same_id(merchant: Merchant) -> None:
    merchant.hears_of("a")
    lost = merchant.claim()
    merchant.at += telling.LEASE
    again = merchant.claim()

    assert lost is not None
    assert again is not None
    assert lost.body == again.body
    assert lost.headers["webhook-id"] == again.headers["webhook-id"]
    assert lost.headers["webhook-timestamp"] != again.headers["webhook-timestamp"]


def test_a_failing_event_holds_later_ones_back_for_a_minute_then_they_overtake(
    merchant: Merchant,
) -> None:
    merchant.hears_of("a", "b", "c")
    began = merchant.at
    assert merchant.attempts(SORRY) == "a"
    assert merchant.attempts() is None
    merchant.at = began + 5 * SECOND
    assert merchant.attempts(SORRY) == "a"
    merchant.at = began + 59 * SECOND
    assert merchant.attempts() is None
    merchant.at = began + 60 * SECOND
    assert [merchant.attempts() for _ in range(3)] == ["b", "c", None]
    merchant.at = began + timedelta(minutes=6)
    assert merchant.attempts() == "a"
    assert [each.state for each in merchant.deliveries()] == ["delivered"] * 3


def test_a_success_at_the_second_try_lets_the_held_go_in_order(merchant: Merchant) -> None:
    merchant.hears_of("a", "b")
    merchant.attempts(SORRY)
    merchant.at += 5 * SECOND

    assert [merchant.attempts(), merchant.attempts()] == ["a", "b"]


def test_a_dead_endpoint_s_backlog_does_not_wait_a_minute_for_each(merchant: Merchant) -> None:
    merchant.hears_of("a", "b", "c", "d")
    merchant.attempts(SORRY)
    merchant.at += 60 * SECOND

    tried = [merchant.attempts(SORRY) for _ in range(4)]

    assert sorted(str(each) for each in tried) == ["a", "b", "c", "d"]


def test_ten_attempts_by_the_schedule_then_it_has_failed(merchant: Merchant) -> None:
    merchant.hears_of("a")
    at = merchant.at
    assert merchant.attempts(SORRY, chance=1.0) == "a"
    for wait_s in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400):
        at += timedelta(seconds=wait_s) * 1.1
        merchant.at = at - timedelta(milliseconds=1)
        assert merchant.attempts() is None
        merchant.at = at
        assert merchant.attempts(SORRY, chance=1.0) == "a"
    (delivery,) = merchant.deliveries()
    assert (delivery.state, delivery.attempts, delivery.due_at) == ("failed", ATTEMPTS, None)
    shown = merchant.gateway.reads(queries.delivery, MERCHANT, delivery.delivery_id)
    assert [(each.status, each.answer) for each in shown.log] == [(500, "sorry")] * ATTEMPTS


@given(st.integers(1, ATTEMPTS - 1), st.floats(-1, 1), st.text(max_size=40))
def test_whatever_is_asked_the_next_attempt_comes_within_a_day_and_a_tenth(
    made: int, chance: float, asked: str
) -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    following = next_attempt(made, at, chance, asked)

    assert following is not None
    assert at + timedelta(seconds=4.5) <= following <= at + timedelta(hours=26.4)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("120", 120), ("0", 5), ("999999999999", 86_400), ("-5", 5), ("1.5", 5), ("soon", 5),
        ("Thu, 26 Nov 2026 00:10:00 GMT", 600), ("Thu, 26 Nov 2020 00:10:00 GMT", 5),
        ("Thu, 26 Nov 2026 00:10:00 -0000", 600), ("Thu, 26 Nov 2036 00:00:00 GMT", 86_400),
    ],
)  # fmt: skip
def test_retry_after_is_honoured_up_to_a_day(asked: str, seconds: int) -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)

    assert next_attempt(1, at, 0.0, asked) == at + timedelta(seconds=seconds)
    assert next_attempt(ATTEMPTS, at, 0.0, asked) is None


@pytest.mark.parametrize("status", [429, 502, 504])
def test_each_complaint_halves_the_rate_for_an_hour(merchant: Merchant, status: int) -> None:
    def gap() -> timedelta:
        row = merchant.gateway.reads(queries.endpoint_for_update, MERCHANT, merchant.endpoint_id)
        return row.next_at - (merchant.at - SECOND)  # type: ignore[no-any-return]

    merchant.hears_of("a", "b", "c", "d", "e")
    merchant.attempts()
    usual = gap()
    merchant.attempts(Answer("refused", status))
    assert gap() == usual * 2
    merchant.at += 60 * SECOND
    merchant.attempts(Answer("refused", status))
    assert gap() == usual * 4
    merchant.at += timedelta(minutes=58)
    merchant.attempts(SORRY)
    assert gap() == usual * 4
    merchant.at += timedelta(hours=1)
    merchant.attempts()
    assert gap() == usual


def test_gone_disables_at_once_and_what_waits_is_delivered_after_enabling(
    merchant: Merchant,
) -> None:
    merchant.hears_of("a", "b")
    merchant.attempts(Answer("refused", 410))
    assert (merchant.endpoint().state, merchant.endpoint().reason) == (
        "disabled", "it answered 410 Gone",
    )  # fmt: skip
    merchant.hears_of("c")
    merchant.at += timedelta(hours=1)
    assert merchant.attempts() is None

    change = EndpointChange(state="active")
    merchant.gateway.does(webhooks.change_endpoint, MERCHANT, merchant.endpoint_id, change)

    assert [merchant.attempts() for _ in range(3)] == ["b", "c", None]
    assert [each.state for each in merchant.deliveries()] == ["failed", "delivered", "delivered"]


def test_five_days_and_ten_exhausted_events_disable_but_neither_alone(merchant: Merchant) -> None:
    for number in range(9):
        merchant.exhausts(f"ord_{number}")
    assert merchant.endpoint().state == "active"  # weeks, but nine

    merchant.exhausts("ord_9")

    assert merchant.endpoint().state == "disabled"
    assert "no delivery succeeded since" in merchant.endpoint().reason


def test_one_success_forgives_the_failures_before_it(merchant: Merchant) -> None:
    for number in range(9):
        merchant.exhausts(f"ord_{number}")
    merchant.hears_of("good")
    assert merchant.attempts() == "good"

    merchant.exhausts("ord_9")

    assert merchant.endpoint().state == "active"


def test_a_delivery_and_all_failed_since_a_time_are_sent_again(merchant: Merchant) -> None:
    merchant.exhausts("a")
    merchant.exhausts("b")
    first, second = merchant.deliveries()
    since = Since(since=second.said_at)
    again = merchant.gateway.does(webhooks.redeliver_failed, MERCHANT, merchant.endpoint_id, since)
    merchant.gateway.does(webhooks.redeliver, MERCHANT, first.delivery_id)

    assert again.deliveries == 1
    assert [merchant.attempts() for _ in range(3)] == ["a", "b", None]
    assert [each.event_id for each in merchant.deliveries()] == [first.event_id, second.event_id]


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
    merchant.at += timedelta(hours=24)
    assert is_signed_with(fresh)
    assert not is_signed_with(merchant.secret)


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
