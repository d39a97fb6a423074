"""Outgoing calls: stored by a command, performed with no transaction open, answered by another.

A crash between performing and recording repeats the call with the same key.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Integer, String, Table, Text, func, select, update
from sqlalchemy.orm import Session

from chassis.db import Database, Instant, insert_new, now, tables, touch
from chassis.telemetry import CALLS, CALLS_DUE, current_trace, follow_trace
from contracts.values import new_id

LEASE = timedelta(seconds=15)  # a call takes less; after a crash it is repeated this late
POLL_S = 1.0
AT_ONCE = 16
_logger = logging.getLogger(__name__)

Perform = Callable[[dict[str, Any], str], Awaitable[dict[str, Any]]]
RecordAnswer = Callable[[Session, dict[str, Any], dict[str, Any]], None]


@dataclass(frozen=True)
class Call:
    """`perform(request, key)` asks the outside; raising asks again later, with the same key.

    `record(session, request, answer)` is the command that takes the answer in.
    """

    perform: Perform
    record: RecordAnswer


Calls = Mapping[str, Call]

outgoing_calls = Table(
    "outgoing_call",
    tables,
    Column("id", String(40), primary_key=True),
    Column("kind", String(60), nullable=False),
    Column("key", String(200), nullable=False, unique=True),
    Column("request", Text, nullable=False),
    Column("answer", Text),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, index=True),  # null once answered
    Column("traceparent", String(60), nullable=False),
)


def call(
    session: Session, kind: str, key: str, request: dict[str, Any], after: timedelta = timedelta()
) -> None:
    """To be made once this command has committed. The same key again changes nothing."""
    insert_new(
        session, outgoing_calls, id=new_id("call"), kind=kind, key=key, attempts=0,
        request=json.dumps(request), due_at=now() + after, traceparent=current_trace(),
    )  # fmt: skip
    touch(session, "calls")


class CallWorker:
    """Claims due calls with a lease, performs them side by side, records each answer."""

    def __init__(self, service: str, db: Database, calls: Calls) -> None:
        self._service = service
        self._db = db
        self._calls = calls
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        try:
            while self._calls:
                try:
                    await self._start_due()
                except Exception:
                    _logger.exception("outgoing calls of %s go on after an error", self._service)
                    await asyncio.sleep(POLL_S)
        finally:  # what is cut off here is repeated with the same key
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _start_due(self) -> None:
        async def claim() -> list[Any]:
            return await self._db.write(_claim, AT_ONCE - len(self._running))

        due = await self._db.read_until("calls", POLL_S, bool, claim)
        CALLS_DUE.labels(self._service).set(await self._db.read(_waiting))
        for row in due:
            task = asyncio.create_task(self._make(row))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        if len(self._running) >= AT_ONCE:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _make(self, row: Any) -> None:
        follow_trace(row.traceparent)
        try:
            request, kind = json.loads(row.request), self._calls[row.kind]
            answer = await asyncio.wait_for(
                kind.perform(request, row.key), LEASE.total_seconds() / 2
            )
            await self._db.write(_record, kind.record, row.id, request, answer)
        except Exception as error:
            CALLS.labels(self._service, row.kind, "failed").inc()
            _logger.warning("call %s %s: %r, tried again", row.kind, row.key, error)
            await self._db.write(_postpone, row.id, row.attempts)
        else:
            CALLS.labels(self._service, row.kind, "answered").inc()


def _claim(session: Session, most: int) -> list[Any]:
    due = (
        select(outgoing_calls)
        .where(outgoing_calls.c.due_at <= now())
        .order_by(outgoing_calls.c.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    rows = list(session.execute(due))
    if rows:
        session.execute(
            update(outgoing_calls)
            .where(outgoing_calls.c.id.in_([row.id for row in rows]))
            .values(due_at=now() + LEASE, attempts=outgoing_calls.c.attempts + 1)
        )
    return rows


def _record(
    session: Session, record: RecordAnswer, call_id: str, request: Any, answer: Any
) -> None:
    """The answer is taken in once, also when two workers made the same call."""
    done = session.execute(
        update(outgoing_calls)
        .where(outgoing_calls.c.id == call_id, outgoing_calls.c.due_at.is_not(None))
        .values(due_at=None, answer=json.dumps(answer))
    )
    if done.rowcount:  # type: ignore[attr-defined]
        record(session, request, answer)


def _postpone(session: Session, call_id: str, attempts: int) -> None:
    wait = min(timedelta(minutes=5), timedelta(seconds=0.5) * 2 ** min(attempts, 12))
    session.execute(
        update(outgoing_calls)
        .where(outgoing_calls.c.id == call_id, outgoing_calls.c.due_at.is_not(None))
        .values(due_at=now() + wait)
    )


def _waiting(session: Session) -> int:
    due = outgoing_calls.c.due_at.is_not(None)
    return session.execute(select(func.count()).where(due)).scalar_one()
