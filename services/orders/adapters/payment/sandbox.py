"""The sandbox provider: ships with the product, behaves as documented, badly where it is asked to.

| token | what happens |
|---|---|
| tok_success | authorised; captures, voids and refunds succeed |
| tok_decline | declined (insufficient_funds) |
| tok_challenge | challenged (3-D Secure); a webhook authorises it one second later |
| tok_challenge_abandoned | challenged; nobody completes the challenge |
| tok_timeout | the first authorisation of a key gets no answer; the repeated call finds it |
| tok_late_webhook | pending; a webhook authorises it one second later |
| tok_double_webhook | authorised; the same webhook comes twice as well |
| tok_capture_fails | authorised; the capture fails for good |
| tok_chargeback | as tok_success; a webhook disputes the payment one second after the capture |
| anything else | declined (unknown_token) |

References are derived from the idempotency key, so a repeated call is the same payment. Webhooks
are signed: `Sandbox-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`.
"""

import hashlib
import hmac
import json
from typing import Any

from services.orders.adapters.payment import Answer, Report, Unreachable, Webhook

HEADER = "sandbox-signature"
WINDOW_S = 300
_LATER_S = 1.0


class Sandbox:
    """Implements PaymentProvider. It remembers only which keys it has let time out."""

    def __init__(self) -> None:
        self._timed_out: set[str] = set()

    async def authorise(self, request: dict[str, Any], key: str) -> Answer:
        token, reference = request["token"], _reference(key)
        if token == "tok_timeout" and key not in self._timed_out:  # noqa: S105 - a test token
            self._timed_out.add(key)
            raise Unreachable("the sandbox did not answer in time")
        webhook = _webhook(request, "authorised")
        answers = {
            "tok_decline": Answer("declined", reference, "insufficient_funds"),
            "tok_challenge": Answer(
                "challenged", reference, next_action=_challenge(reference), webhooks=(webhook,)
            ),
            "tok_challenge_abandoned": Answer(
                "challenged", reference, next_action=_challenge(reference)
            ),
            "tok_late_webhook": Answer("pending", reference, webhooks=(webhook,)),
            "tok_double_webhook": Answer("authorised", reference, webhooks=(webhook, webhook)),
        }
        if token in answers:
            return answers[token]
        if token in ("tok_success", "tok_timeout", "tok_capture_fails", "tok_chargeback"):
            return Answer("authorised", reference)
        return Answer("declined", reference, "unknown_token")

    async def capture(self, request: dict[str, Any], key: str) -> Answer:
        reference = _reference(key)
        if request["token"] == "tok_capture_fails":  # noqa: S105
            return Answer("capture_failed", reference, "expired_authorisation")
        if request["token"] == "tok_chargeback":  # noqa: S105
            return Answer("captured", reference, webhooks=(_webhook(request, "disputed"),))
        return Answer("captured", reference)

    async def void(self, request: dict[str, Any], key: str) -> Answer:  # noqa: ARG002
        return Answer("voided", _reference(key))

    async def refund(self, request: dict[str, Any], key: str) -> Answer:  # noqa: ARG002
        return Answer("refunded", _reference(key))


def sign(body: bytes, secret: str, at_s: int) -> str:
    """The value of the signature's header."""
    mac = hmac.digest(secret.encode(), f"{at_s}.".encode() + body, "sha256").hex()
    return f"t={at_s},v1={mac}"


def verify(body: bytes, header: str, secret: str, now_s: float) -> bool:
    """Constant time; late, future and malformed ones fail. Never raises."""
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    stamp = parts.get("t", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        return False
    expected = sign(body, secret, int(stamp)).partition("v1=")[2]
    genuine = hmac.compare_digest(expected.encode(), parts.get("v1", "").encode())
    return genuine and abs(now_s - int(stamp)) <= WINDOW_S


def read(body: bytes) -> Report | None:
    """None for what is no report of this provider."""
    try:
        said = json.loads(body)
        return Report(
            order_id=str(said["order_id"]),
            attempt=int(said["attempt"]),
            verdict=str(said["type"]).removeprefix("payment."),
            reason=str(said.get("reason", "")),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _webhook(request: dict[str, Any], verdict: str) -> Webhook:
    said = {
        "type": f"payment.{verdict}",
        "order_id": request["order_id"],
        "attempt": request["attempt"],
    }
    return Webhook(json.dumps(said), _LATER_S)


def _challenge(reference: str) -> dict[str, str]:
    return {"type": "redirect", "url": f"https://sandbox.invalid/challenge/{reference}"}


def _reference(key: str) -> str:
    return "sbx_" + hashlib.sha256(key.encode()).hexdigest()[:24]
