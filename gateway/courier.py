"""The worker that performs webhook attempts, outside every transaction."""

import asyncio
import logging
import random
from collections.abc import Callable
from datetime import datetime
from typing import Self

from prometheus_client import Counter, Gauge

from chassis.db import Database, now
from gateway import queries
from gateway.adapters.receiver import Receiver
from gateway.commands import telling
from gateway.commands.telling import Attempt

AT_ONCE = 256  # endpoints do not wait for each other
POLL_S = 1.0
COUNT_S = 5.0
_logger = logging.getLogger(__name__)

ATTEMPTS = Counter("hansa_webhook_attempts_total", "Webhooks sent to merchants", ("outcome",))
BACKLOG = Gauge("hansa_webhook_backlog", "Deliveries that wait")
DISABLED = Gauge("hansa_webhook_disabled", "Endpoints that are disabled")


class Courier:
    """Claims what is due, one attempt per endpoint, sends side by side, records each answer.

    A crash in between repeats the attempt, with the same `webhook-id`.
    """

    def __init__(
        self, db: Database, receiver: Receiver, clock: Callable[[], datetime] = now
    ) -> None:
        self._db = db
        self._receiver = receiver
        self._clock = clock
        self._sending: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._loops = [asyncio.create_task(loop()) for loop in (self._run, self._count)]
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [*self._loops, *self._sending]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._receiver.close()

    async def _run(self) -> None:
        while True:
            try:
                await self._start_due()
            except Exception:
                _logger.exception("webhooks go on after an error")
                await asyncio.sleep(POLL_S)

    async def _start_due(self) -> None:
        async def has_work() -> bool:
            return await self._db.read(queries.has_work, self._clock())

        if await self._db.read_until("webhooks", POLL_S, bool, has_work):
            free = AT_ONCE - len(self._sending)
            for attempt in await self._db.write(telling.claim_attempts, self._clock(), free):
                task = asyncio.create_task(self._make(attempt))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
        if len(self._sending) >= AT_ONCE:
            await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)

    async def _make(self, attempt: Attempt) -> None:
        try:
            answer = await self._receiver.send(attempt.url, attempt.headers, attempt.body)
            ATTEMPTS.labels(answer.outcome).inc()
            chance = random.uniform(-1, 1)  # noqa: S311 - spreads retries, guards nothing
            await self._db.write(telling.record_attempt, attempt, answer, self._clock(), chance)
        except Exception:  # the lease ends, and it is sent again
            _logger.exception("delivery %s was not recorded", attempt.delivery_id)

    async def _count(self) -> None:
        while True:
            try:
                waiting, disabled = await self._db.read(queries.backlog)
                BACKLOG.set(waiting)
                DISABLED.set(disabled)
            except Exception:
                _logger.exception("webhooks are not counted")
            await asyncio.sleep(COUNT_S)
