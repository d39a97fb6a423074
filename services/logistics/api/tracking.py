"""Routes of carriers' webhooks, trackers and timelines."""

import math
import time
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from chassis.caller import Anyone, Merchant
from chassis.http import Configured, Db, Problem, not_found
from chassis.idempotency import Once
from chassis.inbound import Incoming, accept, body_of, process_again
from services.logistics.commands import connections, tracking
from services.logistics.domain.tracking.burst import Bucket, take_one
from services.logistics.queries import tracking as queries
from services.logistics.schemas.tracking import (
    ConnectionOut,
    ConnectionShown,
    DeliveryOut,
    NewConnection,
    NewSecret,
    NewTracker,
    Rotated,
    ScanList,
    Taken,
    Tested,
    TimelineOut,
    TrackerOut,
)

router = APIRouter()
carriers = APIRouter(prefix="/carrier-connections", tags=["carrier-connections"])
webhooks = APIRouter(prefix="/carrier-webhooks", tags=["carrier-webhooks"])
deliveries = APIRouter(prefix="/inbound-deliveries", tags=["inbound-deliveries"])
trackers = APIRouter(prefix="/trackers", tags=["trackers"])
timelines = APIRouter(prefix="/shipments", tags=["timelines"])
_BUCKETS: dict[str, Bucket] = {}  # by connection; only what exists is posted to
_SAMPLE_WITHIN_S = 3.0
_KEPT_HEADERS = ("content-type", "webhook-id", "webhook-timestamp", "user-agent")


@carriers.post("", status_code=201)
async def connect(new: NewConnection, caller: Merchant, db: Db) -> ConnectionShown:
    """The address and our secret are shown this once; not idempotent, so nothing stores them."""
    return await db.write(connections.connect, caller, new)


@carriers.get("")
async def list_connections(caller: Merchant, db: Db) -> list[ConnectionOut]:
    return await db.read(queries.connections, caller.tenant)


@carriers.post("/{connection_id}/rotate")
async def rotate(connection_id: str, new: NewSecret, caller: Merchant, db: Db) -> Rotated:
    return await db.write(connections.rotate, caller, connection_id, new)


@carriers.post("/{connection_id}/test")
async def test(connection_id: str, caller: Merchant, db: Db, settings: Configured) -> Tested:
    """A sample, signed with the stored secret, goes the way of every delivery."""
    row, secrets = await db.read(connections.to_be_tested, caller.tenant, connection_id)
    body, headers = connections.sample(row, secrets)
    source = connections.source_of(row, secrets, body, headers)
    incoming = Incoming("carrier", connection_id, caller.tenant, body, headers, connections.SAMPLE)
    delivery_id, stored = await accept(db, settings, incoming)

    async def thought() -> DeliveryOut:
        return await db.read(queries.delivery_out, caller.tenant, delivery_id)

    read = await db.read_until("inbound", _SAMPLE_WITHIN_S, _is_thought, thought)
    return queries.tested(source, stored, read)


def _is_thought(delivery: DeliveryOut) -> bool:
    return delivery.outcome != "received"


@carriers.delete("/{connection_id}")
async def revoke(connection_id: str, caller: Merchant, db: Db) -> ConnectionOut:
    return await db.write(connections.revoke, caller, connection_id)


@webhooks.post("/{provider}/{token}")
async def take(
    provider: str, token: str, request: Request, _: Anyone, db: Db, settings: Configured
) -> Taken:
    """Verified over the bytes, stored, and only then thought about."""
    found = await db.read(connections.receiving, token)
    if found is None or found[0].provider != provider:
        raise not_found("webhook address")
    connection, secrets = found
    _hold(connection.connection_id)
    body = await body_of(request)
    headers = dict(request.headers)
    source = connections.source_of(connection, secrets, body, headers)
    if source is None:
        raise Problem(401, "bad-signature", "the signature does not hold for these bytes")
    kept = {name: headers[name][:500] for name in _KEPT_HEADERS if name in headers}
    incoming = Incoming("carrier", connection.connection_id, connection.tenant, body, kept, source)
    delivery_id, status = await accept(db, settings, incoming)
    return Taken(
        delivery_id=delivery_id, status="received" if status == "received" else "duplicate"
    )


def _hold(connection_id: str) -> None:
    """429 beyond the burst. Of this replica: several let through as many times more."""
    bucket, wait_s = take_one(_BUCKETS.get(connection_id), time.monotonic())
    _BUCKETS[connection_id] = bucket
    if wait_s:
        headers = {"Retry-After": str(math.ceil(wait_s))}
        raise Problem(429, "too-many", "this address is posted to too fast", headers=headers)


@webhooks.head("/{provider}/{token}", include_in_schema=False)
async def probe(provider: str, token: str, db: Db) -> Response:
    """Providers look whether the address is there."""
    found = await db.read(connections.receiving, token)
    if found is None or found[0].provider != provider:
        raise not_found("webhook address")
    return Response()


@deliveries.get("")
async def list_deliveries(
    caller: Merchant,
    db: Db,
    outcome: Literal["received", "accepted", "quarantined"] | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[DeliveryOut]:
    return await db.read(queries.delivery_list, caller.tenant, outcome, limit)


@deliveries.get("/{delivery_id}")
async def show_delivery(delivery_id: str, caller: Merchant, db: Db) -> DeliveryOut:
    return await db.read(queries.delivery_out, caller.tenant, delivery_id)


@deliveries.post("/{delivery_id}/replay")
async def replay(delivery_id: str, caller: Merchant, db: Db) -> DeliveryOut:
    """After a fix: thought about again; it is not verified again."""
    await db.read(queries.delivery_out, caller.tenant, delivery_id)
    await db.write(process_again, delivery_id)
    return await db.read(queries.delivery_out, caller.tenant, delivery_id)


@trackers.post("", status_code=201)
async def watch(new: NewTracker, caller: Merchant, once: Once) -> TrackerOut:
    return await once.write(tracking.watch, caller, new)


@trackers.get("/{tracker_id}")
async def show_tracker(tracker_id: str, caller: Merchant, db: Db) -> TrackerOut:
    return await db.read(queries.show_tracker, caller.tenant, tracker_id)


@trackers.get("/{tracker_id}/scans")
async def list_scans(tracker_id: str, caller: Merchant, db: Db) -> ScanList:
    return await db.read(queries.scan_list, caller.tenant, tracker_id)


@timelines.get("/{shipment_id}/timeline")
async def show_timeline(shipment_id: str, caller: Merchant, db: Db) -> TimelineOut:
    return await db.read(queries.show_timeline, caller.tenant, shipment_id)


for each in (carriers, webhooks, deliveries, trackers, timelines):
    router.include_router(each)
