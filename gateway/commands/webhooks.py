"""What a merchant does with webhook endpoints and past deliveries."""

import json
import secrets
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from chassis.crypto import seal
from chassis.db import now, settings_of, touch
from chassis.http import FieldError, Problem
from contracts.values import new_id
from gateway import queries
from gateway.commands.telling import store_delivery
from gateway.domain.addresses import refusal_of
from gateway.domain.webhooks import BOTH_SIGN, Told, envelope, write_secret
from gateway.events import PUBLIC
from gateway.models import WebhookDelivery, WebhookEndpoint
from gateway.outside import allowed_networks
from gateway.schemas.webhooks import (
    DeliveryOut,
    EndpointChange,
    EndpointOut,
    EndpointShown,
    NewEndpoint,
    Redelivered,
    Since,
)

MOST = 20  # endpoints of a merchant
TEST_EVENT = "gateway.webhook-tested.v1"


def create_endpoint(session: Session, tenant: str, new: NewEndpoint) -> EndpointShown:
    """The secret leaves here once."""
    _check(session, new.url, new.event_types)
    if queries.endpoint_count(session, tenant) >= MOST:
        raise Problem(409, "too-many", f"a merchant has at most {MOST} webhook endpoints")
    endpoint_id, secret, at = new_id("whe"), write_secret(secrets.token_bytes(32)), now()
    row = WebhookEndpoint(
        endpoint_id=endpoint_id,
        tenant=tenant,
        url=new.url,
        event_types=new.event_types,
        description=new.description,
        state="active",
        reason="",
        secrets=_sealed(session, endpoint_id, [(secret, None)]),
        created_at=at,
        exhausted=0,
        slowness=1,
        next_at=at,
    )
    session.add(row)
    session.flush()
    return EndpointShown(**queries.endpoint_out(row).model_dump(), secret=secret)


def change_endpoint(
    session: Session, tenant: str, endpoint_id: str, change: EndpointChange
) -> EndpointOut:
    """Enabled again, it starts afresh with what has waited for it."""
    row = queries.endpoint_for_update(session, tenant, endpoint_id)
    changed = change.model_dump(exclude_none=True)
    _check(session, changed.get("url", row.url), changed.get("event_types", []))
    if change.state == "active" and row.state == "disabled":
        changed |= {"reason": "", "failing_since": None, "exhausted": 0, "next_at": now()}
    if change.state == "disabled" and row.state == "active":
        changed["reason"] = "by the merchant"
    for name, value in changed.items():
        setattr(row, name, value)
    session.flush()
    touch(session, "webhooks")
    return queries.endpoint_out(row)


def rotate_secret(session: Session, tenant: str, endpoint_id: str) -> EndpointShown:
    """The present secret signs beside the new one for 24 hours; no third one does."""
    row, at = queries.endpoint_for_update(session, tenant, endpoint_id), now()
    live = queries.secrets_of(row, settings_of(session).master_keys, at)
    secret = write_secret(secrets.token_bytes(32))
    row.secrets = _sealed(session, endpoint_id, [(secret, None), (live[0][0], at + BOTH_SIGN)])
    session.flush()
    return EndpointShown(**queries.endpoint_out(row).model_dump(), secret=secret)


def test_endpoint(session: Session, tenant: str, endpoint_id: str) -> DeliveryOut:
    """An event of no consequence, sent as every other."""
    row = queries.endpoint_for_update(session, tenant, endpoint_id)
    told = Told(new_id("evt"), TEST_EVENT, endpoint_id, tenant, 0, now())
    body = envelope(told, {"endpoint_id": endpoint_id}, "endpoint_id")
    delivery_id = store_delivery(session, row.endpoint_id, tenant, told, body)
    return queries.delivery_out(queries.delivery_for_update(session, tenant, delivery_id))


def redeliver(session: Session, tenant: str, delivery_id: str) -> DeliveryOut:
    """Delivered, failed or waiting: it is sent now, with all its attempts before it."""
    row = queries.delivery_for_update(session, tenant, delivery_id)
    row.state, row.attempts, row.due_at, row.ended_at = "pending", 0, now(), None
    session.flush()
    touch(session, "webhooks")
    return queries.delivery_out(row)


def redeliver_failed(session: Session, tenant: str, endpoint_id: str, asked: Since) -> Redelivered:
    """Everything of this endpoint said since then that was given up."""
    queries.endpoint_for_update(session, tenant, endpoint_id)
    again = session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.state == "failed",
            WebhookDelivery.said_at >= asked.since,
        )
        .values(state="pending", attempts=0, due_at=now(), ended_at=None)
    )
    touch(session, "webhooks")
    return Redelivered(deliveries=again.rowcount)  # type: ignore[attr-defined]


def _check(session: Session, url: str, event_types: list[str]) -> None:
    errors = []
    if refusal := refusal_of(url, allowed_networks(settings_of(session))):
        errors.append(FieldError(pointer="/url", code="not-reachable", message=refusal))
    for place, name in enumerate(event_types):
        if name not in PUBLIC and name != queries.ANY:
            pointer = f"/event_types/{place}"
            message = f"{name} is no public event; there are {', '.join(PUBLIC)}"
            errors.append(FieldError(pointer=pointer, code="unknown", message=message))
    if errors:
        raise Problem(422, "invalid", errors[0].message, errors)


def _sealed(session: Session, endpoint_id: str, live: list[tuple[str, datetime | None]]) -> bytes:
    text = json.dumps([(secret, end and end.isoformat()) for secret, end in live])
    return seal(text.encode(), settings_of(session).master_keys, endpoint_id)
