"""Outgoing webhooks: what is sent, how it is signed, when it is tried again, when given up."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

BODY_LIMIT = 20_000  # bytes
ANSWER_KEPT = 2_048  # bytes of an answer
PREFIX = "whsec_"
BOTH_SIGN = timedelta(hours=24)
HOLDS_BACK = timedelta(seconds=60)
LONGEST_WAIT = timedelta(hours=24)
KEPT = timedelta(days=30)
GIVEN_UP_AFTER = timedelta(days=5)
GIVEN_UP_EVENTS = 10
JITTER = 0.1
SLOWED_FOR = timedelta(hours=1)
SLOWING = frozenset({429, 502, 504})
GAP = timedelta(milliseconds=100)  # after a first complaint; else the next goes at once
SLOWEST = 256
# From the end of an attempt to the next; the first is made at once.
_WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
ATTEMPTS = len(_WAITS) + 1


@dataclass(frozen=True)
class Answer:
    """What became of one attempt. `status` is None where no answer came."""

    outcome: str  # delivered, refused, redirected, timed_out, unreachable, forbidden, unreadable
    status: int | None = None
    text: str = ""
    took_ms: int = 0
    retry_after: str = ""


@dataclass(frozen=True)
class Told:
    """An event as merchants get it."""

    event_id: str
    type: str
    key: str
    tenant: str
    sequence: int
    time: datetime


def envelope(told: Told, fields: dict[str, Any], key: str) -> bytes:
    """CloudEvents 1.0 as JSON. What would be too long is `abridged` to its `key` field: the
    receiver asks for the rest.
    """
    said: dict[str, Any] = {
        "specversion": "1.0",
        "id": told.event_id,
        "type": told.type,
        "source": "/" + told.type.partition(".")[0],
        "subject": told.key,
        "time": told.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "tenant": told.tenant,
        "sequence": told.sequence,
    }
    whole = _written(said | {"data": fields})
    if len(whole) <= BODY_LIMIT:
        return whole
    return _written(said | {"abridged": True, "data": {key: fields[key]} if key in fields else {}})


def _written(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def write_secret(key: bytes) -> str:
    """`key` has 32 bytes."""
    return PREFIX + base64.b64encode(key).decode()


def signed(body: bytes, event_id: str, at: datetime, secrets: Sequence[str]) -> dict[str, str]:
    """Standard Webhooks 1.0, symmetric: the three headers, one signature per live secret."""
    seconds = str(int(at.timestamp()))
    content = f"{event_id}.{seconds}.".encode() + body
    signatures = [
        base64.b64encode(hmac.digest(_key_of(secret), content, hashlib.sha256)).decode()
        for secret in secrets
    ]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _key_of(secret: str) -> bytes:
    """Padding is optional. Raises ValueError."""
    text = secret.removeprefix(PREFIX).rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def next_attempt(made: int, at: datetime, chance: float, retry_after: str) -> datetime | None:
    """When a delivery that failed `made` times, now at `at`, is tried again; None: never.

    `chance` in [-1, 1] spreads the waits by a tenth. What the receiver asks for is honoured, up
    to a day, also where it is longer.
    """
    if made >= ATTEMPTS:
        return None
    ours = _WAITS[made - 1] * (1 + JITTER * chance)
    return at + max(ours, min(_asked(retry_after, at), LONGEST_WAIT))


def _asked(retry_after: str, at: datetime) -> timedelta:
    """RFC 9110, section 10.2.3: seconds or a date. Nothing where it cannot be read."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return timedelta()
    if moment.tzinfo is None:  # `-0000`: UTC, its source unknown
        moment = moment.replace(tzinfo=UTC)
    return max(timedelta(), moment - at)


def has_given_up(failing_since: datetime, exhausted: int, at: datetime) -> bool:
    """So long without one success, and so many events tried to the end."""
    return at - failing_since >= GIVEN_UP_AFTER and exhausted >= GIVEN_UP_EVENTS
