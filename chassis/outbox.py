"""What a command says, written in its own transaction; the relay moves it to the log."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Row, String, Table, insert
from sqlalchemy.orm import Session

from chassis.db import Database, Instant, now, tables
from chassis.log import Record
from chassis.telemetry import current_trace
from contracts.event import Event
from contracts.values import new_id

States = Callable[[Session], Iterator[Event]]  # every present state of a service, from its tables

outbox = Table(
    "outbox",
    tables,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("event_id", String(40), nullable=False),
    Column("type", String(120), nullable=False),
    Column("topic", String(60), nullable=False),
    Column("key", String(200), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("time", Instant, nullable=False),
    Column("traceparent", String(60), nullable=False),
    Column("body", LargeBinary, nullable=False),
)
_INSERT = insert(outbox)


def publish(session: Session, *events: Event) -> None:
    """Said once the command commits, in the order given.

    Take the aggregate's lock first: events of one key leave in the order of their commits.
    """
    session.execute(_INSERT, [_row(event) for event in events])
    session.info["said"] = True


def _row(event: Event) -> dict[str, object]:
    return {
        "event_id": new_id("evt"),
        "type": event.name,
        "topic": event.topic(),
        "key": event.key_value(),
        "tenant": event.tenant,
        "sequence": event.sequence,
        "time": now(),
        "traceparent": current_trace(),
        "body": event.body(),
    }


def record_of(row: Row[Any]) -> Record:
    """Of an outbox or a parked row."""
    return Record(
        id=row.event_id,
        type=row.type,
        topic=row.topic,
        key=row.key,
        tenant=row.tenant,
        sequence=row.sequence,
        time=row.time,
        traceparent=row.traceparent,
        body=row.body,
    )


def resay(db: Database, states: States, chunk: int = 500) -> int:
    """Says every state again, after a restore. Late hearers drop it by its sequence."""
    said = list(db.look(lambda session: list(states(session))).result())
    for start in range(0, len(said), chunk):
        db.submit(publish, *said[start : start + chunk]).result()
    return len(said)
