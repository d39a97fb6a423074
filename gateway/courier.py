"""Performs webhook attempts, outside every transaction."""

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
from gateway.worker import Errand, Worker

AT_ONCE = 256  # endpoints do not wait for each other
COUNT_S = 5.0
_logger = logging.getLogger(__name__)

ATTEMPTS = Counter("hansa_webhook_attempts_total", "Webhooks sent to merchants", ("outcome",))
BACKLOG = Gauge("hansa_webhook_backlog", "Deliveries that wait")
DISABLED = Gauge("hansa_webhook_disabled", "Endpoints that are disabled")


class Courier:
    """One attempt per endpoint at a time. A crash repeats it, with the same `webhook-id`."""

    def __init__(
        self, db: Database, receiver: Receiver, clock: Callable[[], datetime] = now
    ) -> None:
        self._db = db
        self._receiver = receiver
        self._clock = clock
        errand = Errand("webhooks", AT_ONCE, queries.has_work, telling.claim_attempts, self._make)
        self._worker = Worker(db, errand, clock)
        self._counting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._worker.__aenter__()
        self._counting = asyncio.create_task(self._count())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._counting is not None:
            self._counting.cancel()
        await self._worker.__aexit__()
        self._receiver.close()

    async def _make(self, attempt: Attempt) -> None:
        answer = await self._receiver.send(attempt.url, attempt.headers, attempt.body)
        ATTEMPTS.labels(answer.outcome).inc()
        chance = random.uniform(-1, 1)  # noqa: S311 - spreads retries, guards nothing
        await self._db.write(telling.record_attempt, attempt, answer, self._clock(), chance)

    async def _count(self) -> None:
        while True:
            try:
                waiting, disabled = await self._db.read(queries.backlog)
                BACKLOG.set(waiting)
                DISABLED.set(disabled)
            except Exception:
                _logger.exception("webhooks are not counted")
            await asyncio.sleep(COUNT_S)
