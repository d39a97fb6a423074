"""Standard Webhooks 1.0, symmetric signatures (v1): https://www.standardwebhooks.com."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence

from services.logistics.adapters.tracking.seam import Headers, header, octets

TOLERANCE_S = 300
_PREFIX = "whsec_"
_UNIX_SECONDS = re.compile(r"[0-9]{1,12}")


def key_of(secret: str) -> bytes | None:
    """The key of a secret, `whsec_` and padding being optional; None if it holds none."""
    text = secret.removeprefix(_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key or None


def verify(
    raw: bytes,
    headers: Headers,
    secrets: Sequence[str],
    now: float,
    tolerance_s: int = TOLERANCE_S,
) -> bool:
    """One v1 entry that matches under one secret is enough; whatever is malformed is a refusal."""
    message_id = header(headers, "webhook-id")
    timestamp = header(headers, "webhook-timestamp")
    if not message_id or not _UNIX_SECONDS.fullmatch(timestamp):
        return False
    if abs(now - int(timestamp)) > tolerance_s:
        return False
    offered = [
        octets(signature)
        for version, comma, signature in (
            entry.partition(",") for entry in header(headers, "webhook-signature").split()
        )
        if version == "v1" and comma
    ]
    right = [
        _digest(key, raw, message_id, timestamp) for key in map(key_of, secrets) if key is not None
    ]
    return any(hmac.compare_digest(one, other) for one in offered for other in right)


def sign(raw: bytes, message_id: str, secrets: Sequence[str], now: float) -> dict[str, str]:
    """The three headers, with one signature per secret: during a rotation both keys sign.

    Raises ValueError for a secret without a key.
    """
    timestamp = str(int(now))
    keys = [key_of(secret) for secret in secrets]
    known = [key for key in keys if key is not None]
    if len(known) != len(keys) or not known:
        raise ValueError("a secret is whsec_ and the base64 of at least one byte")
    signatures = (_digest(key, raw, message_id, timestamp).decode() for key in known)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _digest(key: bytes, raw: bytes, message_id: str, timestamp: str) -> bytes:
    content = octets(f"{message_id}.{timestamp}.") + raw
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256))
