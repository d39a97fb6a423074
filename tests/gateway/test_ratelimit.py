"""Rate limits over a real Redis, and without it."""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.ratelimit import FALLBACKS, IN_MEMORY, LEFT_ALONE_S, WINDOW_S, RateLimits
from onebox.local.daemon import Daemon
from onebox.local.ports import free_ports

PER_SECOND = 1
LIMIT = PER_SECOND * WINDOW_S


class Redis:
    """A server on loopback that keeps nothing."""

    def __init__(self, tool: str, folder: Path) -> None:
        self._tool, self._folder = tool, folder
        self.port = free_ports(1)[0]
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = f"--port {self.port} --bind 127.0.0.1 --save --appendonly no".split()
        self._daemon = Daemon([self._tool, *options], self._folder / "redis.log", cwd=self._folder)
        self._daemon.wait_until(self._listens)

    def send(self, which: signal.Signals) -> None:
        self._daemon.send(which)

    def stop(self) -> None:
        self._daemon.end(signal.SIGKILL)

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as line:
                line.sendall(b"PING\r\n")
                return line.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    tool = shutil.which("redis-server")
    if tool is None:
        missing = "redis-server is missing: apt-get install redis-server"
        if os.environ.get("REQUIRE_FULL") == "1":
            pytest.fail(f"REQUIRE_FULL=1, and {missing}")
        pytest.skip(missing)
    server = Redis(tool, tmp_path)
    server.start()
    yield server
    server.stop()


class Clock:
    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


@asynccontextmanager
async def limits(url: str, clock: Clock | None = None) -> AsyncIterator[RateLimits]:
    made = RateLimits(PER_SECOND, url, clock or Clock())
    yield made
    await made.close()


async def allowed(counting: RateLimits, times: int, who: str = "key_1") -> list[bool]:
    return [(await counting.count(who)).is_allowed for _ in range(times)]


def test_two_replicas_count_together_and_callers_apart(redis: Redis) -> None:
    async def run() -> None:
        async with limits(redis.url) as one, limits(redis.url) as other:
            counts = [await each.count("key_1") for each in [one, other] * LIMIT]
            assert [count.is_allowed for count in counts] == [True] * LIMIT + [False] * LIMIT
            assert [count.remaining for count in counts[:3]] == [LIMIT - 1, LIMIT - 2, LIMIT - 3]
            assert all(0 < count.reset_s <= WINDOW_S + 1 for count in counts)
            assert await allowed(other, 1, "key_2") == [True]

    asyncio.run(run())


def test_no_name_of_a_caller_is_left_in_redis(redis: Redis) -> None:
    secret = "/v1/carrier-webhooks/dhl/a-token"

    async def run() -> None:
        async with limits(redis.url) as counting:
            await counting.count(secret)

    asyncio.run(run())
    with socket.create_connection(("127.0.0.1", redis.port), 1) as line:
        line.sendall(b"KEYS *\r\n")
        keys = line.recv(65_536)
    assert keys.startswith(b"*1\r\n")
    assert b"a-token" not in keys


def test_without_redis_one_replica_counts_for_itself() -> None:
    async def run() -> None:
        async with limits("") as counting:
            assert await allowed(counting, LIMIT + 1) == [True] * LIMIT + [False]

    asyncio.run(run())
    assert IN_MEMORY._value.get() == 0


def test_redis_going_and_coming_back_never_fails_a_request(redis: Redis) -> None:
    clock = Clock()

    async def run() -> None:
        async with limits(redis.url, clock) as counting:
            assert await allowed(counting, 3) == [True] * 3
            redis.stop()
            before = FALLBACKS._value.get()
            assert await allowed(counting, LIMIT + 1) == [True] * LIMIT + [False]
            assert (IN_MEMORY._value.get(), FALLBACKS._value.get()) == (1, before + LIMIT + 1)
            redis.start()
            clock.s += LEFT_ALONE_S
            assert (await counting.count("key_1")).used == 1
            assert IN_MEMORY._value.get() == 0

    asyncio.run(run())


def test_a_redis_that_hangs_is_waited_for_once_not_by_everybody(redis: Redis) -> None:
    async def run() -> float:
        async with limits(redis.url) as counting:
            await counting.count("key_1")
            redis.send(signal.SIGSTOP)
            loop = asyncio.get_running_loop()
            began = loop.time()
            assert await allowed(counting, 5) == [True] * 5
            return loop.time() - began

    took_s = asyncio.run(run())
    redis.send(signal.SIGCONT)
    assert took_s < 5 * 0.25  # else each would have waited


def test_a_redis_that_never_was_is_no_reason_to_fail() -> None:
    async def run() -> None:
        async with limits(f"redis://127.0.0.1:{free_ports(1)[0]}/0") as counting:
            assert await allowed(counting, LIMIT + 1) == [True] * LIMIT + [False]

    asyncio.run(run())
