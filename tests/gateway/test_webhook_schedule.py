"""When a webhook is tried, in which order, when it is given up."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from chassis.db import Database, now
from chassis.log import Record
from chassis.migrate import migrate
from contracts.event import Event
from contracts.orders import OrderCompleted
from contracts.values import new_id
from gateway import queries
from gateway.app import SERVICE
from gateway.commands import telling, webhooks
from gateway.domain.webhooks import ATTEMPTS, Answer, next_attempt
from gateway.schemas.webhooks import EndpointChange, NewEndpoint, Since
from tests.gateway.merchant import SECOND, SORRY, THANKS, URL, Merchant
from tests.running import MERCHANT, RunningService, settings_in


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[RunningService]:
    service = RunningService(SERVICE, tmp_path)
    yield service
    service.close()


@pytest.fixture
def merchant(gateway: RunningService) -> Merchant:
    return Merchant(gateway)


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
    assert gap() == timedelta()
    merchant.attempts(Answer("refused", status))
    slow = gap()
    assert slow > timedelta()
    merchant.at += 60 * SECOND
    merchant.attempts(Answer("refused", status))
    assert gap() == slow * 2
    merchant.at += timedelta(minutes=58)
    merchant.attempts(SORRY)
    assert gap() == slow * 2
    merchant.at += timedelta(hours=1)
    merchant.attempts()
    assert gap() == timedelta()


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


def test_ten_exhausted_events_within_five_days_do_not_disable_yet(merchant: Merchant) -> None:
    began = merchant.at
    merchant.hears_of(*(f"ord_{number}" for number in range(10)))
    while any(each.state == "pending" for each in merchant.deliveries()):
        if merchant.attempts(SORRY) is None:
            merchant.at += timedelta(minutes=10)
    assert merchant.at - began < timedelta(days=5)
    assert merchant.endpoint().state == "active"

    merchant.at = began + timedelta(days=5, minutes=1)
    merchant.hears_of("last")
    assert merchant.attempts(SORRY) == "last"

    assert merchant.endpoint().state == "disabled"


def heard(session: Session, event: Event) -> None:
    """As the consumer hears it: beside its record."""
    session.info["record"] = Record(
        new_id("evt"), event.name, event.topic(), event.key_value(), event.tenant,
        event.sequence, now(), "", event.body(),
    )  # fmt: skip
    telling.tell_merchants(session, event)


@pytest.mark.xdist_group("full")
def test_on_postgres_two_couriers_never_claim_one_endpoint_twice(
    postgres_url: str, tmp_path: Path
) -> None:
    migrate("gateway", postgres_url)
    settings = settings_in(tmp_path)
    db = Database(postgres_url, settings)
    try:
        for number in range(6):
            tenant = f"mer_{number}"
            db.submit(webhooks.create_endpoint, tenant, NewEndpoint(url=URL)).result()
            for order in ("a", "b"):
                db.submit(heard, OrderCompleted(tenant=tenant, order_id=order)).result()
        at, told = now() + SECOND, []
        while True:
            claims = [db.submit(telling.claim_attempts, at, 4) for _ in range(4)]
            attempts = [attempt for claim in claims for attempt in claim.result()]
            endpoints = [attempt.endpoint_id for attempt in attempts]
            assert len(endpoints) == len(set(endpoints))
            for attempt in attempts:
                db.submit(telling.record_attempt, attempt, THANKS, at, 0.0).result()
            told += [(each.endpoint_id, json.loads(each.body)["subject"]) for each in attempts]
            at += SECOND
            if not attempts:
                break
    finally:
        db.close()

    assert len(told) == len(set(told)) == 12
    assert all(told.index((each, "a")) < told.index((each, "b")) for each, _ in told)


def test_an_event_that_fails_again_has_held_the_others_back_once(merchant: Merchant) -> None:
    merchant.hears_of("bad", "b")
    began = merchant.at
    merchant.attempts(SORRY)
    merchant.at = began + 60 * SECOND
    assert [merchant.attempts(SORRY), merchant.attempts()] == ["bad", "b"]

    merchant.at = began + timedelta(minutes=7)
    merchant.hears_of("c")
    assert merchant.attempts(SORRY) == "bad"

    assert merchant.attempts() == "c"
