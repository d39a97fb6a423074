"""Payment providers: one file each, all behind the same four questions."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Protocol

from contracts.values import new_id


class Unreachable(Exception):
    """No answer: the same call, with the same key, is made again."""


@dataclass(frozen=True)
class Webhook:
    """What a provider reports by itself, `after_s` seconds later."""

    body: str
    after_s: float


@dataclass(frozen=True)
class Answer:
    """`verdict`: authorised, declined, challenged, pending, captured, capture_failed, voided or
    refunded.

    `reference` is the provider's word for the payment; `next_action` what a challenged buyer does.
    """

    verdict: str
    reference: str = ""
    reason: str = ""
    next_action: dict[str, str] | None = None
    webhooks: tuple[Webhook, ...] = ()


@dataclass(frozen=True)
class Report:
    """One webhook, read: what happened to which payment attempt of which order."""

    order_id: str
    attempt: int
    verdict: str
    reason: str = ""


class PaymentProvider(Protocol):
    """Each call carries its idempotency key: the same key again is the same payment."""

    async def authorise(self, request: dict[str, Any], key: str) -> Answer: ...
    async def capture(self, request: dict[str, Any], key: str) -> Answer: ...
    async def void(self, request: dict[str, Any], key: str) -> Answer: ...
    async def refund(self, request: dict[str, Any], key: str) -> Answer: ...


@dataclass(frozen=True)
class Connection:
    """A fresh receiving address: only the token's hash is looked up."""

    connection_id: str
    token: str
    token_sha256: str
    secret: str


def fresh_connection() -> Connection:
    token = secrets.token_urlsafe(32)
    return Connection(new_id("pcn"), token, token_hash(token), secrets.token_hex(32))


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
