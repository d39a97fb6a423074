"""What a command says, written in its own transaction; the relay moves it to the log."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Row, String, Table, insert, text
from sqlalchemy.orm import Session

from chassis.db import Instant, now, on_postgres, tables
from chassis.log import Record
from chassis.telemetry import current_trace
from contracts.event import Event
from contracts.values import new_id

States = Callable[[Session], Iterator[Event]]  # every present state of a service, from its tables


def event_columns() -> Iterator[Column[Any]]:
    """A Record as a row."""
    yield Column("event_id", String(40), nullable=False)
    yield Column("type", String(120), nullable=False)
    yield Column("topic", String(60), nullable=False)
    yield Column("key", String(200), nullable=False)
    yield Column("tenant", String(64), nullable=False)
    yield Column("sequence", BigInteger, nullable=False)
    yield Column("time", Instant, nullable=False)
    yield Column("traceparent", String(60), nullable=False)
    yield Column("body", LargeBinary, nullable=False)


outbox = Table(
    "outbox",
    tables,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    *event_columns(),
)
_INSERT = insert(outbox)


def publish(session: Session, *events: Event) -> None:
    """Said once the command commits, in the order given.

    Take the aggregate's lock first: events of one key leave in the order of their commits.
    """
    session.execute(_INSERT, [_record(event)._asdict() for event in events])
    session.info["said"] = True


def _record(event: Event) -> Record:
    return Record(
        new_id("evt"), event.name, event.topic(), event.key_value(), event.tenant,
        event.sequence, now(), current_trace(), event.body(),
    )  # fmt: skip


def record_of(row: Row[Any]) -> Record:
    """Of an outbox or a parked row."""
    return Record._make(getattr(row, name) for name in Record._fields)


def resay(session: Session, states: States, chunk: int = 500) -> int:
    """Says every state again, after a restore. Nobody else speaks meanwhile.

    Else an older state could follow a newer one and stay as the compacted last.
    """
    if on_postgres(session):
        session.execute(text("LOCK TABLE outbox IN SHARE ROW EXCLUSIVE MODE"))
    said, waiting = 0, iter(states(session))
    while events := list(islice(waiting, chunk)):
        publish(session, *events)
        said += len(events)
    return said
