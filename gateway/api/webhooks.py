"""Outgoing webhooks."""

from typing import Annotated

from fastapi import APIRouter, Query

from chassis.caller import Merchant
from chassis.http import Db, Page, PageQuery
from chassis.idempotency import Once
from gateway import queries
from gateway.commands import webhooks as commands
from gateway.schemas.webhooks import (
    DeliveriesAsked,
    DeliveryOut,
    DeliveryShown,
    EndpointChange,
    EndpointOut,
    EndpointShown,
    NewEndpoint,
    Redelivered,
    Since,
)

endpoints = APIRouter(prefix="/webhook-endpoints", tags=["webhook-endpoints"])
deliveries = APIRouter(prefix="/webhook-deliveries", tags=["webhook-deliveries"])
routers = (endpoints, deliveries)


@endpoints.post("", status_code=201)
async def create(new: NewEndpoint, caller: Merchant, db: Db) -> EndpointShown:
    """Not idempotent on purpose: a stored answer would store the secret."""
    return await db.write(commands.create_endpoint, caller.tenant, new)


@endpoints.get("")
async def index(asked: PageQuery, caller: Merchant, db: Db) -> Page[EndpointOut]:
    return await db.read(queries.endpoints, caller.tenant, asked)


@endpoints.get("/{endpoint_id}")
async def show(endpoint_id: str, caller: Merchant, db: Db) -> EndpointOut:
    return await db.read(queries.endpoint, caller.tenant, endpoint_id)


@endpoints.patch("/{endpoint_id}")
async def change(endpoint_id: str, given: EndpointChange, caller: Merchant, db: Db) -> EndpointOut:
    return await db.write(commands.change_endpoint, caller.tenant, endpoint_id, given)


@endpoints.post("/{endpoint_id}/rotate-secret")
async def rotate(endpoint_id: str, caller: Merchant, db: Db) -> EndpointShown:
    return await db.write(commands.rotate_secret, caller.tenant, endpoint_id)


@endpoints.post("/{endpoint_id}/test", status_code=202)
async def test(endpoint_id: str, caller: Merchant, once: Once) -> DeliveryOut:
    """Sends an event of no consequence."""
    return await once.write(commands.test_endpoint, caller.tenant, endpoint_id)


@endpoints.post("/{endpoint_id}/redeliver", status_code=202)
async def redeliver_failed(
    endpoint_id: str, asked: Since, caller: Merchant, once: Once
) -> Redelivered:
    """All that failed since a time."""
    return await once.write(commands.redeliver_failed, caller.tenant, endpoint_id, asked)


@deliveries.get("")
async def list_deliveries(
    asked: Annotated[DeliveriesAsked, Query()], caller: Merchant, db: Db
) -> Page[DeliveryOut]:
    return await db.read(queries.deliveries, caller.tenant, asked)


@deliveries.get("/{delivery_id}")
async def show_delivery(delivery_id: str, caller: Merchant, db: Db) -> DeliveryShown:
    return await db.read(queries.delivery, caller.tenant, delivery_id)


@deliveries.post("/{delivery_id}/redeliver", status_code=202)
async def redeliver(delivery_id: str, caller: Merchant, once: Once) -> DeliveryOut:
    return await once.write(commands.redeliver, caller.tenant, delivery_id)
