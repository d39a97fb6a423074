"""How often each may call: counted in Redis for all replicas, here where there is none."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.storage import MemoryStorage
from prometheus_client import Counter, Gauge
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chassis.settings import Settings

WINDOW_S = 10
WITHIN_S = 0.25  # Redis answers in less than a millisecond, or is not waited for
LEFT_ALONE_S = 1.0  # then it is asked again
_logger = logging.getLogger(__name__)

FALLBACKS = Counter("hansa_gateway_limit_fallbacks_total", "Counts that Redis did not take")
IN_MEMORY = Gauge("hansa_gateway_limits_in_memory", "1 while Redis should count and does not")


@dataclass(frozen=True)
class Count:
    """Where a caller stands in the present window."""

    limit: int
    used: int
    reset_s: int  # until the next window

    @property
    def is_allowed(self) -> bool:
        return self.used <= self.limit

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class RateLimits:
    """Fixed windows. Redis down means every replica counts for itself, and says so: never a 5xx."""

    def __init__(
        self,
        requests_per_second: int,
        redis_url: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit: RateLimitItem = RateLimitItemPerSecond(
            requests_per_second * WINDOW_S, WINDOW_S
        )
        self._memory = MemoryStorage()
        self._pool = _pool(redis_url) if redis_url else None
        self._redis = _storage(redis_url, self._pool) if self._pool else None
        self._clock = clock
        self._asked_again_at = 0.0
        IN_MEMORY.set(0)

    async def count(self, who: str) -> Count:
        """One more request of `who`, which may be a secret: only its digest is kept."""
        key = self._limit.key_for(hashlib.sha256(who.encode()).hexdigest())
        if self._redis is not None and self._clock() >= self._asked_again_at:
            try:
                return await self._count_in(self._redis, key)
            except (RedisError, OSError, TimeoutError) as error:
                self._asked_again_at = self._clock() + LEFT_ALONE_S
                _logger.warning("rate limits are counted here: %r", error)
        if self._redis is not None:
            FALLBACKS.inc()
            IN_MEMORY.set(1)
        used = self._memory.incr(key, WINDOW_S)
        return self._counted(used, self._memory.get_expiry(key))

    async def _count_in(self, redis: RedisStorage, key: str) -> Count:
        async with asyncio.timeout(WITHIN_S):
            used = await redis.incr(key, WINDOW_S)
            counted = self._counted(used, await redis.get_expiry(key))
        IN_MEMORY.set(0)
        return counted

    def _counted(self, used: int, resets_at: float) -> Count:
        return Count(self._limit.amount, used, max(0, int(resets_at - time.time()) + 1))

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.disconnect()


def limits_of(settings: Settings) -> RateLimits:
    return RateLimits(settings.requests_per_second, settings.redis_url)


def _pool(url: str) -> ConnectionPool:
    """Of `redis://host:port/number`, or `rediss://`. Not tried twice: the count falls back."""
    return ConnectionPool.from_url(
        url,
        socket_timeout=WITHIN_S,
        socket_connect_timeout=WITHIN_S,
        retry=Retry(NoBackoff(), 0),
    )


def _storage(url: str, pool: ConnectionPool) -> RedisStorage:
    return RedisStorage(
        f"async+{url}",
        implementation="redispy",
        key_prefix="hansa",
        connection_pool=pool,  # type: ignore[arg-type]
    )
