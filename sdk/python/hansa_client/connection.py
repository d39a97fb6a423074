"""One key per intention, and a request is sent again only where that is safe."""

import json
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

import httpx

from .problem import Problem

ATTEMPTS = 4
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.2, 10.0
_REFUSED = {409, 429}  # with Retry-After: nothing has been done
_LOST = {502, 503, 504}  # it may have been done
_REPEATABLE = {"GET", "HEAD", "PUT", "DELETE"}


class Options(TypedDict, total=False):
    """For one call: the key of an intention kept elsewhere, and whose merchant is meant."""

    idempotency_key: str
    tenant: str


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, object] = field(default_factory=dict)
    body: object = None
    media: str = "application/json"
    is_keyed: bool = False  # the platform does it once per Idempotency-Key


class Connection:
    """One credential at one gateway. Safe to share between threads."""

    def __init__(self, url: str, key: str, timeout_s: float = 30.0) -> None:
        sent = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=url, headers=sent, timeout=timeout_s)

    def json(self, request: Request, options: Options) -> Any:
        return self._answer(request, options).json()

    def content(self, request: Request, options: Options) -> bytes:
        return self._answer(request, options).content

    def close(self) -> None:
        self._http.close()

    def _answer(self, request: Request, options: Options) -> httpx.Response:
        """Tried up to four times with the same key. Raises Problem, or httpx.TransportError."""
        made = self._made(request, options)
        is_safe = "idempotency-key" in made.headers or (
            request.method in _REPEATABLE and "if-match" not in made.headers
        )
        for attempt in range(1, ATTEMPTS + 1):
            is_last = attempt == ATTEMPTS
            try:
                answer = self._http.send(made)
            except httpx.TransportError:
                if is_last or not is_safe:
                    raise
                time.sleep(_wait_s(attempt))
                continue
            if is_last or not _may_be_sent_again(answer, is_safe):
                break
            time.sleep(_wait_s(attempt, answer))
        if not answer.is_success:
            raise Problem(answer)
        return answer

    def _made(self, request: Request, options: Options) -> httpx.Request:
        headers = {name: str(value) for name, value in request.headers.items() if value is not None}
        if request.is_keyed:
            headers["Idempotency-Key"] = options.get("idempotency_key") or str(uuid.uuid4())
        elif "idempotency_key" in options:
            raise ValueError(f"{request.path} keeps no Idempotency-Key")
        if tenant := options.get("tenant"):
            headers["Hansa-Tenant"] = tenant
        content = None
        if request.body is not None:
            headers["Content-Type"] = request.media
            content = _bytes(request.body)
        query: Any = {name: value for name, value in request.query.items() if value is not None}
        return self._http.build_request(
            request.method, request.path, params=query, headers=headers, content=content
        )


def _bytes(body: object) -> bytes:
    if isinstance(body, bytes):
        return body
    return json.dumps(body, allow_nan=False).encode()


def _may_be_sent_again(answer: httpx.Response, is_safe: bool) -> bool:
    if answer.status_code in _REFUSED:
        return "retry-after" in answer.headers
    return is_safe and answer.status_code in _LOST


def _wait_s(attempt: int, answer: httpx.Response | None = None) -> float:
    """What the platform asks for, else longer each time and never in step with others."""
    asked = answer.headers.get("retry-after", "") if answer is not None else ""
    if asked.isdecimal():
        return min(float(asked), _LONGEST_WAIT_S)
    return float(_FIRST_WAIT_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))  # noqa: S311
