"""Webhook endpoints, their deliveries and attempts."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from chassis.crypto import unseal
from chassis.http import Page, PageAsked, not_found, page_of
from contracts.event import PLATFORM
from gateway.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from gateway.schemas.webhooks import (
    AttemptOut,
    DeliveriesAsked,
    DeliveryOut,
    DeliveryShown,
    EndpointOut,
)

ANY = "*"


def endpoint(session: Session, tenant: str, endpoint_id: str) -> EndpointOut:
    return endpoint_out(_endpoint(session, tenant, endpoint_id, lock=False))


def endpoint_for_update(session: Session, tenant: str, endpoint_id: str) -> WebhookEndpoint:
    return _endpoint(session, tenant, endpoint_id, lock=True)


def _endpoint(session: Session, tenant: str, endpoint_id: str, lock: bool) -> WebhookEndpoint:
    wanted = select(WebhookEndpoint).where(
        WebhookEndpoint.endpoint_id == endpoint_id, WebhookEndpoint.tenant == tenant
    )
    row = session.scalars(wanted.with_for_update() if lock else wanted).first()
    if row is None:
        raise not_found("webhook endpoint")
    return row


def endpoints(session: Session, tenant: str, asked: PageAsked) -> Page[EndpointOut]:
    wanted = select(WebhookEndpoint).where(WebhookEndpoint.tenant == tenant)
    rows, following = page_of(session, wanted, WebhookEndpoint.endpoint_id, asked)
    return Page(data=[endpoint_out(row) for row in rows], next_cursor=following)


def endpoint_count(session: Session, tenant: str) -> int:
    counted = select(func.count()).where(WebhookEndpoint.tenant == tenant)
    return session.execute(counted).scalar_one()


def listeners(session: Session, tenant: str, event_type: str) -> list[tuple[str, str]]:
    """Endpoint and its tenant, of all that are told of such an event: what belongs to the platform
    is everybody's. A disabled endpoint listens, too: what it misses waits for it.
    """
    wanted = select(
        WebhookEndpoint.endpoint_id, WebhookEndpoint.tenant, WebhookEndpoint.event_types
    )
    if tenant != PLATFORM:
        wanted = wanted.where(WebhookEndpoint.tenant == tenant)
    return [
        (endpoint_id, owner)
        for endpoint_id, owner, types in session.execute(wanted)
        if ANY in types or event_type in types
    ]


def secrets_of(
    row: WebhookEndpoint, masters: Sequence[bytes], at: datetime
) -> list[tuple[str, datetime | None]]:
    """Each with its end, the newest first; none that has ended."""
    kept: list[Any] = json.loads(unseal(row.secrets, masters, row.endpoint_id))
    read = [(secret, None if end is None else datetime.fromisoformat(end)) for secret, end in kept]
    return [(secret, end) for secret, end in read if end is None or end > at]


def is_ready(at: datetime) -> ColumnElement[bool]:
    """A delivery that may be attempted, by itself and by what its endpoint holds back."""
    return and_(
        WebhookDelivery.endpoint_id == WebhookEndpoint.endpoint_id,
        WebhookDelivery.due_at <= at,
        or_(
            WebhookEndpoint.held_until.is_(None),
            WebhookEndpoint.held_until <= at,
            WebhookDelivery.delivery_id <= WebhookEndpoint.held_by,
        ),
    )


def is_free(at: datetime) -> ColumnElement[bool]:
    """An endpoint that may be called and has something to be told."""
    return and_(
        WebhookEndpoint.state == "active",
        WebhookEndpoint.next_at <= at,
        or_(WebhookEndpoint.leased_until.is_(None), WebhookEndpoint.leased_until <= at),
        exists().where(is_ready(at)).correlate(WebhookEndpoint),
    )


def has_work(session: Session, at: datetime) -> bool:
    return bool(session.execute(select(exists().where(is_free(at)))).scalar())


def free_endpoints(session: Session, at: datetime, most: int) -> list[WebhookEndpoint]:
    wanted = select(WebhookEndpoint).where(is_free(at)).order_by(WebhookEndpoint.next_at)
    return list(session.scalars(wanted.limit(most).with_for_update(skip_locked=True)))


def next_delivery(session: Session, endpoint_id: str, at: datetime) -> WebhookDelivery | None:
    """In the order they were said."""
    wanted = (
        select(WebhookDelivery)
        .join(WebhookEndpoint, is_ready(at))
        .where(WebhookEndpoint.endpoint_id == endpoint_id)
        .order_by(WebhookDelivery.delivery_id)
        .limit(1)
    )
    return session.scalars(wanted).first()


def backlog(session: Session) -> tuple[int, int]:
    """Deliveries that wait, and endpoints that are disabled."""
    waiting = select(func.count()).where(WebhookDelivery.due_at.is_not(None))
    disabled = select(func.count()).where(WebhookEndpoint.state == "disabled")
    return session.execute(waiting).scalar_one(), session.execute(disabled).scalar_one()


def deliveries(session: Session, tenant: str, asked: DeliveriesAsked) -> Page[DeliveryOut]:
    wanted = select(WebhookDelivery).where(WebhookDelivery.tenant == tenant)
    if asked.endpoint_id is not None:
        wanted = wanted.where(WebhookDelivery.endpoint_id == asked.endpoint_id)
    if asked.state is not None:
        wanted = wanted.where(WebhookDelivery.state == asked.state)
    rows, following = page_of(session, wanted, WebhookDelivery.delivery_id, asked)
    return Page(data=[delivery_out(row) for row in rows], next_cursor=following)


def delivery_for_update(session: Session, tenant: str, delivery_id: str) -> WebhookDelivery:
    wanted = select(WebhookDelivery).where(
        WebhookDelivery.delivery_id == delivery_id, WebhookDelivery.tenant == tenant
    )
    row = session.scalars(wanted.with_for_update()).first()
    if row is None:
        raise not_found("webhook delivery")
    return row


def delivery(session: Session, tenant: str, delivery_id: str) -> DeliveryShown:
    row = session.get(WebhookDelivery, delivery_id)
    if row is None or row.tenant != tenant:
        raise not_found("webhook delivery")
    made = (
        select(WebhookAttempt)
        .where(WebhookAttempt.delivery_id == delivery_id)
        .order_by(WebhookAttempt.attempt_id)
    )
    return DeliveryShown(
        **delivery_out(row).model_dump(),
        body=row.body.decode(),
        log=[
            AttemptOut.model_validate(attempt, from_attributes=True)
            for attempt in session.scalars(made)
        ],
    )


def endpoint_out(row: WebhookEndpoint) -> EndpointOut:
    return EndpointOut.model_validate(row, from_attributes=True)


def delivery_out(row: WebhookDelivery) -> DeliveryOut:
    return DeliveryOut.model_validate(row, from_attributes=True)
