"""The outermost ASGI layer of a service: request id, trace, metrics, the size of a body."""

import logging
import re
from time import perf_counter

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.http import as_problem, problem_response
from chassis.telemetry import IN_FLIGHT, REQUEST_SECONDS, follow_trace, request_id
from contracts.values import new_id

BODY_LIMIT = 1 << 20
IMPORT_LIMIT = 64 << 20
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_logger = logging.getLogger(__name__)


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
        began, status, has_begun = perf_counter(), 500, False

        async def answer(message: Message) -> None:
            nonlocal status, has_begun
            if message["type"] == "http.response.start":
                status, has_begun = message["status"], True
                message["headers"] = [
                    *message["headers"], (b"x-request-id", request_id.get().encode())
                ]  # fmt: skip
            await send(message)

        try:
            with IN_FLIGHT.labels(self._service).track_inprogress():
                await self._app(scope, _limited(scope, headers, receive), answer)
        except Exception as error:
            _logger.exception("%s %s failed", scope["method"], scope["path"])
            if has_begun:
                raise  # the server cuts the connection: half an answer must not look whole
            refusal = problem_response(Request(scope), as_problem(error))
            await refusal(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            REQUEST_SECONDS.labels(self._service, method, route, str(status)).observe(
                perf_counter() - began
            )
        return None


def _given_id(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if _REQUEST_ID.match(given) else ""


def _limited(scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Receive:
    """Counted while it is read: a declared length may be missing or wrong."""
    limit = IMPORT_LIMIT if "import" in scope["path"] else BODY_LIMIT
    declared = headers.get(b"content-length", b"")
    size = int(declared) if declared.isdigit() and len(declared) < 20 else 0
    too_large = HTTPException(413, "the body is larger than this resource takes")
    if size > limit:

        async def refused() -> Message:
            raise too_large

        return refused
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise too_large
        return message

    return counted
