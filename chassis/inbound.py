"""Webhooks: bytes first, one durable insert, then 200. Thinking happens afterwards, repeatably."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request
from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    select,
    update,
)
from sqlalchemy.orm import Session

from chassis.crypto import data_key, seal, unseal
from chassis.db import Database, Instant, has_failed, insert_new, now, tables, touch
from chassis.http import Problem
from chassis.settings import Settings
from chassis.telemetry import DELIVERIES
from contracts.values import new_id

BODY_LIMIT = 1 << 20
COMMIT_WITHIN_S = 1.5
TRIES = 5
BATCH = 10
_logger = logging.getLogger(__name__)

deliveries = Table(
    "inbound_delivery",
    tables,
    Column("id", String(40), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("connection_id", String(40), nullable=False),
    Column("tenant", String(64), nullable=False, index=True),
    Column("received_at", Instant, nullable=False),
    Column("source", String(10), nullable=False),  # webhook, pull, replay
    Column("pulled", Boolean, nullable=False),  # an identical pull still confirms
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("body_sha256", String(64), nullable=False),
    Column("state", String(12), nullable=False),  # received, accepted, quarantined
    Column("reason", String(40), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("due_at", Instant, index=True),  # null once processed
    UniqueConstraint("connection_id", "pulled", "body_sha256"),
)


@dataclass(frozen=True)
class Incoming:
    """An authentic body, as received."""

    kind: str
    connection_id: str
    tenant: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    source: str = "webhook"


@dataclass(frozen=True)
class Delivery:
    """A stored delivery, opened for processing."""

    id: str
    connection_id: str
    tenant: str
    received_at: datetime
    source: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Outcome:
    """`accepted`, or `quarantined` with a reason; `told` is shown to the tenant."""

    state: str
    reason: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)


Process = Callable[[Session, Delivery], Outcome]
Processes = Mapping[str, Process]  # by kind


async def body_of(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """Counted while it is read: 413 beyond the limit, 415 for an encoded body."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "encoded-body", "send the body without Content-Encoding")
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise Problem(413, "too-large", f"a body has at most {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


async def accept(db: Database, settings: Settings, incoming: Incoming) -> tuple[str, str]:
    """The delivery's id, and `received` or `duplicate`. Never before the commit."""
    write = db.write(store, settings.master_keys, incoming)
    try:
        return await asyncio.wait_for(write, COMMIT_WITHIN_S)
    except TimeoutError:
        raise Problem(
            503, "busy", "not stored yet; send it again", headers={"Retry-After": "5"}
        ) from None


def store(session: Session, masters: tuple[bytes, ...], incoming: Incoming) -> tuple[str, str]:
    """No check before the insert: a body seen before is found by the constraint alone."""
    at, delivery_id = now(), new_id("idl")
    key = data_key(session, masters, incoming.tenant, at)
    digest = hashlib.sha256(incoming.body).hexdigest()
    is_new = insert_new(
        session, deliveries, id=delivery_id, kind=incoming.kind,
        connection_id=incoming.connection_id, tenant=incoming.tenant, received_at=at,
        source=incoming.source, pulled=incoming.source == "pull",
        headers=json.dumps(dict(incoming.headers)), body=seal(incoming.body, [key], delivery_id),
        body_sha256=digest, state="received", reason="", outcome="{}", attempts=0, duplicates=0,
        due_at=at,
    )  # fmt: skip
    if not is_new:
        return _again(session, incoming, digest), "duplicate"
    touch(session, "inbound")
    return delivery_id, "received"


def _again(session: Session, incoming: Incoming, digest: str) -> str:
    """Counted on the first; one that was quarantined is processed again."""
    first = session.execute(
        select(deliveries.c.id, deliveries.c.state).where(
            deliveries.c.connection_id == incoming.connection_id,
            deliveries.c.pulled == (incoming.source == "pull"),
            deliveries.c.body_sha256 == digest,
        )
    ).one()
    session.execute(
        update(deliveries)
        .where(deliveries.c.id == first.id)
        .values(duplicates=deliveries.c.duplicates + 1)
    )
    if first.state == "quarantined":
        process_again(session, first.id)
    return str(first.id)


def process_again(session: Session, delivery_id: str) -> None:
    session.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(state="received", attempts=0, due_at=now())
    )
    touch(session, "inbound")


class InboundWorker:
    """Takes deliveries in order of receipt, at least once, each in a savepoint of its own."""

    def __init__(self, service: str, db: Database, settings: Settings, how: Processes) -> None:
        self._service = service
        self._db = db
        self._masters = settings.master_keys
        self._how = how

    async def run(self) -> None:
        async def work() -> int:
            return await self._db.write(self._process_due)

        while self._how:
            try:
                await self._db.read_until("inbound", 1.0, bool, work)
            except Exception:
                _logger.exception("deliveries of %s go on after an error", self._service)
                await asyncio.sleep(1.0)

    def _process_due(self, session: Session) -> int:
        due = (
            select(deliveries)
            .where(deliveries.c.due_at <= now())
            .order_by(deliveries.c.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        rows = session.execute(due).all()
        for row in rows:
            self._process(session, row)
        return len(rows)

    def _process(self, session: Session, row: Any) -> None:
        try:
            with session.begin_nested():
                delivery = opened(session, self._masters, row)
                outcome, due = self._how[row.kind](session, delivery), None
        except Exception as error:
            if has_failed(error):
                raise
            _logger.warning("delivery %s: %r", row.id, error, exc_info=error)
            outcome, due = _after_failure(row.attempts + 1)
        session.execute(
            update(deliveries)
            .where(deliveries.c.id == row.id)
            .values(
                state=outcome.state, reason=outcome.reason, due_at=due,
                outcome=json.dumps(outcome.told), attempts=row.attempts + 1,
            )
        )  # fmt: skip
        DELIVERIES.labels(self._service, row.kind, outcome.state).inc()


def opened(session: Session, masters: tuple[bytes, ...], row: Any) -> Delivery:
    headers = json.loads(row.headers)
    key = data_key(session, masters, row.tenant, row.received_at)
    body = unseal(row.body, [key], row.id)
    return Delivery(
        row.id, row.connection_id, row.tenant, row.received_at, row.source, headers, body
    )


def _after_failure(attempts: int) -> tuple[Outcome, datetime | None]:
    if attempts >= TRIES:
        return Outcome("quarantined", "processing_error"), None
    return Outcome("received"), now() + timedelta(seconds=0.2 * 2**attempts)
