"""The outermost ASGI layer of a service: request id, trace, metrics, the size of a body."""

import re
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.http import Problem, problem_response
from chassis.telemetry import IN_FLIGHT, REQUEST_SECONDS, follow_trace, request_id
from contracts.values import new_id

BODY_LIMIT = 1 << 20
IMPORT_LIMIT = 64 << 20
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")


class _TooLarge(Exception):
    pass


class Outermost:
    """Pure ASGI (BaseHTTPMiddleware costs 130 us a request)."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = dict(scope["headers"])
        request_id.set(_given_id(headers) or new_id("req"))
        follow_trace(headers.get(b"traceparent", b"").decode("latin-1"))
        began, status = perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"], (b"x-request-id", request_id.get().encode())
                ]  # fmt: skip
            await send(message)

        with IN_FLIGHT.labels(self._service).track_inprogress():
            try:
                await self._app(scope, _limited(scope, headers, receive), answer)
            except _TooLarge:
                await _refuse_size(scope, receive, answer)
        route = getattr(scope.get("route"), "path", "none")
        REQUEST_SECONDS.labels(self._service, scope["method"], route, str(status)).observe(
            perf_counter() - began
        )
        return None


def _given_id(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if _REQUEST_ID.match(given) else ""


def _limited(scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Receive:
    limit = IMPORT_LIMIT if "import" in scope["path"] else BODY_LIMIT
    if headers.get(b"content-length", b"0").isdigit():
        declared = int(headers.get(b"content-length", b"0"))
    else:
        declared = 0
    size = 0

    async def counted() -> Message:
        nonlocal size
        if declared > limit:
            raise _TooLarge
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise _TooLarge
        return message

    return counted


async def _refuse_size(scope: Scope, receive: Receive, send: Any) -> None:
    from fastapi import Request  # noqa: PLC0415

    problem = Problem(413, "too-large", "the body is larger than this resource takes")
    await problem_response(Request(scope), problem)(scope, receive, send)
