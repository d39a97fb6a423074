"""API keys: 256 random bits, shown once; only a keyed digest is kept."""

import hmac
from dataclasses import dataclass
from datetime import datetime

KINDS = {"storefront": "pk", "merchant": "sk", "provider": "lp", "operator": "op"}
PREFIX_LENGTH = 15  # of `sk_` and twelve hexadecimal digits: what a key is found by


@dataclass(frozen=True)
class Key:
    """What is stored of a key."""

    key_id: str
    kind: str
    subject: str
    tenants: tuple[str, ...]
    scopes: tuple[str, ...]
    digest: bytes
    expires_at: datetime | None
    revoked_at: datetime | None


def write_key(kind: str, public_part: bytes, secret: bytes) -> str:
    """The key as it is shown, once. `public_part` has 6 bytes, `secret` 32."""
    return f"{KINDS[kind]}_{public_part.hex()}_{secret.hex()}"


def digest_of(key: str, pepper: bytes) -> bytes:
    return hmac.digest(pepper, key.encode(), "sha256")


def prefix_of(key: str) -> str:
    return key[:PREFIX_LENGTH]


def admits(key: Key, shown: str, pepper: bytes, at: datetime) -> bool:
    """Compared in constant time; neither expired nor revoked."""
    genuine = hmac.compare_digest(key.digest, digest_of(shown, pepper))
    live = key.revoked_at is None and (key.expires_at is None or at < key.expires_at)
    return genuine and live
