"""Log to handlers: each effect once, each key in order, nothing lost.

The handler's transaction also holds the inbox row (what the relay sent twice is done once) and the
offset of its partition (an owner that lost the partition finds it moved on). So a restored service
goes on from what its own database knows.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session

from chassis.db import Database, Instant, insert_new, now, tables, touch
from chassis.log import Delivery, Place, Record
from chassis.outbox import event_columns, record_of
from chassis.telemetry import EVENT_LAG, HANDLED, HANDLER_SECONDS, PARKED, follow_trace
from contracts.event import Event
from contracts.values import new_id

Handler = Callable[[Session, Any], None]
Handlers = Mapping[type[Event], Handler]

inbox = Table(
    "inbox",
    tables,
    Column("event_id", String(40), primary_key=True),
    Column("handled_at", Instant, nullable=False, index=True),
)
offsets = Table(
    "consumer_offset",
    tables,
    Column("topic", String(60), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
)
parked = Table(
    "parked",
    tables,
    Column("id", String(40), primary_key=True),
    *event_columns(),
    Column("error", Text, nullable=False),  # empty: parked behind an earlier one of its key
    Column("parked_at", Instant, nullable=False),
    Index("ix_parked_key", "key"),
)


class Unreadable(ValueError):
    """A record whose body does not fit its event's class."""


def topics_of(handlers: Handlers) -> list[str]:
    return sorted({event.topic() for event in handlers})


def event_of(record: Record, kinds: Mapping[str, type[Event]]) -> Event:
    try:
        fields = json.loads(record.body) | {"tenant": record.tenant, "sequence": record.sequence}
        return kinds[record.type].model_validate(fields)
    except ValueError as error:
        raise Unreadable(f"{record.type} {record.event_id}: {error}") from error


def positions(session: Session, places: Sequence[Place]) -> dict[Place, int]:
    rows = session.execute(select(offsets.c.topic, offsets.c.partition, offsets.c.next_offset))
    known = {(topic, partition): offset for topic, partition, offset in rows}
    return {place: known[place] for place in places if place in known}


def handle(
    session: Session, service: str, handlers: Handlers, batch: Sequence[Delivery]
) -> list[Record]:
    """The records of one partition, in order; all or none. Returns those that took effect."""
    fresh = _advance(session, batch)
    named = {event.name: event for event in handlers}
    blocked = _blocked_keys(session) if fresh else set()
    effective = []
    for delivery in fresh:
        record = delivery.record
        if record.type not in named or not _is_new(session, record):
            continue
        if (record.topic, record.key) in blocked:
            _park(session, record, error="")
            continue
        _run(session, service, handlers, event_of(record, named), record)
        effective.append(record)
    return effective


def _run(session: Session, service: str, handlers: Handlers, event: Event, record: Record) -> None:
    follow_trace(record.traceparent)
    session.info["record"] = record
    touch(session, "heard")
    began = perf_counter()
    handlers[type(event)](session, event)
    HANDLER_SECONDS.labels(service, record.type).observe(perf_counter() - began)


def park(session: Session, delivery: Delivery, error: str) -> None:
    """Sets a record aside and moves on; later ones of its key follow it, other keys go on."""
    if _advance(session, [delivery]) and _is_new(session, delivery.record):
        _park(session, delivery.record, error)


def replay(session: Session, service: str, handlers: Handlers, key: str) -> int:
    """Runs what is parked of one key again, in order, all or none. Returns how many."""
    named = {event.name: event for event in handlers}
    rows = session.execute(select(parked).where(parked.c.key == key).order_by(parked.c.id)).all()
    for row in rows:
        record = record_of(row)
        _run(session, service, handlers, event_of(record, named), record)
    session.execute(delete(parked).where(parked.c.id.in_([row.id for row in rows])))
    return len(rows)


def replay_all(db: Database, service: str, handlers: Handlers) -> tuple[int, dict[str, str]]:
    """How many were done, and for each key that fails again, and so stays parked, why."""
    done, failed = 0, {}
    for key in db.look(parked_keys).result():
        try:
            done += db.submit(replay, service, handlers, key).result()
        except Exception as error:
            failed[key] = f"{type(error).__name__}: {error}"
    return done, failed


def drop(session: Session, parked_id: str) -> bool:
    """Gives a parked record up. False if there is none."""
    return bool(session.execute(delete(parked).where(parked.c.id == parked_id)).rowcount)  # type: ignore[attr-defined]


def parked_rows(session: Session) -> list[Any]:
    return list(session.execute(select(parked).order_by(parked.c.id).limit(1000)))


def parked_keys(session: Session) -> list[str]:
    return list(session.scalars(select(parked.c.key).distinct().order_by(parked.c.key)))


def count_parked(session: Session, service: str) -> None:
    PARKED.labels(service).set(
        session.execute(select(func.count()).select_from(parked)).scalar_one()
    )


def prune_inbox(session: Session, older_than: Any) -> None:
    """Inbox rows live as long as the log does."""
    session.execute(delete(inbox).where(inbox.c.handled_at < older_than))


def observe(service: str, records: Sequence[Record]) -> None:
    for record in records:
        HANDLED.labels(service, record.type).inc()
        EVENT_LAG.labels(service).observe(max(0.0, (now() - record.time).total_seconds()))


def _advance(session: Session, batch: Sequence[Delivery]) -> list[Delivery]:
    """Locks the partition's offset, moves it past the batch, returns what was not yet done."""
    topic, partition = batch[0].place
    here = (offsets.c.topic == topic) & (offsets.c.partition == partition)
    following = batch[-1].offset + 1
    done = session.execute(select(offsets.c.next_offset).where(here).with_for_update()).scalar()
    if done is None:
        session.execute(
            insert(offsets).values(topic=topic, partition=partition, next_offset=following)
        )
        return list(batch)
    if done < following:
        session.execute(update(offsets).where(here).values(next_offset=following))
    return [delivery for delivery in batch if delivery.offset >= done]


def _is_new(session: Session, record: Record) -> bool:
    return insert_new(session, inbox, event_id=record.event_id, handled_at=now())


def _blocked_keys(session: Session) -> set[tuple[str, str]]:
    return {(topic, key) for topic, key in session.execute(select(parked.c.topic, parked.c.key))}


def _park(session: Session, record: Record, error: str) -> None:
    session.execute(
        insert(parked).values(id=new_id("prk"), error=error, parked_at=now(), **record._asdict())
    )
