"""A worker: claims what is due, performs it side by side, outside every transaction."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Self, TypeVar

from sqlalchemy.orm import Session

from chassis.db import Database, now

T = TypeVar("T")
POLL_S = 1.0
CLAIMED_AT_ONCE = 32  # a command takes at most 50 ms
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Errand(Generic[T]):
    """What a worker does: a claim leases what it returns, `make` performs one and records it."""

    name: str  # a command that `touch`es it wakes the worker
    at_once: int
    has_work: Callable[[Session, datetime], bool]
    claim: Callable[[Session, datetime, int], list[T]]
    make: Callable[[T], Awaitable[None]]


class Worker(Generic[T]):
    """What a crash cuts off is claimed again once its lease has ended."""

    def __init__(
        self, db: Database, errand: Errand[T], clock: Callable[[], datetime] = now
    ) -> None:
        self._db = db
        self._errand = errand
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [*([self._loop] if self._loop else []), *self._running]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._start_due()
            except Exception:
                _logger.exception("%s go on after an error", self._errand.name)
                await asyncio.sleep(POLL_S)

    async def _start_due(self) -> None:
        async def has_work() -> bool:
            return await self._db.read(self._errand.has_work, self._clock())

        if await self._db.read_until(self._errand.name, POLL_S, bool, has_work):
            free = min(self._errand.at_once - len(self._running), CLAIMED_AT_ONCE)
            for item in await self._db.write(self._errand.claim, self._clock(), free):
                task = asyncio.create_task(self._make(item))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
        if len(self._running) >= self._errand.at_once:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)

    async def _make(self, item: T) -> None:
        try:
            await self._errand.make(item)
        except Exception:
            _logger.exception("one of %s is done again later", self._errand.name)
