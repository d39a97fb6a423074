"""An upstream in another process, as an ASGI app."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any

import aiohttp
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send
from yarl import URL

from chassis.http import Problem, problem_response

_IDLE_S = 60  # shorter than a service keeps an idle connection: chassis.run.server
_CONNECT_S = 2.0
_POOL = 1000
# RFC 9110, section 7.6.1: they speak of one connection. `Expect` was answered by our own server.
_HOP_BY_HOP = frozenset(
    b"connection expect keep-alive proxy-authenticate proxy-authorization proxy-connection "
    b"te trailer transfer-encoding upgrade".split()
)
# What a client says about its own way here is its claim; ours comes from the scope.
_CLAIMED = frozenset(b"forwarded x-forwarded-for x-forwarded-host x-forwarded-proto".split())
_OUR_SERVERS_OWN = frozenset({b"date", b"server"})
_NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")

Headers = Iterable[tuple[bytes, bytes]]


class UpstreamBroke(Exception):
    """The answer had begun: all that is left is to end the connection, so that the client knows."""


class Proxy:
    """Forwards http both ways without holding more than a few chunks.

    Bytes of path, query and headers pass as they came. A request is sent a second time only by
    aiohttp: once, if its method is idempotent, its body is at hand, and no answer had come.
    `timeout_s` is how long the upstream may be waited for: to take a piece of the body, or to
    begin its answer. A begun answer may pause for as long as it likes (events do).
    """

    def __init__(self, url: str, timeout_s: float = 30.0) -> None:
        self._origin = url.rstrip("/")
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        if scope["type"] != "http":
            raise RuntimeError(f"{scope['type']} is not forwarded")
        exchange = _Exchange(scope, receive, send)
        try:
            await exchange.until_the_client_leaves(self._forward(exchange))
        except Problem as problem:
            if exchange.has_begun:
                raise UpstreamBroke(str(problem)) from problem
            await problem_response(Request(scope), problem)(scope, receive, send)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _forward(self, exchange: "_Exchange") -> None:
        """Raises Problem for whatever the upstream does or fails to do."""
        url, headers = self._target(exchange.scope), _request_headers(exchange.scope)
        try:
            async with asyncio.timeout(None) as clock:
                body = await exchange.body(_Patience(clock, self._timeout_s))
                async with self._pool().request(
                    exchange.scope["method"],
                    url,
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                    skip_auto_headers=_NOT_ADDED,
                ) as answer:
                    clock.reschedule(None)
                    await exchange.pass_on(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            detail = "the service is not there at the moment; nothing was done, try again"
            raise Problem(503, "upstream-down", detail, headers={"Retry-After": "1"}) from error
        except TimeoutError as error:
            detail = "the service did not answer in time; it may still do what was asked"
            raise Problem(504, "upstream-timeout", detail) from error
        except aiohttp.ClientError as error:
            exchange.raise_what_the_client_side_said()
            detail = "the service was lost on the way; it may have done what was asked"
            raise Problem(503, "upstream-lost", detail, headers={"Retry-After": "1"}) from error

    def _target(self, scope: Scope) -> URL:
        path, query = scope["raw_path"], scope["query_string"]
        if not path.startswith(b"/"):
            raise Problem(400, "bad-request", "the path must begin with a slash")
        whole = path + b"?" + query if query else path
        return URL(self._origin + _text(whole), encoded=True)

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_POOL, keepalive_timeout=_IDLE_S),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                middlewares=(_not_again_after_a_byte,),
            )
        return self._session


async def _not_again_after_a_byte(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """aiohttp would repeat an idempotent request whose answer had begun."""
    try:
        return await handler(request)
    except aiohttp.ServerDisconnectedError as error:
        if isinstance(error.message, str):  # else it is the part that came
            raise
        raise aiohttp.ClientPayloadError("the answer broke off in its headers") from error


class _Patience:
    """The clock runs while the upstream is waited for, and stands while the client is."""

    def __init__(self, clock: asyncio.Timeout, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds

    def upstream_is_waited_for(self) -> None:
        self._clock.reschedule(asyncio.get_running_loop().time() + self._seconds)

    def client_is_waited_for(self) -> None:
        self._clock.reschedule(None)


class _ClientLeft(Exception):
    pass


class _Exchange:
    """One request and its answer, and the client's leaving in between."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.has_begun = False
        self._receive = receive
        self._send = send
        self._handler = asyncio.current_task()
        self._watch: asyncio.Task[None] | None = None
        self._has_left = False
        self._is_over = False
        self._said: Exception | None = None

    async def until_the_client_leaves(self, forwarding: Coroutine[Any, Any, None]) -> None:
        try:
            await forwarding
        except _ClientLeft:
            return
        except (Exception, asyncio.CancelledError):
            if not self._has_left or self._handler is None or self._handler.uncancel() > 0:
                raise
        finally:
            self._stop_watching()

    async def body(self, patience: _Patience) -> bytes | AsyncIterator[bytes] | None:
        """Bytes where it came in one piece: only such a body can be sent a second time."""
        first = await self._receive()
        if first["type"] == "http.disconnect":
            raise _ClientLeft
        patience.upstream_is_waited_for()
        if first.get("more_body"):
            return self._pieces(first, patience)
        self._start_watching()
        return first.get("body") or None

    async def pass_on(self, answer: aiohttp.ClientResponse) -> None:
        dropped = _HOP_BY_HOP | _OUR_SERVERS_OWN | _named_by_connection(answer.raw_headers)
        lowered = [(name.lower(), value) for name, value in answer.raw_headers]
        headers = [(name, value) for name, value in lowered if name not in dropped]
        self.has_begun = True
        await self._send(
            {"type": "http.response.start", "status": answer.status, "headers": headers}
        )
        async for piece in answer.content.iter_any():
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        self._stop_watching()  # after a whole answer `receive` says disconnect, too
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def raise_what_the_client_side_said(self) -> None:
        """aiohttp reads the body in a task of its own and hides what `receive` raised there."""
        if self._said is not None:
            raise self._said

    async def _pieces(self, message: Message, patience: _Patience) -> AsyncIterator[bytes]:
        yield message["body"]
        while message.get("more_body"):
            patience.client_is_waited_for()
            try:
                message = await self._receive()
            except Exception as error:
                self._said = error
                raise
            if message["type"] == "http.disconnect":
                self._leave()
                raise _ClientLeft
            patience.upstream_is_waited_for()
            yield message["body"]
        self._start_watching()

    def _start_watching(self) -> None:
        if not self._is_over:  # an answer may have ended before the body did
            self._watch = asyncio.create_task(self._wait_for_leaving())

    def _stop_watching(self) -> None:
        self._is_over = True
        if self._watch is not None:
            self._watch.cancel()

    async def _wait_for_leaving(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    def _leave(self) -> None:
        """Only from another task: the handler waits, and wakes by its cancellation."""
        self._has_left = True
        if self._handler is not None and not self._is_over:
            self._handler.cancel()


def _request_headers(scope: Scope) -> list[tuple[str, str]]:
    given = scope["headers"]
    dropped = _HOP_BY_HOP | _CLAIMED | _named_by_connection(given)
    headers = [(_text(name), _text(value)) for name, value in given if name not in dropped]
    headers += [("x-forwarded-host", _text(value)) for name, value in given if name == b"host"]
    headers.append(("x-forwarded-proto", scope["scheme"]))
    if scope.get("client"):
        headers.append(("x-forwarded-for", scope["client"][0]))
    return headers


def _named_by_connection(headers: Headers) -> frozenset[bytes]:
    named = [value for name, value in headers if name.lower() == b"connection"]
    return frozenset(word.strip().lower() for value in named for word in value.split(b","))


def _text(raw: bytes) -> str:
    """aiohttp writes text as UTF-8, so these are the bytes that came. Raises Problem."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        detail = f"path and headers must be UTF-8, which {raw[:40]!r} is not"
        raise Problem(400, "bad-request", detail) from None
