"""The only door: a raw ASGI router that authenticates, limits, and passes on."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.caller import HEADER
from chassis.http import Problem, problem_response
from chassis.settings import Settings
from chassis.telemetry import request_id
from contracts.values import new_id
from gateway.breaker import Breaker
from gateway.identity import Identities, Identity
from gateway.ratelimit import WINDOW_S, limits_of
from gateway.routes import SELF_PROVING, owner_of

ANSWER_WITHIN_S = 60.0  # until an upstream's first byte; a stream then takes its time
_OURS = {HEADER.encode(), b"x-request-id"}  # never taken from outside

REQUESTS = Counter("hansa_gateway_requests_total", "Requests passed on", ("resource", "status"))
SECONDS = Histogram("hansa_gateway_duration_seconds", "From door to door", ("upstream",))
LIMITED = Counter("hansa_gateway_limited_total", "Requests refused by a rate limit", ("kind",))


class Door:
    """An ASGI app over ASGI apps: it does not know whether they are here or elsewhere."""

    def __init__(self, own: FastAPI, upstreams: Mapping[str, ASGIApp], settings: Settings) -> None:
        self.own = own
        self._upstreams = dict(upstreams)
        self._breakers = {name: Breaker(name) for name in upstreams}
        self._settings = settings
        self.limits = limits_of(settings)
        self._identities: Identities | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.own(scope, receive, send)
        owner = owner_of(scope["path"])
        if owner is None and not scope["path"].startswith("/v1"):
            return await self.own(scope, receive, send)
        request_id.set(new_id("req"))
        try:
            if owner is None:
                raise Problem(404, "not-found", f"nothing is at {scope['path']}")
            await self._pass_on(owner, scope, receive, send)
        except Problem as problem:
            if owner is not None:
                REQUESTS.labels(owner[0], str(problem.status)).inc()
            problem.headers = problem.headers | {"X-Request-Id": request_id.get()}
            await problem_response(Request(scope), problem)(scope, receive, send)
        return None

    async def _pass_on(
        self, owner: tuple[str, str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        resource, service = owner
        headers = scope["headers"]
        identity = await self._identify(resource, headers)
        limits = await self._count(identity, scope)
        passed = {**scope, "headers": _passed_headers(headers, identity.token)}
        began = time.perf_counter()
        answer = _Answer(send, resource, limits)
        if service in self._breakers:  # the gateway's own resources are here or nowhere
            with self._breakers[service].watched() as answer.heard:
                await self._answered(self._upstreams[service], passed, receive, answer)
        else:
            await self._answered(self.own, passed, receive, answer)
        SECONDS.labels(service).observe(time.perf_counter() - began)
        if resource == "api-keys" and scope["method"] == "DELETE":
            self._known().forget()

    async def _answered(
        self, upstream: ASGIApp, scope: Scope, receive: Receive, answer: "_Answer"
    ) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S) as waiting:
                answer.waiting = waiting
                await upstream(scope, receive, answer)
        except TimeoutError:
            if answer.started:
                raise
            raise Problem(504, "timed-out", "the service did not answer in time") from None

    async def _identify(self, resource: str, headers: list[tuple[bytes, bytes]]) -> Identity:
        found = {name: value for name, value in headers if name in _IDENTIFYING}
        authorization = found.get(b"authorization", b"").decode("latin-1")
        if resource in SELF_PROVING:
            return await self._known().of("", "")
        tenant = found.get(b"hansa-tenant", b"").decode("latin-1")
        return await self._known().of(authorization, tenant)

    async def _count(self, identity: Identity, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Per credential; without one per address."""
        who = identity.caller.credential or (scope.get("client") or ("unknown",))[0]
        if scope["path"].startswith("/v1/carrier-webhooks/"):
            who = scope["path"]  # per endpoint: one carrier's flood is not another's
        count = await self.limits.count(who)
        seconds = str(count.reset_s)
        headers = {
            "RateLimit-Limit": str(count.limit),
            "RateLimit-Remaining": str(count.remaining),
            "RateLimit-Reset": seconds,
        }
        if not count.is_allowed:
            LIMITED.labels(identity.caller.kind).inc()
            said = f"at most {count.limit} requests in {WINDOW_S} s; wait {seconds} s"
            raise Problem(
                429, "too-many-requests", said, headers=headers | {"Retry-After": seconds}
            )
        return [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    def _known(self) -> Identities:
        if self._identities is None:
            self._identities = Identities(self.own.state.db, self._settings)
        return self._identities


_IDENTIFYING = {b"authorization", b"hansa-tenant"}


class _Answer:
    """Passes the upstream's answer on, with the limits' headers, and counts it."""

    def __init__(self, send: Send, resource: str, limits: list[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._resource = resource
        self._limits = limits
        self.started = False
        self.waiting: asyncio.Timeout | None = None
        self.heard: Callable[[int], None] | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            if self.waiting is not None:
                self.waiting.reschedule(None)
            if self.heard is not None:
                self.heard(message["status"])
            REQUESTS.labels(self._resource, str(message["status"])).inc()
            message = {**message, "headers": [*message["headers"], *self._limits]}
        await self._send(message)


def _passed_headers(headers: list[tuple[bytes, bytes]], token: bytes) -> list[Any]:
    kept = [(name, value) for name, value in headers if name not in _OURS]
    return [
        *kept,
        (HEADER.encode(), token),
        (b"x-request-id", request_id.get().encode()),
    ]
