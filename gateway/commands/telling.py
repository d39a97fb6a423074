"""From a public event to its deliveries, and from an attempt to what follows."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from chassis.db import settings_of, touch
from contracts.event import Event
from contracts.values import new_id
from gateway import queries
from gateway.commands.notifying import Occasion, notify_merchant
from gateway.domain.notifications import WEBHOOK_DISABLED
from gateway.domain.webhooks import (
    ANSWER_KEPT,
    GAP,
    HOLDS_BACK,
    KEPT,
    SLOWED_FOR,
    SLOWEST,
    SLOWING,
    Answer,
    Told,
    envelope,
    has_given_up,
    next_attempt,
    signed,
)
from gateway.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint

LEASE = timedelta(seconds=25)  # an attempt takes 15 s at most
PRUNED_AT_ONCE = 500


@dataclass(frozen=True)
class Attempt:
    """One request to make, now."""

    delivery_id: str
    endpoint_id: str
    url: str
    headers: dict[str, str]
    body: bytes


def tell_merchants(session: Session, event: Event) -> None:
    """One delivery per endpoint that listens, with the event's own id and time: heard again after
    a restore it is the same to the merchant.
    """
    listeners = queries.listeners(session, event.tenant, event.name)
    if not listeners:
        return
    record = session.info["record"]
    told = Told(
        record.event_id, event.name, event.key_value(), event.tenant, event.sequence, record.time
    )
    body = envelope(told, json.loads(event.body()), event.key)
    for endpoint_id, tenant in listeners:
        store_delivery(session, endpoint_id, tenant, told, body)


def store_delivery(session: Session, endpoint_id: str, tenant: str, told: Told, body: bytes) -> str:
    delivery_id = new_id("whd")
    session.execute(
        insert(WebhookDelivery).values(
            delivery_id=delivery_id,
            endpoint_id=endpoint_id,
            tenant=tenant,
            event_id=told.event_id,
            event_type=told.type,
            body=body,
            state="pending",
            attempts=0,
            said_at=told.time,
            due_at=told.time,
        )
    )
    touch(session, "webhooks")
    return delivery_id


def claim_attempts(session: Session, at: datetime, most: int) -> list[Attempt]:
    """At most one per endpoint, leased until it has been recorded or has surely ended."""
    claimed = []
    for endpoint in queries.free_endpoints(session, at, most):
        delivery = queries.next_delivery(session, endpoint.endpoint_id, at)
        if delivery is not None:
            endpoint.leased_until = at + LEASE
            claimed.append(_attempt(session, endpoint, delivery, at))
    session.flush()
    return claimed


def _attempt(
    session: Session, endpoint: WebhookEndpoint, delivery: WebhookDelivery, at: datetime
) -> Attempt:
    live = queries.secrets_of(endpoint, settings_of(session).master_keys, at)
    secrets = [secret for secret, _ in live]
    headers = signed(delivery.body, delivery.event_id, at, secrets)
    return Attempt(delivery.delivery_id, endpoint.endpoint_id, endpoint.url, headers, delivery.body)


def record_attempt(
    session: Session, attempt: Attempt, answer: Answer, at: datetime, chance: float
) -> None:
    """`chance` in [-1, 1] spreads the next attempt."""
    endpoint = session.get_one(WebhookEndpoint, attempt.endpoint_id, with_for_update=True)
    delivery = session.get(WebhookDelivery, attempt.delivery_id, with_for_update=True)
    endpoint.leased_until = None
    _pace(endpoint, answer, at)
    if delivery is not None:  # else pruned meanwhile
        _note(session, attempt, answer, at)
        if delivery.state == "pending":
            _follow(session, endpoint, delivery, answer, at, chance)
    session.flush()
    touch(session, "webhooks")


def _note(session: Session, attempt: Attempt, answer: Answer, at: datetime) -> None:
    session.add(
        WebhookAttempt(
            attempt_id=new_id("wha"),
            delivery_id=attempt.delivery_id,
            at=at,
            outcome=answer.outcome,
            status=answer.status,
            took_ms=answer.took_ms,
            answer=answer.text[:ANSWER_KEPT],
        )
    )


def _pace(endpoint: WebhookEndpoint, answer: Answer, at: datetime) -> None:
    """A complaint brings the rate down to ten a second, each further one halves it, for an hour."""
    if endpoint.slowed_until is not None and endpoint.slowed_until <= at:
        endpoint.slowness, endpoint.slowed_until = 1, None
    if answer.status in SLOWING:
        endpoint.slowness = min(endpoint.slowness * 2, SLOWEST)
        endpoint.slowed_until = at + SLOWED_FOR
    endpoint.next_at = at + GAP * (endpoint.slowness // 2)


def _follow(
    session: Session,
    endpoint: WebhookEndpoint,
    delivery: WebhookDelivery,
    answer: Answer,
    at: datetime,
    chance: float,
) -> None:
    delivery.attempts += 1
    if answer.outcome == "delivered":
        delivery.state, delivery.due_at, delivery.ended_at = "delivered", None, at
        endpoint.failing_since, endpoint.exhausted = None, 0
        _let_go(endpoint, delivery)
        return
    if delivery.attempts == 1 and endpoint.failing_since is None:
        # Only the first to fail holds the others back: else a dead endpoint's backlog would wait
        # a minute for each.
        endpoint.held_by, endpoint.held_until = delivery.delivery_id, at + HOLDS_BACK
    endpoint.failing_since = endpoint.failing_since or at
    is_gone = answer.status == 410
    again_at = next_attempt(delivery.attempts, at, chance, answer.retry_after)
    delivery.due_at = None if is_gone else again_at
    if delivery.due_at is None:
        delivery.state, delivery.ended_at = "failed", at
        endpoint.exhausted += 1
        _let_go(endpoint, delivery)
    if is_gone:
        _disable(session, endpoint, "it answered 410 Gone")
    elif has_given_up(endpoint.failing_since, endpoint.exhausted, at):
        since = f"{endpoint.failing_since:%Y-%m-%d %H:%MZ}"
        _disable(session, endpoint, f"no delivery succeeded since {since}")


def _let_go(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> None:
    if endpoint.held_by == delivery.delivery_id:
        endpoint.held_by, endpoint.held_until = None, None


def _disable(session: Session, endpoint: WebhookEndpoint, reason: str) -> None:
    """The merchant is told. What the endpoint is not told waits for it, as long as it is kept."""
    if endpoint.state == "active":
        endpoint.state, endpoint.reason = "disabled", reason
        told = {"endpoint_id": endpoint.endpoint_id, "url": endpoint.url, "reason": reason}
        occasion = Occasion(WEBHOOK_DISABLED, endpoint.endpoint_id, told)
        notify_merchant(session, endpoint.tenant, occasion)


def prune_deliveries(session: Session, at: datetime) -> None:
    """In small steps."""
    old = list(
        session.scalars(
            select(WebhookDelivery.delivery_id)
            .where(WebhookDelivery.said_at < at - KEPT)
            .limit(PRUNED_AT_ONCE)
        )
    )
    session.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(old)))
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.delivery_id.in_(old)))
